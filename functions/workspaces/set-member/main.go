// Command set-member answers PUT /v1/workspaces/{workspace}/members/{email}: adds a member or changes their role.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.SetMember(dynamo.Table()))
}
