// Command cancel answers POST /v1/releases/{id}/cancel: ends the release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.CancelRelease(dynamo.Table(), states.Answerer()))
}
