// Command approve answers POST /v1/requests/{id}/approve: a signed-in reviewer approves.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.ApproveRequest(dynamo.Table(), states.Answerer()))
}
