// Command delete-token answers DELETE /v1/workspaces/{workspace}/tokens/{id}: ends a CI token at once.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.DeleteToken(dynamo.Table()))
}
