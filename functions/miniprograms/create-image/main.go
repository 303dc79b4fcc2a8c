// Command create-image answers POST /v1/mini-programs/{id}/images: says where to upload an image.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud"
)

func main() {
	lambda.Start(api.CreateImage(cloud.Table(), cloud.Packages()))
}
