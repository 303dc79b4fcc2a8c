// Command read answers GET /v1/me, /v1/workspaces/… and /v1/target-apps: who I am, workspaces, members, target apps, tokens, history.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.ReadWorkspaces(dynamo.Table()))
}
