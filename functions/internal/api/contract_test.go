package api_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/api"
)

func TestContractIsServed(t *testing.T) {
	h := api.ReadContract()
	get := func(headers map[string]string) api.Response {
		t.Helper()
		res, err := h(t.Context(), ask{method: "GET", path: "/openapi.yaml", headers: headers}.event(t))
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	res := get(nil)
	if res.StatusCode != 200 || res.Body != string(api.Contract) || !strings.HasPrefix(res.Body, "openapi: 3.") {
		t.Errorf("status %d, a body of %d bytes; want the document as it is", res.StatusCode, len(res.Body))
	}
	if got := res.Headers["Content-Type"]; got != "application/yaml" {
		t.Errorf("Content-Type %s", got)
	}
	// It is the one answer that anybody may keep and any page may read.
	if res.Headers["Cache-Control"] != "public, max-age=300" || res.Headers["Access-Control-Allow-Origin"] != "*" {
		t.Errorf("headers %v", res.Headers)
	}
	if again := get(map[string]string{"If-None-Match": res.Headers["ETag"]}); again.StatusCode != 304 || again.Body != "" {
		t.Errorf("who has it already gets %d with %d bytes", again.StatusCode, len(again.Body))
	}
	if other := get(map[string]string{"If-None-Match": `"other"`}); other.StatusCode != 200 {
		t.Errorf("who has another one gets %d", other.StatusCode)
	}
}
