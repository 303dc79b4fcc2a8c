// Package bucket is the packages of Slipway in an S3 bucket that is closed to the public. What a key means does not belong here.
//
// Each port has a constructor of its own, so that a function links the operations that it calls, and no others: each of
// them brings along what writes its requests and reads its answers.
package bucket

import (
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
)

var below = client.Below{Code: "packages", Name: "The package store"}

// open reads what every constructor needs: the bucket's name, and the settings of the client for S3 that connect makes for the
// first call. It sends nothing.
func open() (bucket string, connect func() *s3.Client, err error) {
	if bucket, err = cloud.Require("SLIPWAY_BUCKET"); err != nil {
		return "", nil, err
	}
	env, err := client.Environment("S3")
	if err != nil {
		return "", nil, err
	}
	return bucket, sync.OnceValue(func() *s3.Client {
		return s3.New(s3.Options{
			Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint,
			UsePathStyle: env.Endpoint != nil, // what stands in for S3 has no name per bucket
			HTTPClient:   client.HTTP(time.Minute), Retryer: client.Retryer(),
		})
	}), nil
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
