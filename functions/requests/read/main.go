// Command read answers GET /v1/requests (My Requests, My Approvals) and /v1/requests/{id}.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/signed"
)

func main() {
	lambda.Start(api.ReadRequests(dynamo.Table(), signed.Addresses()))
}
