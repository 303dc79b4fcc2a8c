// Command apply is a task of the release machine: it freezes what is applied for and makes the request.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Apply(dynamo.Table(), states.Answerer()))
}
