// Command submit answers POST /v1/mini-programs/{id}/versions/{number}/submit: verifies the uploaded project.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/api/upload"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.SubmitVersion(dynamo.Table(), bucket.Keeper(), upload.TakeIn))
}
