// Command create answers POST /v1/mini-programs/{id}/versions: takes a number and says where to upload.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateVersion(dynamo.Table(), bucket.Uploads()))
}
