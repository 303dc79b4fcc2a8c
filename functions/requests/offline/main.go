// Command offline answers POST /v1/mini-programs/{id}/offline-requests: asks to stop serving a mini program on one target.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
)

func main() {
	lambda.Start(api.RequestOffline(dynamo.Table(), states.Starter("offline")))
}
