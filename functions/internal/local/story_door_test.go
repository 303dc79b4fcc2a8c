package local_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/story"
)

// TestNobodyComesIn knocks at every route that needs a token, without one and with ones that are none: each answers the
// same whole problem, before it says anything of what it takes. The authorizer lets everybody through to be told so, so
// this is what keeps a handler from forgetting it.
func TestNobodyComesIn(t *testing.T) {
	w := story.Start(t)
	filled := strings.NewReplacer("{workspace}", "merchant", "{email}", "merchant-admin@demo.test", "{targetApp}", "demo-wallet", "{id}", "mp_harbourcoffee",
		"{number}", "0.1.0", "{environment}", "production", "{miniProgram}", "mp_harbourcoffee")
	walked := 0
	for _, r := range api.Routes {
		if r.Auth != api.Bearer {
			continue
		}
		walked++
		path := filled.Replace(r.Pattern)
		for name, header := range map[string]string{
			"nothing": "", "no scheme": "eyJhbGciOiJub25lIn0.e30.", "a token of nobody": "Bearer eyJhbGciOiJub25lIn0.e30.", "a CI token of nobody": "Bearer slw_guess",
		} {
			var body any
			if r.Method != "GET" {
				body = "{ this is not even JSON" // nobody hears that
			}
			a := w.Nobody().Do(r.Method, path+"?nonsense=1", body, story.Header("Authorization", header))
			p := a.Problem()
			if a.Status != 401 || p.Code != "unauthenticated" || p.Detail == "" || p.RequestID == "" || a.Header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s, with %s: want a 401 problem: %s", r.Key(), name, a)
			}
		}
	}
	if walked < 40 {
		t.Errorf("walked %d routes", walked)
	}
}
