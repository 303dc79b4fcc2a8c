// Command decide is a task of all machines: it records what a party decided.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Decide(dynamo.Table(), states.Answerer()))
}
