// Command remove-member answers DELETE /v1/workspaces/{workspace}/members/{email}: takes a member out.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.RemoveMember(dynamo.Table()))
}
