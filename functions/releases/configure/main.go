// Command configure answers POST /v1/releases/{id}/configure: sets the release-specific configuration.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.ConfigureRelease(dynamo.Table(), states.Answerer()))
}
