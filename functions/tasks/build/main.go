// Command build is a task of the release machine: it builds the package of a release.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/secrets"
	"slipway/functions/internal/task/workshop"
)

func main() {
	isolate.Main() // builds one project when started for that
	lambda.Start(workshop.Build(dynamo.Table(), bucket.Keeper(), secrets.Signer(), isolate.Build))
}
