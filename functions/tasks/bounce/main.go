// Command bounce reads what SES reports through EventBridge about mails that came back or were called unwanted, and shows
// it on their requests.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Bounce(dynamo.Table()))
}
