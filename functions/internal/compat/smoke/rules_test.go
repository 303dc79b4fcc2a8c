package smoke_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
)

// coffee is the demo as it was uploaded, over which some files are laid, and as it was built without them.
func coffee(t testing.TB, over map[string]string) compat.Input {
	t.Helper()
	zip := demo.Archive("1.0.0")
	archive, err := intake.Unpack(bytes.NewReader(zip), int64(len(zip)), intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := intake.Load(archive)
	built, err := build.Build(context.Background(), p, build.Options{Version: "1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range over {
		p.Files[name] = []byte(text)
	}
	return compat.Input{Project: p, Built: built.Files, SourceMaps: built.SourceMaps, PackageBytes: built.Size, Runtime: profile.Default(), H5Domains: []string{}}
}

// TestApartIsTheSame holds the report of a child against the one made here.
func TestApartIsTheSame(t *testing.T) {
	in := coffee(t, map[string]string{"pages/menu/menu.acss": ".a { gap: 1px }", "app.js": "App({}); my.nope(); wx.x()"})
	seen := compat.Seen{{Severity: compat.Warn, Rule: "smoke-throws", Pages: []string{"pages/menu/menu"}, Message: "x"}}
	in.Smoke = seen
	want, err := compat.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	got, err := smoke.Runner{}.Rules(context.Background(), in, saw(seen))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	in.Smoke = smoke.Runner{}
	if whole, err := compat.Run(context.Background(), in); err != nil || whole.Verdict != string(compat.Fail) || whole.Summary.Fails < want.Summary.Fails {
		t.Errorf("%+v, %v", whole, err)
	}
}

// saw is a smoke run that is over.
func saw(s compat.Seen) func() (compat.Seen, error) {
	return func() (compat.Seen, error) { return s, nil }
}

// exhausting are scripts on which the parsers were measured to take minutes, or all the memory there is.
var exhausting = map[string]string{
	"time":   "App({a:" + strings.Repeat("(a=", 30) + "1" + strings.Repeat(")=>1", 30) + "})",
	"memory": "App({a:a" + strings.Repeat("?.b", 60_000) + "})",
}

func TestRulesThatDoNotEndCostOneFile(t *testing.T) {
	for name, src := range exhausting {
		t.Run(name, func(t *testing.T) {
			in := coffee(t, map[string]string{"app.js": src, "pages/cart/cart.js": "Page({ a() { wx.login() } })"})
			r, err := smoke.Runner{Limit: 500 * time.Millisecond}.Rules(context.Background(), in, saw(nil))
			if err != nil {
				t.Fatal(err)
			}
			rules := map[string]string{}
			for _, f := range r.Findings {
				rules[f.Rule] = f.File
			}
			if rules["not-analysed"] != "app.js" || rules["forbidden-global"] != "pages/cart/cart.js" {
				t.Errorf("%v", rules)
			}
		})
	}
}

func TestRulesThatNeverEndAreAReport(t *testing.T) {
	over := map[string]string{}
	for _, f := range []string{"app.js", "services/cart.js", "services/menu.js", "services/orders.js", "pages/cart/cart.js", "pages/orders/orders.js"} {
		over[f] = exhausting["time"]
	}
	seen := compat.Seen{{Severity: compat.Info, Rule: "smoke-throws", Message: "x"}}
	r, err := smoke.Runner{Limit: 250 * time.Millisecond}.Rules(context.Background(), coffee(t, over), saw(seen))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdict != string(compat.Fail) || len(r.Findings) != 2 || r.Findings[0].Rule != "rules-incomplete" || len(r.Matrix) != 5 {
		t.Errorf("%+v", r.Findings)
	}
}

func TestRulesStopWithTheirContext(t *testing.T) {
	in := coffee(t, map[string]string{"app.js": exhausting["time"]})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err := smoke.Runner{Tell: func(what string) {
		if strings.HasSuffix(what, " app.js") {
			cancel()
		}
	}}.Rules(ctx, in, saw(nil))
	if !errors.Is(err, context.Canceled) { // a report would say that it had gone on
		t.Error(err)
	}
}

func TestRulesSayWhenTheProgramIsNotTheirs(t *testing.T) {
	if _, err := (smoke.Runner{Program: "/bin/true"}).Rules(context.Background(), coffee(t, nil), saw(nil)); err == nil {
		t.Error("a program that says nothing gave a report")
	}
}
