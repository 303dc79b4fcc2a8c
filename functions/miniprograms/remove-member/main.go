// Command remove-member answers DELETE /v1/mini-programs/{id}/members/{email}: takes that role away.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.RemoveMiniProgramMember(dynamo.Table()))
}
