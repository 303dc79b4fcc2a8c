// Command deliver empties the outbox: it starts machines and sends mails. New rows of the table wake it through the
// stream, and a schedule each minute tries again what did not work.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/secrets"
	"slipway/functions/internal/cloud/ses"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Deliver(task.Courier{
		Table: dynamo.Table(), Workflow: states.Starter("release", "removal", "offline"), Sender: ses.Mail(), Links: secrets.Links(),
	}))
}
