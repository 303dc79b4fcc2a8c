// Command testers answers POST /v1/releases/{id}/testers: says who gets the version in pilot testing.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.SetReleaseTesters(dynamo.Table(), states.Answerer()))
}
