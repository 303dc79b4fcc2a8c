// Command test is a task of the release machine: it tests a built package for compatibility.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/compat/smoke"
	"slipway/functions/internal/task/workshop"
)

func main() {
	smoke.Child() // runs pages when started for that
	lambda.Start(workshop.Test(dynamo.Table(), bucket.Keeper(), smoke.Runner{}))
}
