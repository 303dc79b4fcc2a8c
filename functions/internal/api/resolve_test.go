package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// clock is a time that tests move.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// cut is a table that can be out of reach.
type cut struct {
	store.Table
	err   error
	reads int
}

func (t *cut) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	if t.reads++; t.err != nil {
		return nil, t.err
	}
	return t.Table.Get(ctx, keys...)
}

func (t *cut) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if t.reads++; t.err != nil {
		return store.Page{}, t.err
	}
	return t.Table.Query(ctx, q)
}

// serving is a resolver with placements behind it.
type serving struct {
	*api.Resolver
	clock clock
	table *cut
}

var wallet = rollout.Target{TargetApp: "wallet", Environment: "production"}

func served(version string) rollout.Served {
	return rollout.Served{
		Release: "rel_" + version, Version: version, PackageKey: "releases/rel_" + version + "/package.zip", SHA256: strings.Repeat("ab", 32),
		Size: 12345, Signature: strings.Repeat("Aa/+", 22), KeyID: "0011223344556677",
	}
}

func newServing(t testing.TB) *serving {
	t.Helper()
	s := &serving{clock: clock{noon}, table: &cut{Table: newTable(t)}}
	s.Resolver = api.Resolve(s.table, &drawer{}, s.clock.now, 5*time.Minute)
	full := rollout.Placement{}.WithFull(served("1.0.0"))
	s.place(t, "full", full)
	s.place(t, "half", full.WithGrayscale(served("1.1.0"), 50, "salt"))
	s.place(t, "pilot", full.WithPilot(served("2.0.0"), []string{"tess", "a b&c"}).WithPilot(served("3.0.0"), []string{"tom"}))
	s.place(t, "removed", full.WithRemoved(noon))
	s.place(t, "empty", rollout.Placement{}.WithOpen("rel_9", true))
	s.place(t, "gone", rollout.Placement{}.WithPilot(served("1.0.0"), []string{"tess"}).Without("rel_1.0.0", "1.0.0"))
	s.place(t, "h5", rollout.Placement{}.WithFull(rollout.Served{Release: "r", Version: "1.0", EntranceURL: "https://h5.test/?a=<b>&c"}))
	return s
}

func (s *serving) place(t testing.TB, program string, p rollout.Placement) {
	t.Helper()
	p.MiniProgram, p.Target = program, wallet
	was, rev, err := store.Placement(t.Context(), s.table.Table, wallet, program)
	if err != nil {
		t.Fatal(err, was)
	}
	if err := s.table.Transact(t.Context(), store.SavePlacements([]rollout.Placement{p}, []int64{rev})...); err != nil {
		t.Fatal(err)
	}
}

// event is what the gateway sends for a question.
func event(t testing.TB, program, query string) []byte {
	t.Helper()
	req := ask{method: "GET", path: "/v1/resolve/wallet/production/" + program + query}.event(t)
	req.RequestContext.Authorizer = nil
	req.Headers["user-agent"], req.Headers["x-forwarded-for"] = `Demo "Wallet"/1.0`, "203.0.113.9"
	req.Cookies = []string{"a=b", `c="d"`}
	if query != "" {
		req.QueryStringParameters = map[string]string{"user": "as the gateway joins it"}
	}
	data, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	// The library writes what API Gateway leaves out or writes otherwise.
	return bytes.ReplaceAll(data, []byte(`"authentication":{"clientCert":{"clientCertPem":"","issuerDN":"","serialNumber":"","subjectDN":"","validity":{"notAfter":"","notBefore":""}}}`), []byte(`"authentication":null`))
}

// invoke asks both ways and fails unless they say the same.
func (s *serving) invoke(t testing.TB, payload []byte) (api.Response, api.Resolved) {
	t.Helper()
	quick, err := s.Invoke(t.Context(), payload)
	typed, wrong := lambda.NewHandler(s.Long).Invoke(t.Context(), payload)
	if (err == nil) != (wrong == nil) || !bytes.Equal(bytes.TrimSpace(quick), bytes.TrimSpace(typed)) {
		t.Fatalf("they differ for %s:\n%s %v\n%s %v", payload, quick, err, typed, wrong)
	}
	if half, wrong := lambda.NewHandler(s.Handle).Invoke(t.Context(), payload); (wrong == nil) != (err == nil) || !bytes.Equal(half, typed) {
		t.Fatalf("they differ for %s, decoded:\n%s %v\n%s %v", payload, half, wrong, typed, err)
	}
	var res api.Response
	var body api.Resolved
	if err == nil {
		if err := json.Unmarshal(quick, &res); err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal([]byte(res.Body), &body)
	}
	return res, body
}

func TestResolve(t *testing.T) {
	s := newServing(t)
	for _, c := range []struct {
		program, query string
		status         int
		reason         rollout.Reason
		version        string
	}{
		{"full", "?user=ann", 200, "FULL", "1.0.0"},
		{"full", "", 200, "NO_USER", "1.0.0"},
		{"full", "?user=", 200, "NO_USER", "1.0.0"},
		{"full", "?user=" + strings.Repeat("u", 256), 200, "FULL", "1.0.0"},
		{"full", "?user=" + strings.Repeat("%c3%a9", 128), 200, "FULL", "1.0.0"},
		{"half", "?user=u6", 200, "GRAYSCALE", "1.1.0"},
		{"half", "?user=u1", 200, "FULL", "1.0.0"},
		{"pilot", "?user=tess", 200, "PILOT", "2.0.0"},
		{"pilot", "?user=a+b%26c", 200, "PILOT", "2.0.0"},
		{"pilot", "?user=tom", 200, "PILOT", "3.0.0"},
		{"removed", "?user=ann", 200, "REMOVED", ""},
		{"empty", "?user=ann", 404, "", ""}, // only under review
		{"gone", "?user=ann", 200, "NOT_AVAILABLE", ""},
		{"h5", "?user=ann", 200, "FULL", "1.0"},
		{"nobody", "?user=ann", 404, "", ""},
		{"full", "?user=" + strings.Repeat("u", 257), 400, "", ""},
		{"full", "?user=" + strings.Repeat("%c3%a9", 129), 400, "", ""},
		{"full", "?user=%zz", 400, "", ""},
		{"full", "?user=%e9", 400, "", ""},
		{"full", "?user=a;b", 400, "", ""},
		{"full", "?user=a&user=b", 400, "", ""},
		{"full", "?usr=a", 400, "", ""},
	} {
		for range 2 { // the second one finds everything at hand
			res, body := s.invoke(t, event(t, c.program, c.query))
			if res.StatusCode != c.status || body.Reason != c.reason || body.Version != c.version {
				t.Errorf("%s%s: %d %s %s, want %d %s %s", c.program, c.query, res.StatusCode, body.Reason, body.Version, c.status, c.reason, c.version)
			}
			if res.Headers["Cache-Control"] != "no-store" {
				t.Errorf("%s%s may be cached", c.program, c.query)
			}
		}
	}
}

// TestStrangersLearnNothing: which of the three is wrong must not show.
func TestStrangersLearnNothing(t *testing.T) {
	s := newServing(t)
	var first string
	for _, path := range []string{"wallet/production/nobody", "wallet/production/empty", "nowhere/production/full", "wallet/moon/full", "wallet/sandbox/full"} {
		res, _ := s.Handle(t.Context(), ask{method: "GET", path: "/v1/resolve/" + path}.event(t))
		if first == "" {
			first = res.Body
		}
		if res.StatusCode != 404 || res.Body != first || res.Headers["Cache-Control"] != "no-store" {
			t.Errorf("%s: %d %s", path, res.StatusCode, res.Body)
		}
	}
}

func TestResolveWhenTheTableIsAway(t *testing.T) {
	s := newServing(t)
	s.invoke(t, event(t, "full", "?user=ann"))
	s.table.err = fault.New(fault.Unavailable, "table_unavailable", "gone")
	for _, c := range []struct {
		after           time.Duration
		program         string
		reason          rollout.Reason
		stale, outdated bool
		age             string
	}{
		{700 * time.Millisecond, "full", "FULL", false, false, ""},
		{time.Second, "full", "FULL", true, false, "1.700"},
		{time.Minute, "full", "FULL", true, false, "61.700"},
		{time.Minute, "half", "NOT_AVAILABLE", true, true, ""}, // nobody asked before
		{5 * time.Minute, "full", "FULL", true, true, "421.700"},
	} {
		s.clock.at = s.clock.at.Add(c.after)
		res, body := s.invoke(t, event(t, c.program, "?user=ann"))
		if res.StatusCode != 200 || body.Reason != c.reason || body.Stale != c.stale || body.Outdated != c.outdated || res.Headers[api.AgeHeader] != c.age {
			t.Errorf("%s after %s: %d %s %+v", c.program, c.after, res.StatusCode, res.Headers[api.AgeHeader], body)
		}
	}
	s.table.err = nil
	s.clock.at = s.clock.at.Add(2 * time.Second)
	if _, body := s.invoke(t, event(t, "full", "?user=ann")); body.Stale {
		t.Error("stale after the table is back")
	}
}

// TestManyAreAsOneByOne also asks what is not there, in any order.
func TestManyAreAsOneByOne(t *testing.T) {
	s := newServing(t)
	programs := []string{"full", "half", "pilot", "removed", "empty", "gone", "h5", "nobody", "é"}
	rapid.Check(t, func(t *rapid.T) {
		asked := rapid.Permutation(programs).Draw(t, "programs")[:rapid.IntRange(1, len(programs)).Draw(t, "n")]
		user := rapid.OneOf(rapid.SampledFrom([]string{"", "tess", "tom", "a b&c", "ann"}), rapid.StringN(0, 64, 256)).Draw(t, "user")
		body, _ := json.Marshal(map[string]any{"targetApp": "wallet", "environment": "production", "user": user, "miniPrograms": asked})
		res, _ := s.Handle(context.Background(), ask{method: "POST", path: "/v1/resolve", body: string(body)}.event2())
		var all struct{ Items []map[string]any }
		if err := json.Unmarshal([]byte(res.Body), &all); err != nil || res.StatusCode != 200 || len(all.Items) != len(asked) {
			t.Fatal(err, res)
		}
		for i, item := range all.Items {
			one, _ := s.Handle(context.Background(), ask{method: "GET", path: "/v1/resolve/wallet/production/" + url.PathEscape(asked[i]) + "?user=" + url.QueryEscape(user)}.event2())
			var alone map[string]any
			if err := json.Unmarshal([]byte(one.Body), &alone); err != nil {
				t.Fatal(err, one.Body)
			}
			if one.StatusCode == 404 {
				alone = map[string]any{"errorCode": alone["code"], "errorDetails": alone["detail"]}
			}
			alone["miniProgram"] = asked[i]
			if d := cmp.Diff(alone, item); d != "" {
				t.Fatalf("%s (-alone +many):\n%s", asked[i], d)
			}
		}
	})
}

func (a ask) event2() api.Request { return a.event(&testing.T{}) }

func TestManyRefuses(t *testing.T) {
	s := newServing(t)
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = fmt.Sprintf(`"m%d"`, i)
	}
	for name, body := range map[string]string{
		"none":         `{"targetApp":"wallet","environment":"production","miniPrograms":[]}`,
		"101":          `{"targetApp":"wallet","environment":"production","miniPrograms":[` + strings.Join(ids, ",") + `]}`,
		"twice":        `{"targetApp":"wallet","environment":"production","miniPrograms":["full","full"]}`,
		"empty":        `{"targetApp":"wallet","environment":"production","miniPrograms":[""]}`,
		"control":      `{"targetApp":"wallet","environment":"production","miniPrograms":["a\u0000b"]}`,
		"environment":  `{"targetApp":"wallet","environment":"moon","miniPrograms":["full"]}`,
		"user":         `{"targetApp":"wallet","environment":"production","user":"` + strings.Repeat("u", 257) + `","miniPrograms":["full"]}`,
		"unknown":      `{"targetApp":"wallet","environment":"production","miniPrograms":["full"],"x":1}`,
		"not a string": `{"targetApp":"wallet","environment":"production","miniPrograms":[1]}`,
		"no JSON":      `full`,
	} {
		res, _ := send(t, s.Handle, ask{method: "POST", path: "/v1/resolve", body: body})
		if res.StatusCode != 400 || res.Headers["Cache-Control"] != "no-store" {
			t.Errorf("%s: %d %s", name, res.StatusCode, res.Body)
		}
	}
	if _, err := s.Invoke(t.Context(), []byte(`{"routeKey":1}`)); err == nil {
		t.Error("an event that is none was answered")
	}
}

// TestResolveAllocates at most three times, its log line included.
func TestResolveAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector has pools forget what they hold; CI runs this without it, too")
	}
	s := newServing(t)
	was := slog.Default()
	defer slog.SetDefault(was)
	slog.SetDefault(slog.New(slog.NewJSONHandler(io.Discard, nil)))
	for _, query := range []string{"?user=user-12345678", "?user=" + strings.Repeat("%41", 200)} {
		payload := event(t, "half", query)
		s.invoke(t, payload)
		if n := testing.AllocsPerRun(200, func() { _, _ = s.Invoke(context.Background(), payload) }); n > 3 {
			t.Errorf("%s: %v allocations", query, n)
		}
	}
}

// BenchmarkResolveHandler holds the bytes way beside the typed one, as the Lambda runtime calls both.
func BenchmarkResolveHandler(b *testing.B) {
	s := newServing(b)
	payload := event(b, "half", "?user=user-12345678")
	s.invoke(b, payload)
	for name, h := range map[string]lambda.Handler{"bytes": s, "typed": lambda.NewHandler(s.Long)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Invoke(b.Context(), payload); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestShortCutsAreNotTaken for what the long way refuses, nor is an answer shared by two who ask.
func TestShortCutsAreNotTaken(t *testing.T) {
	s := newServing(t)
	good := string(event(t, "full", "?user=ann"))
	s.invoke(t, []byte(good))
	body := strings.Replace(good, `"isBase64Encoded":false`, `"isBase64Encoded":false,"body":"`+strings.Repeat("x", 1<<20+1)+`"`, 1)
	if res, _ := s.invoke(t, []byte(body)); res.StatusCode != 413 {
		t.Errorf("with a body of more than 1 MB: %d", res.StatusCode)
	}
	req := ask{method: "GET", path: "/v1/resolve/wallet/production/full"}.event(t)
	req.RequestContext.Authorizer, req.RequestContext.RequestID = nil, "one"
	one, _ := s.Handle(t.Context(), req)
	req.RequestContext.RequestID = "two"
	if two, _ := s.Handle(t.Context(), req); one.Headers["X-Request-Id"] != "one" || two.Headers["X-Request-Id"] != "two" {
		t.Errorf("%v, %v", one.Headers, two.Headers)
	}
}
