// Command resolve answers GET /v1/resolve/{targetApp}/{environment}/{miniProgram}: which version a user gets, and
// POST /v1/resolve, which asks that of many mini programs at once.
package main

import (
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/signed"
)

func main() {
	lambda.Start(api.Resolve(dynamo.Table(), signed.Addresses(), time.Now, cloud.Duration("SLIPWAY_OUTDATED_AFTER")))
}
