// Command await is a task of the release machine: it carries out a command and parks the release until somebody acts.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Await(dynamo.Table(), states.Answerer()))
}
