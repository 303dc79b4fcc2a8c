// Command apply answers POST /v1/releases/{id}/apply: freezes what was built and asks for the release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.ApplyRelease(dynamo.Table(), states.Answerer()))
}
