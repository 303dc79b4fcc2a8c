// Command read answers GET /v1/mini-programs/{id}/versions and /{number}.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.ReadVersions(dynamo.Table()))
}
