package bucket

import (
	"bytes"
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/release"
)

type keeper struct {
	reader
	put func() put
}

type put func(context.Context, *s3.PutObjectInput, ...func(*s3.Options)) (*s3.PutObjectOutput, error)

// Keeper is the bucket named by SLIPWAY_BUCKET. For mains: without the variable the process ends, naming it.
func Keeper() release.Keeper { return cloud.OrExit(OpenKeeper()) }

// OpenKeeper is Keeper with an error in place of the exit. It sends nothing.
func OpenKeeper() (release.Keeper, error) {
	bucket, connect, err := open()
	if err != nil {
		return nil, err
	}
	return &keeper{reader{bucket: bucket, get: func() get { return connect().GetObject }}, func() put { return connect().PutObject }}, nil
}

// Put implements release.Keeper. The digest goes along, so that S3 refuses what was damaged on the way.
func (k *keeper) Put(ctx context.Context, key, contentType string, body []byte) error {
	if err := signed.CheckKey(key); err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err := k.put()(ctx, &s3.PutObjectInput{
		Bucket: &k.bucket, Key: &key, ContentType: &contentType, Body: bytes.NewReader(body),
		ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		return below.Fault("put", err)
	}
	return nil
}
