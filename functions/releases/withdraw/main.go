// Command withdraw answers POST /v1/releases/{id}/withdraw: takes the application back.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.WithdrawRelease(dynamo.Table(), states.Answerer()))
}
