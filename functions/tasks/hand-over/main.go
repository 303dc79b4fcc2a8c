// Command hand-over is a task of the release machine: it lets a new execution go on with a release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.HandOver(dynamo.Table(), states.Starter("release")))
}
