// Command create answers POST /v1/mini-programs: registers a mini program.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateMiniProgram(dynamo.Table()))
}
