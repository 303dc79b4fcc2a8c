// Command manifest answers GET /v1/manifests/{targetApp}/{environment}: what a whole target's users get, signed.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/secrets"
)

func main() {
	lambda.Start(api.ReadManifest(dynamo.Table(), secrets.Signer()))
}
