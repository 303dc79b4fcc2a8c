// Command create answers POST /v1/mini-programs/{id}/versions/{number}/releases: starts a release and its machine.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.CreateRelease(dynamo.Table(), states.Starter("release")))
}
