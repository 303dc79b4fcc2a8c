// Command contract answers GET /openapi.yaml: the contract of the API.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
)

func main() {
	lambda.Start(api.ReadContract())
}
