// Command map-releases is a task of the removal machine: it brings the releases that a force removal found open to their status.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.MapReleases(dynamo.Table(), states.Starter("release")))
}
