package api_test

import (
	"encoding/json"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.etcd.io/bbolt"

	"slipway/functions/internal/api"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/store"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func newTable(t testing.TB) store.Table {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.MaxBatchDelay = 0
	tab, err := table.New(db)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// ask is one request as a test writes it.
type ask struct {
	method, path, body string // path with its query
	email              string // who is signed in; "" for nobody
	token, workspace   string // or the CI token that asks
	headers            map[string]string
	at                 time.Time
	base64             bool
	id                 string // request id
}

// event makes the event that the gateway would send: it finds the route and takes the path apart.
func (a ask) event(t testing.TB) api.Request {
	t.Helper()
	path, query, _ := strings.Cut(a.path, "?")
	req := api.Request{
		Version: "2.0", RawPath: path, RawQueryString: query, Body: a.body, IsBase64Encoded: a.base64,
		Headers: map[string]string{}, PathParameters: map[string]string{},
	}
	if a.body != "" {
		req.Headers["content-type"] = "application/json"
	}
	for k, v := range a.headers {
		req.Headers[strings.ToLower(k)] = v
	}
	req.RequestContext.RequestID = "req-1"
	if a.id != "" {
		req.RequestContext.RequestID = a.id
	}
	req.RequestContext.HTTP.Method, req.RequestContext.HTTP.SourceIP = a.method, "203.0.113.9"
	if a.at.IsZero() {
		a.at = noon
	}
	req.RequestContext.TimeEpoch = a.at.UnixMilli()
	who := map[string]any{}
	if a.email != "" {
		who = map[string]any{"subject": "sub-" + a.email, "email": a.email, "name": "N " + a.email}
	}
	if a.token != "" {
		who = map[string]any{"tokenId": a.token, "workspace": a.workspace}
	}
	req.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{Lambda: who}
	for _, r := range api.Routes {
		if r.Method == a.method && match(r.Pattern, path, req.PathParameters) {
			req.RouteKey = r.Key()
			return req
		}
	}
	req.RouteKey = "$default"
	return req
}

func match(pattern, path string, into map[string]string) bool {
	want, is := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(is) {
		return false
	}
	for i := range want {
		if strings.HasPrefix(want[i], "{") {
			continue
		}
		if want[i] != is[i] {
			return false
		}
	}
	for i := range want {
		if strings.HasPrefix(want[i], "{") {
			into[strings.Trim(want[i], "{}")], _ = url.PathUnescape(is[i])
		}
	}
	return true
}

// send gives the event to the handler and reads the JSON of the answer.
func send(t testing.TB, h api.Handler, a ask) (api.Response, map[string]any) {
	t.Helper()
	res, err := h(t.Context(), a.event(t))
	if err != nil {
		t.Fatalf("%s %s: a handler returned an error: %v", a.method, a.path, err)
	}
	var body map[string]any
	if strings.Contains(res.Headers["Content-Type"], "json") {
		if err := json.Unmarshal([]byte(res.Body), &body); err != nil {
			t.Fatalf("%s %s: answer is not JSON: %v: %s", a.method, a.path, err, res.Body)
		}
	}
	return res, body
}

// want fails the test unless the answer has the status and, for problems, the code.
func want(t testing.TB, h api.Handler, a ask, status int, code string) map[string]any {
	t.Helper()
	res, body := send(t, h, a)
	if res.StatusCode != status || code != "" && body["code"] != code {
		t.Fatalf("%s %s: %d %v, want %d %s\n%s", a.method, a.path, res.StatusCode, body["code"], status, code, res.Body)
	}
	return body
}
