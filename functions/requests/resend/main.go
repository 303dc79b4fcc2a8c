// Command resend answers POST /v1/requests/{id}/resend: mails the reviewers again.
package main

import (
	"crypto/rand"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/secrets"
)

func main() {
	lambda.Start(api.ResendRequest(dynamo.Table(), secrets.Links(), rand.Reader))
}
