// Command build is a task of the release machine: it builds the package of a release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/task"
)

func main() {
	isolate.Main() // builds one project when started for that
	lambda.Start(task.Build(cloud.Table(), cloud.Packages(), cloud.Signer(), isolate.Build))
}
