// Command test is a task of the release machine: it tests a built package for compatibility.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/compat/smoke"
	"slipway/functions/internal/task"
)

func main() {
	smoke.Child() // runs pages when started for that
	lambda.Start(task.Test(cloud.Table(), cloud.Packages(), smoke.Runner{}))
}
