// Command open answers GET /q/{code}: what a phone opens after it has scanned a QR code.
package main

import (
	"crypto/rand"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/dynamo"
)

// patience is what a write takes that is not in trouble, with a new connection.
const patience = 50 * time.Millisecond

func main() {
	lambda.Start(api.OpenQRCode(dynamo.Table(), rand.Reader, patience).Handle)
}
