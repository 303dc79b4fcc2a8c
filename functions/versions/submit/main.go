// Command submit answers POST /v1/mini-programs/{id}/versions/{number}/submit: verifies the uploaded project.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.SubmitVersion(cloud.Table(), cloud.Packages()))
}
