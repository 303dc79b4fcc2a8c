// Command update answers PATCH /v1/mini-programs/{id}: changes what users are told about it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.UpdateMiniProgram(dynamo.Table()))
}
