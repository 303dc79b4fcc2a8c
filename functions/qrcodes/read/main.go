// Command read answers GET /v1/mini-programs/{id}/qr-codes and GET /v1/qr-codes/{code}: QR codes, as JSON or as pictures.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.ReadQRCodes(dynamo.Table(), cloud.Optional("SLIPWAY_BASE_URL", "")))
}
