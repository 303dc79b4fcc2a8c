// Command create answers POST /v1/mini-programs/{id}/versions/{number}/releases: starts a release and its machine.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.CreateRelease(cloud.Table(), cloud.Workflow("release")))
}
