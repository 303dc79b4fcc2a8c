// Command act is a task of the release machine: it takes a release live, or cancels it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Act(dynamo.Table(), states.Answerer()))
}
