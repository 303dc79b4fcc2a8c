// Command ask is a task of all machines: it mails the reviewers of a party their links and waits for one of them.
package main

import (
	"crypto/rand"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/secrets"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Ask(dynamo.Table(), secrets.Links(), rand.Reader))
}
