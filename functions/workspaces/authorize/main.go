// Command authorize is the authorizer that the API asks who somebody is: a person by the identity token of their
// provider, or a machine by its CI token.
package main

import (
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"slipway/functions/internal/api"
	"slipway/functions/internal/api/identity"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/dynamo"
)

func main() {
	lambda.Start(api.Authorize(dynamo.Table(), identity.New(issuers()...)))
}

// issuers are the addresses in SLIPWAY_ISSUERS; tokens of all of them must be made for SLIPWAY_AUDIENCE.
func issuers() (out []identity.Issuer) {
	audience := cloud.Setting("SLIPWAY_AUDIENCE")
	for url := range strings.SplitSeq(cloud.Setting("SLIPWAY_ISSUERS"), ",") {
		out = append(out, identity.Issuer{URL: url, Audience: audience, Keys: identity.Discover(url, http.DefaultTransport, time.Now)})
	}
	return out
}
