// Command configure answers PUT /v1/mini-programs/{id}/configuration: sets its global configuration.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.ConfigureMiniProgram(dynamo.Table()))
}
