// Command create answers POST /v1/workspaces: an organisation's account with its first admin, made by the operator.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateWorkspace(dynamo.Table()))
}
