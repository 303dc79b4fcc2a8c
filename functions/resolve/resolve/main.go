// Command resolve answers GET /v1/resolve/{targetApp}/{environment}/{miniProgram}: which version a user gets.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.Resolve(cloud.Table(), cloud.Packages()))
}
