// Command complete-testing answers POST /v1/releases/{id}/complete-testing: ends pilot testing.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.CompleteTesting(dynamo.Table(), states.Answerer()))
}
