package api_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// broken is a table with a bug.
type broken struct{ store.Table }

func (broken) Get(context.Context, ...store.Key) ([]store.Item, error) {
	panic("a secret of the table")
}

// TestACodeIsAnsweredWithPages whatever goes wrong: who scans it is a person with a phone.
func TestACodeIsAnsweredWithPages(t *testing.T) {
	base := newTable(t)
	codes(t, base, "a")
	away := &cut{Table: base, err: fault.New(fault.Unavailable, "table_unavailable", "The table is away.")}
	for name, c := range map[string]struct {
		table  store.Table
		path   string
		status int
		says   string
	}{
		"it opens":            {base, "/q/a", 302, "demowallet://mini-program/mp_1"},
		"it was passed on":    {base, "/q/a?fbclid=x&utm_source=y&utm_source=z", 302, "demowallet://mini-program/mp_1"},
		"and cut":             {base, "/q/a?fbclid=%", 302, "demowallet://mini-program/mp_1"},
		"unknown":             {base, "/q/b", 404, "not known"},
		"none at all":         {base, "/q/a%00", 404, "not known"},
		"the table is away":   {away, "/q/a", 503, "try again"},
		"something is broken": {broken{base}, "/q/a", 500, "try again"},
	} {
		res, err := api.OpenQRCode(c.table, rand.Reader, 0).Handle(t.Context(), ask{method: "GET", path: c.path}.event(t))
		if err != nil || res.StatusCode != c.status || !strings.Contains(res.Body, c.says) || strings.Contains(res.Body, "secret") {
			t.Errorf("%s: %v %d %s", name, err, res.StatusCode, res.Body)
		}
		if kind := res.Headers["Content-Type"]; kind != "text/html; charset=utf-8" || res.Headers["Cache-Control"] != "no-store" || !strings.Contains(res.Headers["Content-Security-Policy"], "default-src 'none'") {
			t.Errorf("%s: headers %v", name, res.Headers)
		}
		if later := res.Headers["Retry-After"]; (later != "") != (c.status == 503) {
			t.Errorf("%s: Retry-After %q", name, later)
		}
	}
}
