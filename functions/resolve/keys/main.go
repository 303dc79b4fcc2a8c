// Command keys answers GET /.well-known/slipway-keys.json: the keys that sign packages and manifests.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/secrets"
)

func main() {
	lambda.Start(api.ReadKeys(secrets.Signer()))
}
