// Command grayscale answers POST /v1/releases/{id}/grayscale: gives the version to a share of the users.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.GrayscaleRelease(dynamo.Table(), states.Answerer()))
}
