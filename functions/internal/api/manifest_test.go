package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/keyring"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// manifestOf asks for a manifest, verifies it as a client does, and reads it.
func manifestOf(t testing.TB, h api.Handler, ring keyring.Ring, a ask) (rollout.Manifest, string) {
	t.Helper()
	a.method, a.path = "GET", "/v1/manifests/wallet/production"
	res, err := h(t.Context(), a.event(t))
	if err != nil || res.StatusCode != 200 {
		t.Fatal(err, res.StatusCode, res.Body)
	}
	body := []byte(res.Body)
	if res.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(res.Body); err != nil {
			t.Fatal(err)
		}
	}
	if res.Headers["Content-Encoding"] == "gzip" {
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	first, second, _ := bytes.Cut(body, []byte("\n"))
	var signed struct{ KeyID, Signature string }
	if err := json.Unmarshal(second, &signed); err != nil {
		t.Fatal(err)
	}
	sig, _ := base64.StdEncoding.DecodeString(signed.Signature)
	for _, k := range ring.Public() {
		if k.ID == signed.KeyID && k.Status == keyring.Current && keyring.VerifyManifest(k.Key, first, sig) {
			var m rollout.Manifest
			if err := json.Unmarshal(first, &m); err != nil {
				t.Fatal(err)
			}
			return m, res.Headers["ETag"]
		}
	}
	t.Fatalf("the signature does not verify: %s", second)
	return rollout.Manifest{}, ""
}

func save(t testing.TB, table store.Table, ps ...rollout.Placement) {
	t.Helper()
	for _, p := range ps {
		_, rev, err := store.Placement(t.Context(), table, p.Target, p.MiniProgram)
		if err != nil {
			t.Fatal(err)
		}
		if err := table.Transact(t.Context(), store.SavePlacements([]rollout.Placement{p}, []int64{rev})...); err != nil {
			t.Fatal(err)
		}
	}
}

func on(miniProgram string) rollout.Placement {
	return rollout.Placement{MiniProgram: miniProgram, Target: shop}
}

func version(n string) rollout.Served { return rollout.Served{Release: "rel_" + n, Version: n} }

func TestManifest(t *testing.T) {
	table, ring := newTable(t), testRing(t, 1)
	h := api.ReadManifest(table, ring)
	save(t, table,
		on("mp_a").WithFull(version("1.0.0")).WithGrayscale(version("1.1.0"), 10, "salt_a").WithPilot(version("1.2.0"), []string{"0049170123456"}),
		on("mp_review").WithOpen("rel_9", true),
	)
	m, tag := manifestOf(t, h, ring, ask{})
	want := rollout.Manifest{Format: 1, TargetApp: "wallet", Environment: "production", Day: "2026-03-01", Sequence: 3, MiniPrograms: map[string]rollout.Entry{
		"mp_a": {Full: "1.0.0", Grayscale: rollout.EntryShare{Version: "1.1.0", Percent: 10, Salt: "salt_a"}, Pilot: true},
	}}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Error(diff)
	}
	res, _ := h(t.Context(), ask{method: "GET", path: "/v1/manifests/wallet/production"}.event(t))
	for _, secret := range []string{"0049170123456", "mp_review"} {
		if strings.Contains(res.Body, secret) {
			t.Errorf("the public is told of %s", secret)
		}
	}
	if res.Headers["Cache-Control"] != "public, stale-if-error=0" || res.Headers["Vary"] != "Accept-Encoding" {
		t.Errorf("headers %v", res.Headers)
	}
	zipped, zippedTag := manifestOf(t, h, ring, ask{headers: map[string]string{"Accept-Encoding": "br;q=1, gzip;q=0.5"}})
	if diff := cmp.Diff(want, zipped); diff != "" || zippedTag == tag {
		t.Errorf("compressed: %s, ETag %s of both", diff, tag)
	}
	if _, other := manifestOf(t, api.ReadManifest(table, ring), ring, ask{}); other != tag {
		t.Errorf("another function answers %s for what is %s here", other, tag)
	}
	if _, rotated := manifestOf(t, api.ReadManifest(table, testRing(t, 2)), testRing(t, 2), ask{}); rotated == tag {
		t.Error("another key has the same ETag")
	}
	if m, later := manifestOf(t, h, ring, ask{at: noon.Add(24 * time.Hour)}); later == tag || m.Day != "2026-03-02" {
		t.Errorf("the next day it is of %s, ETag %s", m.Day, later)
	}
}

// TestManifestIsKeptUpToTheNextSecond: whenever the request came in, no cache may give the answer a second later, however
// many the answer went through and whatever they find on asking again.
func TestManifestIsKeptUpToTheNextSecond(t *testing.T) {
	table := newTable(t)
	h := api.ReadManifest(table, testRing(t, 1))
	save(t, table, on("mp_a").WithFull(version("1.0.0")))
	for _, late := range []time.Duration{0, time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond} {
		asked := noon.Add(late)
		_, tag := manifestOf(t, h, testRing(t, 1), ask{at: asked})
		for status, header := range map[int]string{200: "", 304: tag} {
			res, _ := h(t.Context(), ask{method: "GET", path: "/v1/manifests/wallet/production", at: asked, headers: map[string]string{"If-None-Match": header}}.event(t))
			until, err := http.ParseTime(res.Headers["Expires"])
			if kept := until.Sub(asked); err != nil || kept <= 0 || kept > time.Second || res.StatusCode != status {
				t.Errorf("asked at %s: %d, kept until %q (%v)", asked, res.StatusCode, res.Headers["Expires"], err)
			}
			// CloudFront takes a duration before a point in time, and shows what has expired when asking again fails.
			if control := res.Headers["Cache-Control"]; strings.Contains(control, "max-age") || !strings.Contains(control, "stale-if-error=0") {
				t.Errorf("%d: Cache-Control: %s", status, control)
			}
		}
	}
}

// TestManifestFollowsEveryChange holds two functions against the table after each change: one that has answered before
// and knows all but the change, and one that starts now. Both give the same bytes.
func TestManifestFollowsEveryChange(t *testing.T) {
	table, ring := newTable(t), testRing(t, 1)
	h := api.ReadManifest(table, ring)
	ps := []rollout.Placement{on("mp_b").WithFull(version("1.0")), on("mp_a").WithFull(version("1.0")), on("mp_c").WithGrayscale(version("2.0"), 5, "s")}
	save(t, table, ps...)
	_, tag := manifestOf(t, h, ring, ask{})
	elsewhere := rollout.Placement{MiniProgram: "mp_a", Target: rollout.Target{TargetApp: "carrier", Environment: "production"}}.WithFull(version("7"))
	for _, step := range []struct {
		name    string
		changes []rollout.Placement
		same    bool
	}{
		{"a raise", []rollout.Placement{ps[2].WithGrayscale(version("2.0"), 6, "s")}, false},
		{"a removal", []rollout.Placement{ps[1].WithRemoved(noon)}, false},
		{"a new one in between", []rollout.Placement{on("mp_aa").WithFull(version("3.0"))}, false},
		{"twice the same slot", []rollout.Placement{ps[0].WithFull(version("1.1")), ps[0].WithFull(version("1.2"))}, false},
		{"two of the same slot", []rollout.Placement{ps[2].WithGrayscale(version("2.0"), 7, "s"), on(neighbour("mp_c")).WithFull(version("1.0"))}, false},
		{"another target", []rollout.Placement{elsewhere}, true},
		{"nothing", nil, true},
	} {
		save(t, table, step.changes...)
		m, now := manifestOf(t, h, ring, ask{headers: map[string]string{"If-None-Match": `"forged"`}})
		fresh, freshTag := manifestOf(t, api.ReadManifest(table, ring), ring, ask{})
		if diff := cmp.Diff(fresh, m); diff != "" || now != freshTag || (now == tag) != step.same {
			t.Errorf("%s: ETag from %s to %s, of the table %s\n%s", step.name, tag, now, freshTag, diff)
		}
		if step.name == "a removal" && (!m.MiniPrograms["mp_a"].Removed || m.MiniPrograms["mp_a"].Full != "") {
			t.Errorf("removed: %+v", m.MiniPrograms["mp_a"])
		}
		for header, status := range map[string]int{now: 304, "W/" + now: 304, `"x", ` + now: 304, "*": 304, `"x"`: 200} {
			res, _ := h(t.Context(), ask{method: "GET", path: "/v1/manifests/wallet/production", headers: map[string]string{"If-None-Match": header}}.event(t))
			if res.StatusCode != status || status == 304 && (res.Body != "" || res.Headers["ETag"] != now) {
				t.Errorf("%s: If-None-Match %s: %d", step.name, header, res.StatusCode)
			}
		}
		tag = now
	}
}

// TestManifestFitsItsAnswer: what is too large for a function to answer is refused with what to do instead, rather than lost
// on its way. What is not fits, headers included.
func TestManifestFitsItsAnswer(t *testing.T) {
	const most = 6 << 20 // of a Lambda function
	for name, c := range map[string]struct {
		plain, gzip int
		takes       string
		code        string
	}{
		"plain":                 {api.MostPlain, 1 << 10, "", ""},
		"too large for that":    {api.MostPlain + 1, 1 << 10, "br", "only_gzip"},
		"compressed":            {api.MostPlain + 1, api.MostGzip, "gzip", ""},
		"too large":             {40 << 20, api.MostGzip + 1, "gzip", "too_many"},
		"too large, and nobody": {40 << 20, api.MostGzip + 1, "", "too_many"},
	} {
		h := api.Serve(nil, api.Operations{"readManifest": func(_ context.Context, call *api.Call) (api.Answer, error) {
			return api.AnswerManifest(call, c.plain, c.gzip)
		}})
		res, _ := h(t.Context(), ask{method: "GET", path: "/v1/manifests/wallet/production", headers: map[string]string{"Accept-Encoding": c.takes}}.event(t))
		if c.code != "" {
			if res.StatusCode != 422 || !strings.Contains(res.Body, `"`+c.code+`"`) {
				t.Errorf("%s: %d %.200s, want %s", name, res.StatusCode, res.Body, c.code)
			}
			continue
		}
		if data, err := json.Marshal(res); err != nil || res.StatusCode != 200 || len(data) > most {
			t.Errorf("%s: %d, an answer of %d bytes, %v", name, res.StatusCode, len(data), err)
		}
	}
}

// slow shows a transaction as DynamoDB does: the row of changes can be read before the placement that it tells of.
type slow struct {
	store.Table
	hidden store.Item
}

func (s *slow) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	items, err := s.Table.Get(ctx, keys...)
	for i := range items {
		if items[i].Key == s.hidden.Key {
			items[i] = s.hidden
		}
	}
	return items, err
}

func (s *slow) Query(ctx context.Context, q store.Query) (store.Page, error) {
	page, err := s.Table.Query(ctx, q)
	for i := range page.Items {
		if page.Items[i].Key == s.hidden.Key {
			page.Items[i] = s.hidden
		}
	}
	return page, err
}

func TestManifestWaitsForTheRestOfATransaction(t *testing.T) {
	base, ring := newTable(t), testRing(t, 1)
	p := on("mp_a").WithFull(version("1.0"))
	save(t, base, p)
	items, err := base.Get(t.Context(), store.SavePlacements([]rollout.Placement{p}, []int64{0})[0].Key)
	if err != nil {
		t.Fatal(err)
	}
	for _, warm := range []bool{true, false} {
		table := &slow{Table: base}
		h := api.ReadManifest(table, ring)
		if warm {
			manifestOf(t, h, ring, ask{})
		}
		save(t, base, p.WithRemoved(noon))
		table.hidden = items[0]
		manifestOf(t, h, ring, ask{}) // it cannot know yet
		table.hidden = store.Item{}
		if m, _ := manifestOf(t, h, ring, ask{}); !m.MiniPrograms["mp_a"].Removed {
			t.Errorf("warm %v: what became visible late is never seen: %+v", warm, m.MiniPrograms)
		}
		save(t, base, p)
		if items, err = base.Get(t.Context(), items[0].Key); err != nil {
			t.Fatal(err)
		}
	}
}

type away struct{ store.Table }

func (away) Query(context.Context, store.Query) (store.Page, error) {
	return store.Page{}, fault.New(fault.Unavailable, "", "The table cannot be reached.")
}

func TestManifestRefusals(t *testing.T) {
	table, ring := newTable(t), testRing(t, 1)
	h := api.ReadManifest(table, ring)
	save(t, table, on("mp_a").WithFull(version("1.0")), rollout.Placement{MiniProgram: "mp_b", Target: rollout.Target{TargetApp: "quiet", Environment: "production"}}.WithOpen("r", true))
	const path = "/v1/manifests/wallet/production"
	tag := func(name, v string) map[string]string { return map[string]string{name: v} }
	for _, c := range []struct {
		name    string
		path    string
		headers map[string]string
		status  int
		code    string
	}{
		{"unknown app", "/v1/manifests/nobody/production", nil, 404, "not_available"},
		{"unknown environment", "/v1/manifests/wallet/moon", nil, 404, "not_available"},
		{"an environment without anything", "/v1/manifests/wallet/sandbox", nil, 404, "not_available"},
		{"only something in review", "/v1/manifests/quiet/production", nil, 404, "not_available"},
		{"a query", path + "?user=1", nil, 400, "invalid"},
		{"a broken query", path + "?%zz", nil, 400, "bad_query"},
		{"a tag without quotes", path, tag("If-None-Match", "abc"), 400, "bad_etag"},
		{"an open quote", path, tag("If-None-Match", `"abc`), 400, "bad_etag"},
		{"no comma", path, tag("If-None-Match", `"abc" "def"`), 400, "bad_etag"},
		{"nothing after the comma", path, tag("If-None-Match", `"abc",`), 400, "bad_etag"},
		{"a stale If-Match", path, tag("If-Match", `"abc"`), 412, "stale"},
	} {
		res, body := send(t, h, ask{method: "GET", path: c.path, headers: c.headers})
		if res.StatusCode != c.status || body["code"] != c.code || res.Headers["Cache-Control"] != "no-store" || res.Headers["ETag"] != "" {
			t.Errorf("%s: %d %v %v", c.name, res.StatusCode, body, res.Headers)
		}
	}
	_, unknown := send(t, h, ask{method: "GET", path: "/v1/manifests/nobody/production"})
	_, quiet := send(t, h, ask{method: "GET", path: "/v1/manifests/quiet/production"})
	if diff := cmp.Diff(unknown, quiet); diff != "" {
		t.Errorf("a stranger can tell them apart: %s", diff)
	}
	if res, _ := send(t, api.ReadManifest(away{table}, ring), ask{method: "GET", path: path}); res.StatusCode != 503 {
		t.Errorf("without a table: %d", res.StatusCode)
	}
}

func TestKeysOverlap(t *testing.T) {
	status := func(generation int) map[string]string {
		res, err := api.ReadKeys(testRing(t, generation))(t.Context(), ask{method: "GET", path: "/.well-known/slipway-keys.json"}.event(t))
		if err != nil || res.StatusCode != 200 || res.Headers["Cache-Control"] != "public, max-age=300" {
			t.Fatal(err, res)
		}
		var keys api.PublicKeys
		if err := json.Unmarshal([]byte(res.Body), &keys); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, k := range keys.Keys {
			x, err := base64.RawURLEncoding.DecodeString(k.X)
			if err != nil || k.Type != "OKP" || k.Curve != "Ed25519" || keyring.ID(ed25519.PublicKey(x)) != k.ID {
				t.Errorf("%+v: %v", k, err)
			}
			out[k.ID] = string(k.Status)
		}
		return out
	}
	after := map[string]string{"next": "current", "current": "previous", "previous": "retired", "retired": "retired"}
	for generation := 1; generation < 5; generation++ {
		before, now := status(generation), status(generation+1)
		if len(now) != len(before)+1 || len(before) != generation+1 {
			t.Errorf("generation %d: %d keys, then %d", generation, len(before), len(now))
		}
		for id, was := range before {
			if now[id] != after[was] {
				t.Errorf("generation %d: %s was %s and is %q", generation, id, was, now[id])
			}
		}
	}
}

// neighbour is another mini program of the same slot.
func neighbour(program string) string {
	for i := 0; ; i++ {
		if other := fmt.Sprint("mp_n", i); store.SlotOf(other) == store.SlotOf(program) {
			return other
		}
	}
}
