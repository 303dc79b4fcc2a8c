// Package bucket is the packages of Slipway in an S3 bucket. What a key means does not belong here.
package bucket

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
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

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

var below = client.Below{Code: "packages", Name: "The package store"}

// packages is release.Packages on one S3 bucket that is closed to the public. It holds the operations that it calls and not their
// client: in a program that has templates, which find methods by name, the linker keeps every method of what a value can
// lead to, and a client has dozens.
type packages struct {
	bucket   string
	get      func(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	put      func(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)
	signGet  func(context.Context, *s3.GetObjectInput, ...func(*s3.PresignOptions)) (*v4.PresignedHTTPRequest, error)
	signPost func(context.Context, *s3.PutObjectInput, ...func(*s3.PresignPostOptions)) (*s3.PresignedPostRequest, error)
}

// Packages is the bucket named by SLIPWAY_BUCKET. For mains: without the variable the process ends, naming it.
func Packages() release.Packages { return cloud.OrExit(OpenPackages()) }

// OpenPackages is Packages with an error in place of the exit. It sends nothing.
func OpenPackages() (release.Packages, error) {
	bucket, err := cloud.Require("SLIPWAY_BUCKET")
	if err != nil {
		return nil, err
	}
	env, err := client.Environment("S3")
	if err != nil {
		return nil, err
	}
	client := s3.New(s3.Options{
		Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint,
		UsePathStyle: env.Endpoint != nil, // what stands in for S3 has no name per bucket
		HTTPClient:   client.HTTP(time.Minute), Retryer: client.Retryer(),
	})
	signer := s3.NewPresignClient(client)
	return &packages{bucket: bucket, get: client.GetObject, put: client.PutObject, signGet: signer.PresignGetObject, signPost: signer.PresignPostObject}, nil
}

const (
	uploadFor = time.Hour
	// An address is signed as of the last full hour, so that within one process it stays the same for an hour and caches keep what
	// they fetched; like this it is good for two hours at least.
	signEvery = time.Hour
	readFor   = 3 * time.Hour
)

// Upload implements release.Packages. It is a POST and not a PUT, because only the policy of a POST limits the size. A
// digest is a condition of the policy, so no client can leave it out, and S3 holds what comes against it.
func (p *packages) Upload(ctx context.Context, key string, content release.Content) (release.Upload, error) {
	if err := checkKey(key); err != nil {
		return release.Upload{}, err
	}
	if content.MaxBytes < 1 {
		return release.Upload{}, fmt.Errorf("cloud: upload of at most %d bytes to %q, must be at least 1", content.MaxBytes, key)
	}
	fields := map[string]string{"Content-Type": content.Type}
	if content.SHA256 != "" {
		digest, err := hex.DecodeString(content.SHA256)
		if err != nil || len(digest) != sha256.Size {
			return release.Upload{}, fmt.Errorf("cloud: upload of bytes with the digest %q, must be SHA-256 in hexadecimal", content.SHA256)
		}
		fields["x-amz-checksum-algorithm"], fields["x-amz-checksum-sha256"] = "SHA256", base64.StdEncoding.EncodeToString(digest)
	}
	conditions := []any{[]any{"content-length-range", 1, content.MaxBytes}}
	for name, value := range fields {
		conditions = append(conditions, map[string]string{name: value})
	}
	signed, err := p.signPost(ctx, &s3.PutObjectInput{Bucket: &p.bucket, Key: &key}, func(o *s3.PresignPostOptions) {
		o.Expires = uploadFor
		o.Conditions = conditions
	})
	if err != nil {
		return release.Upload{}, fmt.Errorf("cloud: sign an upload: %w", err)
	}
	maps.Copy(signed.Values, fields)
	return release.Upload{Method: http.MethodPost, URL: signed.URL, Headers: map[string]string{}, Fields: signed.Values, MaxBytes: content.MaxBytes}, nil
}

// Put implements release.Packages. The digest goes along, so that S3 refuses what was damaged on the way.
func (p *packages) Put(ctx context.Context, key, contentType string, body []byte) error {
	if err := checkKey(key); err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err := p.put(ctx, &s3.PutObjectInput{
		Bucket: &p.bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		return below.Fault("put", err)
	}
	return nil
}

// URL implements release.Packages. It sends nothing, so an address of what is not there can be made as well. An
// address ends at the latest with the keys of the role that signed it.
func (p *packages) URL(ctx context.Context, key string) (string, error) {
	if err := checkKey(key); err != nil {
		return "", err
	}
	signed, err := p.signGet(ctx, &s3.GetObjectInput{Bucket: &p.bucket, Key: &key}, func(o *s3.PresignOptions) {
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
