// Command notify is a task of the removal machine: it mails everybody concerned what a force removal came to.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Notify(dynamo.Table()))
}
