// Command create-target-app answers POST /v1/workspaces/{workspace}/target-apps: registers a host app.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateTargetApp(dynamo.Table()))
}
