// Command force-remove answers POST /v1/mini-programs/{id}/force-removals: asks to take a mini program out of apps.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/removal/picture"
)

func main() {
	lambda.Start(api.ForceRemove(dynamo.Table(), states.Starter("removal"), bucket.Keeper(), picture.Whole))
}
