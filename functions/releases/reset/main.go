// Command reset answers POST /v1/releases/{id}/reset: takes the grayscale back to nobody.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.ResetRelease(dynamo.Table(), states.Answerer()))
}
