package dynamo_test

import (
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/api"
	"slipway/functions/internal/cloud/cloudtest"
)

// TestThrottlingReachesTheClient goes all the way: what DynamoDB says, after the retries, is what a person at the other end of the
// API is told, with when to come back.
func TestThrottlingReachesTheClient(t *testing.T) {
	for name, c := range map[string]struct {
		says   cloudtest.Answer
		status int
	}{
		"throttled":           {cloudtest.Refusal(400, "ThrottlingException"), http.StatusTooManyRequests},
		"over the throughput": {cloudtest.Refusal(400, "ProvisionedThroughputExceededException"), http.StatusTooManyRequests},
		"too many requests":   {cloudtest.Refusal(400, "RequestLimitExceeded"), http.StatusTooManyRequests},
		"down":                {cloudtest.Refusal(503, "ServiceUnavailable"), http.StatusServiceUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			script := cloudtest.AWS(t, c.says)
			request := api.Request{RouteKey: "GET /v1/workspaces/{workspace}", PathParameters: map[string]string{"workspace": "merchant"}}
			request.RequestContext.TimeEpoch = 1769860800000
			request.RequestContext.HTTP.Method = http.MethodGet
			request.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
				Lambda: map[string]any{"subject": "sub-1", "email": "mia@example.com", "name": "Mia"},
			}
			got, err := api.ReadWorkspaces(openTable(t))(t.Context(), request)
			if err != nil || got.StatusCode != c.status || got.Headers["Retry-After"] != "1" {
				t.Errorf("%d with Retry-After %q, %v: %s; want %d and when to come back", got.StatusCode, got.Headers["Retry-After"], err, got.Body, c.status)
			}
			if n := script.Count(); n != 4 {
				t.Errorf("DynamoDB was asked %d times; 4 are the patience of one call", n)
			}
		})
	}
}
