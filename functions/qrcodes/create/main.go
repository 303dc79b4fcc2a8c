// Command create answers POST /v1/mini-programs/{id}/qr-codes: makes a QR code for a page.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.CreateQRCode(dynamo.Table(), cloud.Optional("SLIPWAY_BASE_URL", "")))
}
