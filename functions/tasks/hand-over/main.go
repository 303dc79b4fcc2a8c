// Command hand-over is a task of the release machine: it lets a new execution go on with a release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.HandOver(cloud.Table(), cloud.Workflow("release")))
}
