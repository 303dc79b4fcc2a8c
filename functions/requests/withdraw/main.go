// Command withdraw answers POST /v1/requests/{id}/withdraw: the submitter takes the request back.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.WithdrawRequest(dynamo.Table(), states.Answerer()))
}
