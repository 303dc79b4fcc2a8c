// Command read answers GET /v1/releases, /v1/releases/{id}, its events and its compatibility reports.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.ReadReleases(dynamo.Table(), bucket.Reader()))
}
