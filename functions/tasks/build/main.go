// Command build is a task of the release machine: it builds the package of a release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.Build(cloud.Table(), cloud.Packages(), cloud.Signer()))
}
