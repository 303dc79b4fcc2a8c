// Command set-member answers PUT /v1/mini-programs/{id}/members/{email}: gives a workspace member a role in it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.SetMiniProgramMember(dynamo.Table()))
}
