// Command test answers POST /v1/releases/{id}/test: runs a compatibility test.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.TestRelease(cloud.Table(), cloud.Workflow()))
}
