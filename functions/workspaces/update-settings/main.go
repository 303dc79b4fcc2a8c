// Command update-settings answers PATCH /v1/target-apps/{targetApp}/settings: how releases to an app are reviewed and tested.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.UpdateSettings(dynamo.Table()))
}
