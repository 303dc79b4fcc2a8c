// Command link answers GET and POST /approvals/{token}: the page behind the link in a reviewer's mail.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/signed"
	"slipway/functions/internal/cloud/states"
)

func main() {
	// It gets no key: a page open to the public can read links, but cannot make one.
	lambda.Start(api.ApprovalLink(dynamo.Table(), states.Answerer(), signed.Addresses(), cloud.PublicLinks()))
}
