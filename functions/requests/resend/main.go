// Command resend answers POST /v1/requests/{id}/resend: mails the reviewers again.
package main

import (
	"crypto/rand"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.ResendRequest(cloud.Table(), cloud.Links(), rand.Reader))
}
