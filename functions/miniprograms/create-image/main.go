// Command create-image answers POST /v1/mini-programs/{id}/images: says where to upload an image.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateImage(dynamo.Table(), bucket.Uploads()))
}
