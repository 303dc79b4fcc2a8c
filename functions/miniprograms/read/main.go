// Command read answers GET /v1/mini-programs, /v1/mini-programs/{id} and its events.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.ReadMiniPrograms(dynamo.Table()))
}
