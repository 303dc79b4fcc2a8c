package cloud

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

// packages is release.Packages on one S3 bucket that is closed to the public.
type packages struct {
	client *s3.Client
	signer *s3.PresignClient
	bucket string
}

// Packages is the bucket named by SLIPWAY_BUCKET. For mains: without the variable the process ends, naming it.
func Packages() release.Packages { return orExit(OpenPackages()) }

// OpenPackages is Packages with an error in place of the exit. It sends nothing.
func OpenPackages() (release.Packages, error) {
	bucket, err := Require(bucketVariable)
	if err != nil {
		return nil, err
	}
	env, err := environment("S3")
	if err != nil {
		return nil, err
	}
	client := s3.New(s3.Options{
		Region: env.region, Credentials: env.credentials, BaseEndpoint: env.endpoint,
		UsePathStyle: env.endpoint != nil, // what stands in for S3 has no name per bucket
		HTTPClient:   httpClient(time.Minute), Retryer: retryer(),
	})
	return &packages{client: client, signer: s3.NewPresignClient(client), bucket: bucket}, nil
}

const (
	uploadFor = time.Hour
	// An address is signed as of the last full hour, so that within one process it stays the same for an hour and caches keep what
	// they fetched; like this it is good for two hours at least.
	signEvery = time.Hour
	readFor   = 3 * time.Hour
)

// Upload implements release.Packages. It is a POST and not a PUT, because only the policy of a POST limits the size.
func (p *packages) Upload(ctx context.Context, key, contentType string, maxBytes int64) (release.Upload, error) {
	if err := checkKey(key); err != nil {
		return release.Upload{}, err
	}
	if maxBytes < 1 {
		return release.Upload{}, fmt.Errorf("cloud: upload of at most %d bytes to %q, must be at least 1", maxBytes, key)
	}
	signed, err := p.signer.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &p.bucket, Key: &key}, func(o *s3.PresignPostOptions) {
		o.Expires = uploadFor
		o.Conditions = []any{
			[]any{"content-length-range", 1, maxBytes},
			map[string]string{"Content-Type": contentType},
		}
	})
	if err != nil {
		return release.Upload{}, fmt.Errorf("cloud: sign an upload: %w", err)
	}
	signed.Values["Content-Type"] = contentType
	return release.Upload{Method: http.MethodPost, URL: signed.URL, Headers: map[string]string{}, Fields: signed.Values, MaxBytes: maxBytes}, nil
}

// Put implements release.Packages. The digest goes along, so that S3 refuses what was damaged on the way.
func (p *packages) Put(ctx context.Context, key, contentType string, body []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	ctx, cancel := within(ctx)
	defer cancel()
	_, err := p.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &p.bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		return storage.fault("put", err)
	}
	return nil
}

// URL implements release.Packages. It sends nothing, so an address of what is not there can be made as well. An
// address ends at the latest with the keys of the role that signed it.
func (p *packages) URL(ctx context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	signed, err := p.signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &p.bucket, Key: &key}, func(o *s3.PresignOptions) {
		o.Expires = readFor
		o.Presigner = hourly{o.Presigner}
	})
	if err != nil {
		return "", fmt.Errorf("cloud: sign an address: %w", err)
	}
	return signed.URL, nil
}

// hourly signs as of the last full hour.
type hourly struct{ s3.HTTPPresignerV4 }

func (h hourly) PresignHTTP(
	ctx context.Context, keys aws.Credentials, r *http.Request, payload, service, region string, at time.Time, options ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	return h.HTTPPresignerV4.PresignHTTP(ctx, keys, r, payload, service, region, at.Truncate(signEvery), options...)
}

// checkKey refuses what would be another place in a path, and what S3 replaces in a form.
func checkKey(key string) error {
	parts := strings.Split(key, "/")
	bad := func(part string) bool { return part == "" || part == "." || part == ".." }
	if len(key) > 1024 || !utf8.ValidString(key) || slices.ContainsFunc(parts, bad) || strings.Contains(key, "${") {
		return fmt.Errorf("cloud: object key %.80q, must be names with slashes between them, at most 1024 bytes", key)
	}
	return nil
}

// code is the name that S3 gives an error, or "".
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func noSuchObject(key string, err error) error {
	return fault.Wrap(fault.NotFound, "no_such_object", err, "There is nothing stored under %s.", key)
}
