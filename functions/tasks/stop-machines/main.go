// Command stop-machines is a task of the removal machine: it stops what runs for the releases that a force removal found open.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.StopMachines(dynamo.Table(), states.Stopper("release")))
}
