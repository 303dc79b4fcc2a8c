package contracttest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"slipway/functions/internal/api/contracttest"
)

// exchange is a request and the answer to it, as a client has them.
type exchange struct {
	method, path, request string
	token                 bool
	status                int
	contentType, answer   string
}

func (e exchange) check(t *testing.T) error {
	t.Helper()
	req, err := http.NewRequest(e.method, "http://127.0.0.1:8080"+e.path, strings.NewReader(e.request))
	if err != nil {
		t.Fatal(err)
	}
	if e.request != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if e.token {
		req.Header.Set("Authorization", "Bearer x")
	}
	io.Copy(io.Discard, req.Body) // as a client leaves it
	rec := httptest.NewRecorder()
	rec.Header().Set("Content-Type", e.contentType)
	rec.WriteHeader(e.status)
	rec.WriteString(e.answer)
	res := rec.Result()
	err = contracttest.Check(req, res)
	if body, _ := io.ReadAll(res.Body); string(body) != e.answer {
		t.Errorf("the body cannot be read any more: %q", body)
	}
	return err
}

const (
	json    = "application/json"
	problem = "application/problem+json"
	refusal = `{"type":"urn:slipway:problem:x","title":"Bad Request","status":400,"detail":"d","code":"x","requestId":"r"}`
	workspc = `{"id":"w","name":"W","kind":"merchant","createdAt":"2026-01-02T03:04:05Z"}`
)

func TestCheck(t *testing.T) {
	raise := exchange{"POST", "/v1/releases/rel_1/grayscale", `{"percent":5}`, true, 409, problem,
		strings.Replace(refusal, `400`, `409,"releaseStatus":"full_release","actions":[]`, 1)}
	read := exchange{"GET", "/v1/workspaces/w", "", true, 200, json, workspc}
	resolve := exchange{"GET", "/v1/resolve/a/production/m?user=u1", "", false, 200, json, `{"reason":"FULL","version":"1.0","withdrawn":[]}`}
	page := exchange{"GET", "/approvals/abc", "", false, 200, "text/html; charset=utf-8", "<!doctype html>"}

	change := func(e exchange, f func(*exchange)) exchange { f(&e); return e }
	for name, test := range map[string]struct {
		exchange
		want string // part of the error; "" for none
	}{
		"a read":                          {read, ""},
		"a conflict":                      {raise, ""},
		"a public route":                  {resolve, ""},
		"a page":                          {page, ""},
		"a wrong request that is refused": {change(raise, func(e *exchange) { e.request, e.status, e.answer = `{"percent":0}`, 400, refusal }), ""},

		"a path that is not there":      {change(read, func(e *exchange) { e.path = "/v1/nothing" }), "not in the contract"},
		"a field that is not there":     {change(read, func(e *exchange) { e.answer = strings.Replace(workspc, `"id"`, `"secret":"s","id"`, 1) }), "secret"},
		"a field that is missing":       {change(read, func(e *exchange) { e.answer = strings.Replace(workspc, `"name":"W",`, ``, 1) }), "name"},
		"a null":                        {change(resolve, func(e *exchange) { e.answer = `{"reason":"FULL","withdrawn":null}` }), "null"},
		"a word that is not one":        {change(resolve, func(e *exchange) { e.answer = `{"reason":"LUCK","withdrawn":[]}` }), "reason"},
		"a time that is none":           {change(read, func(e *exchange) { e.answer = strings.Replace(workspc, `2026-01-02T03:04:05Z`, `yesterday`, 1) }), "createdAt"},
		"a status that is not there":    {change(read, func(e *exchange) { e.status = 418 }), "418"},
		"another media type":            {change(read, func(e *exchange) { e.contentType = "text/plain" }), "text/plain"},
		"a wrong request that passed":   {change(raise, func(e *exchange) { e.request, e.status = `{"percent":1.5}`, 200 }), "accepted with 200"},
		"an unknown field that passed":  {change(raise, func(e *exchange) { e.request, e.status = `{"percent":1,"x":1}`, 200 }), "accepted with 200"},
		"no token, and yet an answer":   {change(read, func(e *exchange) { e.token = false }), "without one"},
		"a problem that is not a whole": {change(raise, func(e *exchange) { e.answer = `{"detail":"d"}` }), "code"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.check(t)
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("%v, want one that says %q", err, test.want)
			}
		})
	}
}
