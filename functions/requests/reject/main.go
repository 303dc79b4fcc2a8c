// Command reject answers POST /v1/requests/{id}/reject: a signed-in reviewer rejects, with a reason.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.RejectRequest(dynamo.Table(), states.Answerer()))
}
