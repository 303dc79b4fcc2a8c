// Command full answers POST /v1/releases/{id}/full: gives the version to everyone.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.FullRelease(dynamo.Table(), states.Answerer()))
}
