// Command link answers GET and POST /approvals/{token}: the page behind the link in a reviewer's mail.
package main

import (
	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/cloud"
)

func main() {
	// It gets no key: a page open to the public can read links, but cannot make one.
	lambda.Start(api.ApprovalLink(cloud.Table(), cloud.Workflow(), cloud.Packages(), approval.Links{Base: cloud.Optional("SLIPWAY_BASE_URL", "")}))
}
