// Command create-token answers POST /v1/workspaces/{workspace}/tokens: makes a CI token, shown once.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateToken(dynamo.Table()))
}
