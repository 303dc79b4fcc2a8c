package bucket

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/release"
)

const uploadFor = time.Hour

type uploads struct {
	bucket string
	sign   func() sign
}

type sign func(context.Context, *s3.PutObjectInput, ...func(*s3.PresignPostOptions)) (*s3.PresignedPostRequest, error)

// Uploads is the bucket named by SLIPWAY_BUCKET. For mains: without the variable the process ends, naming it.
func Uploads() release.Uploads { return cloud.OrExit(OpenUploads()) }

// OpenUploads is Uploads with an error in place of the exit. It sends nothing.
func OpenUploads() (release.Uploads, error) {
	bucket, connect, err := open()
	if err != nil {
		return nil, err
	}
	return &uploads{bucket: bucket, sign: func() sign { return s3.NewPresignClient(connect()).PresignPostObject }}, nil
}

// Upload implements release.Uploads. It is a POST and not a PUT, because only the policy of a POST limits the size. A
// digest is a condition of the policy, so no client can leave it out, and S3 holds what comes against it.
func (u *uploads) Upload(ctx context.Context, key string, content release.Content) (release.Upload, error) {
	if err := signed.CheckKey(key); err != nil {
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
	post, err := u.sign()(ctx, &s3.PutObjectInput{Bucket: &u.bucket, Key: &key}, func(o *s3.PresignPostOptions) {
		o.Expires = uploadFor
		o.Conditions = conditions
	})
	if err != nil {
		return release.Upload{}, fmt.Errorf("cloud: sign an upload: %w", err)
	}
	maps.Copy(post.Values, fields)
	return release.Upload{Method: http.MethodPost, URL: post.URL, Headers: map[string]string{}, Fields: post.Values, MaxBytes: content.MaxBytes}, nil
}
