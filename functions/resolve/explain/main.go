// Command explain answers GET /v1/explain/{targetApp}/{environment}/{miniProgram}: why they get it.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/signed"
)

func main() {
	lambda.Start(api.Explain(dynamo.Table(), signed.Addresses()))
}
