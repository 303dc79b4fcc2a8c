// Command testers answers POST /v1/releases/{id}/testers: says who gets the version in pilot testing.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.SetReleaseTesters(cloud.Table(), cloud.Workflow()))
}
