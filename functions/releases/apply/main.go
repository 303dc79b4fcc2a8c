// Command apply answers POST /v1/releases/{id}/apply: freezes what was built and asks for the release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.ApplyRelease(cloud.Table(), cloud.Workflow()))
}
