// Command take-offline is a task of the offline machine: it stops serving the release that an offline request names.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/task"
)

func main() {
	lambda.Start(task.TakeOffline(dynamo.Table()))
}
