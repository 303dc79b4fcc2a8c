package api_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
)

// echo is an operation on POST /v1/releases/{id}/grayscale that answers what it was given.
func echo(calls *int) api.Operations {
	return api.Operations{"grayscaleRelease": func(_ context.Context, c *api.Call) (api.Answer, error) {
		*calls++
		var in struct {
			Percent   int    `json:"percent"`
			Supersede bool   `json:"supersede"`
			Note      string `json:"note"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return api.Answer{}, err
		}
		return api.Answer{Status: 202, ETag: api.ETag(7), Body: map[string]any{
			"id": c.Param("id"), "percent": in.Percent, "call": *calls, "now": c.Now, "ip": c.IP, "actor": c.Actor.Email, "via": c.Via,
		}}, nil
	}}
}

func TestServeHandsTheCallOn(t *testing.T) {
	calls := 0
	h := api.Serve(newTable(t), echo(&calls))
	res, body := send(t, h, ask{method: "POST", path: "/v1/releases/rel_1/grayscale", body: `{"percent": 10}`, email: "a@x.test"})
	if res.StatusCode != 202 || body["id"] != "rel_1" || body["percent"] != 10.0 || body["actor"] != "a@x.test" || body["via"] != "api" {
		t.Fatalf("answer %d %v", res.StatusCode, body)
	}
	if body["now"] != "2026-03-01T12:00:00Z" || body["ip"] != "203.0.113.9" {
		t.Errorf("time and address come from the event: %v", body)
	}
	for name, value := range map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "ETag": `"7"`, "X-Request-Id": "req-1", "Content-Type": "application/json",
	} {
		if res.Headers[name] != value {
			t.Errorf("header %s is %q, want %q", name, res.Headers[name], value)
		}
	}
}

func TestServeRefusesBadInput(t *testing.T) {
	calls := 0
	h := api.Serve(newTable(t), echo(&calls))
	const path = "/v1/releases/r/grayscale"
	json := func(body string) ask { return ask{method: "POST", path: path, body: body, email: "a@x.test"} }
	big := `{"note": "` + strings.Repeat("x", 1<<20) + `"}`
	cases := []struct {
		name   string
		ask    ask
		status int
		code   string
		says   string
	}{
		{"nobody", ask{method: "POST", path: path, body: `{}`}, 401, "unauthenticated", "Authorization"},
		{"unknown field", json(`{"percent": 1, "force": true}`), 400, "invalid", "force: is not a known field; known are note, percent, supersede"},
		{"wrong case", json(`{"Percent": 1}`), 400, "invalid", `"percent" exists`},
		{"string for a number", json(`{"percent": "10"}`), 400, "invalid", "percent: is a string; a number without quotes"},
		{"fraction", json(`{"percent": 1.5}`), 400, "invalid", "percent: is 1.5; a whole number is expected"},
		{"null", json(`{"percent": null}`), 400, "invalid", "percent: is null"},
		{"trailing data", json(`{"percent": 1} x`), 400, "bad_json", "byte 16"},
		{"truncated", json(`{"percent": 1`), 400, "bad_json", "ends too early"},
		{"twice", json(`{"percent": 1, "percent": 2}`), 400, "bad_json", "comes twice"},
		{"not UTF-8", json("{\"note\": \"\xff\"}"), 400, "bad_json", "byte 11: the text is not UTF-8"},
		{"array", json(`[1]`), 400, "invalid", "is an array; an object is expected"},
		{"empty", ask{method: "POST", path: path, email: "a@x.test", headers: map[string]string{"content-type": "application/json"}}, 400, "bad_json", "empty"},
		{"deep", json(strings.Repeat("[", 100000)), 400, "bad_json", ""},
		{"deep and closed", json(strings.Repeat("[", 9000) + strings.Repeat("]", 9000)), 400, "bad_json", "deeper than 32"},
		{"huge", json(big), 413, "body_too_large", "1048576 bytes"},
		{"huge in base64", ask{method: "POST", path: path, email: "a@x.test", base64: true, body: base64.StdEncoding.EncodeToString([]byte(big))}, 413, "body_too_large", ""},
		{"broken base64", ask{method: "POST", path: path, email: "a@x.test", base64: true, body: "*"}, 400, "bad_body", ""},
		{"content type", ask{method: "POST", path: path, body: `{}`, email: "a@x.test", headers: map[string]string{"content-type": "text/plain"}}, 400, "content_type", "application/json"},
		{"unknown query", ask{method: "POST", path: path + "?dry=1", body: `{}`, email: "a@x.test"}, 400, "invalid", "dry: is not a known query parameter"},
		{"broken query", ask{method: "POST", path: path + "?a=%zz", body: `{}`, email: "a@x.test"}, 400, "bad_query", ""},
		{"no such route", ask{method: "POST", path: "/v1/nothing", email: "a@x.test"}, 404, "no_such_route", "POST /v1/nothing"},
		{"key too long", ask{method: "POST", path: path, body: `{}`, email: "a@x.test", headers: map[string]string{"Idempotency-Key": strings.Repeat("k", 256)}}, 400, "bad_idempotency_key", "255"},
		{"key with a blank", ask{method: "POST", path: path, body: `{}`, email: "a@x.test", headers: map[string]string{"Idempotency-Key": "a b"}}, 400, "bad_idempotency_key", "visible ASCII"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			calls = 0
			res, body := send(t, h, tc.ask)
			if res.StatusCode != tc.status || body["code"] != tc.code || !strings.Contains(fmt.Sprint(body["detail"]), tc.says) {
				t.Errorf("%d %v %v\nwant %d %s saying %q", res.StatusCode, body["code"], body["detail"], tc.status, tc.code, tc.says)
			}
			if res.Headers["Content-Type"] != "application/problem+json" || body["status"] != float64(tc.status) || body["requestId"] != "req-1" {
				t.Errorf("not a whole problem: %v %v", res.Headers, body)
			}
		})
	}
}

func TestBase64BodyIsTheSame(t *testing.T) {
	calls := 0
	h := api.Serve(newTable(t), echo(&calls))
	a := ask{method: "POST", path: "/v1/releases/r/grayscale", email: "a@x.test", base64: true, body: base64.StdEncoding.EncodeToString([]byte(`{"percent": 3}`))}
	if body := want(t, h, a, 202, ""); body["percent"] != 3.0 {
		t.Errorf("percent %v", body["percent"])
	}
}

// failing makes an operation that ends as told.
func failing(end func() error) api.Handler {
	return api.Serve(nil, api.Operations{"readContract": func(context.Context, *api.Call) (api.Answer, error) { return api.Answer{}, end() }})
}

func TestFaultsBecomeProblems(t *testing.T) {
	get := ask{method: "GET", path: "/openapi.yaml"}
	for kind, status := range map[fault.Kind]int{
		fault.Invalid: 400, fault.Unauthenticated: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409, fault.Stale: 412,
		fault.Gone: 410, fault.TooLarge: 413, fault.Unprocessable: 422, fault.Limited: 429, fault.Unavailable: 503, fault.Internal: 500,
	} {
		h := failing(func() error {
			return fmt.Errorf("while testing: %w", fault.Wrap(kind, "some_code", errors.New("secret cause"), "A sentence."))
		})
		res, body := send(t, h, get)
		if res.StatusCode != status || strings.Contains(res.Body, "secret") {
			t.Errorf("%s: %d %s, want %d without the cause", kind, res.StatusCode, res.Body, status)
		}
		if kind != fault.Internal && (body["detail"] != "A sentence." || body["code"] != "some_code") {
			t.Errorf("%s: %v", kind, body)
		}
	}
}

func TestSurprisesSayNothing(t *testing.T) {
	for name, end := range map[string]func() error{
		"error":    func() error { return errors.New("dial tcp 10.0.0.1: secret") },
		"panic":    func() error { panic("secret") },
		"internal": func() error { return fault.New(fault.Internal, "x", "secret") },
	} {
		t.Run(name, func(t *testing.T) {
			res, body := send(t, failing(end), ask{method: "GET", path: "/openapi.yaml"})
			if res.StatusCode != 500 || body["detail"] != "internal error" || strings.Contains(res.Body, "secret") {
				t.Errorf("%d %s", res.StatusCode, res.Body)
			}
		})
	}
}

func TestConflictsCarryWhatMayBeDone(t *testing.T) {
	h := failing(func() error {
		e := fault.New(fault.Conflict, "wrong_status", "Not now.")
		e.Status, e.Actions = "canceled", []string{}
		return e
	})
	_, body := send(t, h, ask{method: "GET", path: "/openapi.yaml"})
	if body["status"] != 409.0 || body["releaseStatus"] != "canceled" || fmt.Sprint(body["actions"]) != "[]" {
		t.Errorf("problem %v", body)
	}
}

func TestOneLogLineWithoutSecrets(t *testing.T) {
	var out bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, nil)))
	defer slog.SetDefault(old)
	h := api.Serve(newTable(t), api.Operations{"decideApproval": func(_ context.Context, c *api.Call) (api.Answer, error) {
		_, err := c.Form("decision")
		return api.Answer{Body: map[string]bool{"ok": true}}, err
	}})
	want(t, h, ask{
		method: "POST", path: "/approvals/t0ps3cret", body: "decision=payl0ad", headers: map[string]string{
			"content-type": "application/x-www-form-urlencoded", "authorization": "Bearer t0ps3cret",
		},
	}, 200, "")
	line := out.String()
	if strings.Count(line, "\n") != 1 || strings.Contains(line, "t0ps3cret") || strings.Contains(line, "payl0ad") {
		t.Errorf("log: %s", line)
	}
	for _, part := range []string{`"action":"decideApproval"`, `"requestId":"req-1"`, `"outcome":"ok"`, `"duration":"`} {
		if !strings.Contains(line, part) {
			t.Errorf("log line has no %s: %s", part, line)
		}
	}
}

func TestMisplacedOperationsStopTheFunction(t *testing.T) {
	ok := func(context.Context, *api.Call) (api.Answer, error) { return api.Answer{}, nil }
	for name, ops := range map[string]api.Operations{
		"unknown":       {"flyToTheMoon": ok},
		"two functions": {"readContract": ok, "resolve": ok},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("Serve took it")
				}
			}()
			api.Serve(nil, ops)
		})
	}
}

func TestETags(t *testing.T) {
	h := api.Serve(newTable(t), api.Operations{"readRelease": func(_ context.Context, c *api.Call) (api.Answer, error) {
		return api.Answer{ETag: api.ETag(4), Body: map[string]bool{"ok": true}}, c.MatchRev(4)
	}})
	for _, tc := range []struct {
		header, value string
		status        int
	}{
		{"If-Match", `"4"`, 200}, {"If-Match", `"3", "4"`, 200}, {"If-Match", "*", 200}, {"If-Match", `"3"`, 412}, {"If-Match", `W/"4"`, 412},
		{"If-None-Match", `"4"`, 304}, {"If-None-Match", `W/"4"`, 304}, {"If-None-Match", `"5"`, 200},
	} {
		res, _ := send(t, h, ask{method: "GET", path: "/v1/releases/r", email: "a@x.test", headers: map[string]string{tc.header: tc.value}})
		if res.StatusCode != tc.status || tc.status == 304 && (res.Body != "" || res.Headers["ETag"] != `"4"`) {
			t.Errorf("%s: %s: %d %s, want %d", tc.header, tc.value, res.StatusCode, res.Body, tc.status)
		}
	}
}

func TestPageTokens(t *testing.T) {
	h := api.Serve(newTable(t), api.Operations{"listReleases": func(_ context.Context, c *api.Call) (api.Answer, error) {
		size, after, err := c.Page(100)
		return api.Answer{Body: map[string]any{"size": size, "after": after, "next": c.NextPage("R#0007"), "overlong": c.NextPage(strings.Repeat("R", 1020))}}, err
	}})
	list := func(query, email string) ask {
		return ask{method: "GET", path: "/v1/releases?" + query, email: email}
	}
	first := want(t, h, list("status=canceled", "a@x.test"), 200, "")
	if first["size"] != 50.0 || first["after"] != "" {
		t.Fatalf("first page %v", first)
	}
	next := fmt.Sprint(first["next"])
	second := want(t, h, list("status=canceled&pageSize=100&pageToken="+next, "a@x.test"), 200, "")
	if second["size"] != 100.0 || second["after"] != "R#0007" {
		t.Errorf("second page %v", second)
	}
	for name, a := range map[string]ask{
		"another filter":  list("status=archived&pageToken="+next, "a@x.test"),
		"somebody else":   list("status=canceled&pageToken="+next, "b@x.test"),
		"made by oneself": list("status=canceled&pageToken="+fmt.Sprint(first["overlong"]), "a@x.test"),
		"garbage":         list("pageToken=%F0%9F%98%80", "a@x.test"),
		"pageSize 0":      list("pageSize=0", "a@x.test"),
		"pageSize 101":    list("pageSize=101", "a@x.test"),
		"pageSize twice":  list("pageSize=1&pageSize=2", "a@x.test"),
	} {
		t.Run(name, func(t *testing.T) { want(t, h, a, 400, "invalid") })
	}
}

func TestIdempotencyKeys(t *testing.T) {
	calls := 0
	h := api.Serve(newTable(t), echo(&calls))
	post := func(key, body, email string, at time.Time) ask {
		return ask{method: "POST", path: "/v1/releases/r/grayscale", body: body, email: email, at: at, headers: map[string]string{"Idempotency-Key": key}}
	}
	first, _ := send(t, h, post("k1", `{"percent": 1}`, "a@x.test", noon))
	again, _ := send(t, h, post("k1", `{"percent": 1}`, "a@x.test", noon.Add(23*time.Hour)))
	if again.Body != first.Body || again.StatusCode != 202 || again.Headers["ETag"] != first.Headers["ETag"] || again.Headers["Content-Type"] != "application/json" || calls != 1 {
		t.Fatalf("repeated: %+v after %d calls\nfirst: %+v", again, calls, first)
	}
	want(t, h, post("k1", `{"percent": 2}`, "a@x.test", noon), 422, "idempotency_key_reused")
	if other := want(t, h, post("k1", `{"percent": 1}`, "b@x.test", noon), 202, ""); other["call"] != 2.0 {
		t.Error("a key of one person answered another's request")
	}
	if later := want(t, h, post("k1", `{"percent": 5}`, "a@x.test", noon.Add(24*time.Hour)), 202, ""); later["call"] != 3.0 {
		t.Error("a key was remembered for longer than a day")
	}
	want(t, h, post("k2", `{"percent": 1.5}`, "a@x.test", noon), 400, "invalid")
	res, _ := send(t, h, post("k2", `{"percent": 1.5}`, "a@x.test", noon))
	if res.StatusCode != 400 || res.Headers["Content-Type"] != "application/problem+json" || res.Headers["Idempotency-Replayed"] != "true" {
		t.Errorf("a problem is an answer too: %+v", res)
	}
}

func TestIdempotencyKeyOfARunningRequest(t *testing.T) {
	var h api.Handler
	depth := 0
	var inner []int
	h = api.Serve(newTable(t), api.Operations{"resetRelease": func(context.Context, *api.Call) (api.Answer, error) {
		depth++
		mine := depth
		if mine == 1 {
			for _, after := range []time.Duration{time.Second, time.Minute} { // inside, and beyond, the time of an attempt
				res, _ := send(t, h, resetAsk(noon.Add(after)))
				inner = append(inner, res.StatusCode)
			}
		}
		return api.Answer{Body: map[string]int{"depth": mine}}, nil
	}})
	want(t, h, resetAsk(noon), 200, "")
	if fmt.Sprint(inner) != "[409 200]" {
		t.Errorf("while the first ran: %v, want 409 at once and 200 once it must be dead", inner)
	}
	// The first finished after it was given up; what counts is the second's answer.
	res, body := send(t, h, resetAsk(noon.Add(2*time.Minute)))
	if res.Headers["Idempotency-Replayed"] != "true" || depth != 2 || body["depth"] != 2.0 {
		t.Errorf("replayed %v after %d runs", body, depth)
	}
}

func resetAsk(at time.Time) ask {
	return ask{method: "POST", path: "/v1/releases/r/reset", email: "a@x.test", at: at, headers: map[string]string{"Idempotency-Key": "k"}}
}

func TestOwnFaultsAreNotKept(t *testing.T) {
	runs := 0
	h := api.Serve(newTable(t), api.Operations{"resetRelease": func(context.Context, *api.Call) (api.Answer, error) {
		switch runs++; runs {
		case 1:
			panic("first")
		case 2:
			return api.Answer{}, fault.New(fault.Unavailable, "down", "Try again.")
		case 3:
			return api.Answer{}, fault.New(fault.Conflict, "busy", "The build is running; try again in a moment.")
		}
		return api.Answer{}, nil
	}})
	for _, status := range []int{500, 503, 409, 200} {
		want(t, h, resetAsk(noon), status, "")
	}
}
