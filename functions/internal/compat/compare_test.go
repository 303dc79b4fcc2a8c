package compat_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat"
)

func TestCompare(t *testing.T) {
	found := func(list ...compat.Finding) *compat.Report { return &compat.Report{Findings: list} }
	a := compat.Finding{Severity: compat.Fail, Rule: "a", File: "a.js", Line: 3, Message: "a"}
	b := compat.Finding{Severity: compat.Warn, Rule: "b", File: "b.js", Message: "b"}
	info := compat.Finding{Severity: compat.Info, Rule: "i", Message: "i"}
	moved, milder := a, a
	moved.Line = 9
	size := compat.Finding{Severity: compat.Fail, Rule: "package-size", Message: "The package is 66.3 KB; this app allows 64.0 KB."}
	shrunk, elsewhere := size, a
	shrunk.Message = "The package is 1.1 MB; this app allows 900 bytes."
	elsewhere.Profiles = []string{"ios-11", "ios-12"}
	many := func(from, to, leftOut int) *compat.Report {
		r := found()
		for i := from; i < to; i++ {
			r.Findings = append(r.Findings, compat.Finding{Severity: compat.Fail, Rule: "r", File: "r.js", Message: fmt.Sprintf("my.a%d", i)})
		}
		r.Summary.LeftOut = leftOut
		return r
	}
	milder.Severity = compat.Warn
	for _, tt := range []struct {
		name        string
		before, now *compat.Report
		want        string
	}{
		{"nothing changed", found(a, b, info), found(a, b, info), "0 fixed, 0 new since run 2"},
		{"fixed and new", found(a, a, a), found(b), "3 fixed, 1 new since run 2"},
		{"one of several alike", found(a, a), found(a), "1 fixed, 0 new since run 2"},
		{"it moved", found(a), found(moved), "0 fixed, 0 new since run 2"},
		{"it weighs less", found(a), found(milder), "1 fixed, 1 new since run 2"},
		{"it has another size", found(size), found(shrunk), "0 fixed, 0 new since run 2"},
		{"an app has more systems", found(a), found(elsewhere), "0 fixed, 0 new since run 2"},
		{"names that end in a number", found(many(1, 2, 0).Findings...), found(many(2, 3, 0).Findings...), "1 fixed, 1 new since run 2"},
		{"what was left out before is not new", many(0, 25, 3), many(2, 27, 1), "0 fixed, 0 new since run 2"},
		{"what was left out before, when nothing is left out now", many(0, 25, 3), many(4, 28, 0), "4 fixed, 0 new since run 2"},
		{"what is left out now is not fixed", many(4, 28, 0), many(0, 25, 3), "0 fixed, 4 new since run 2"},
		{"what does not weigh", found(info), found(), "0 fixed, 0 new since run 2"},
		{"what does not weigh either", found(), found(info), "0 fixed, 0 new since run 2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			compat.Compare(tt.now, tt.before, 2)
			if got := tt.now.Since.String(); got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
			marked := 0
			for _, f := range tt.now.Findings {
				if f.New {
					marked++
				}
			}
			if marked != tt.now.Since.New {
				t.Errorf("%d are marked as new", marked)
			}
			once := *tt.now
			compat.Compare(tt.now, tt.before, 2)
			if diff := cmp.Diff(&once, tt.now); diff != "" {
				t.Errorf("compared twice: %s", diff)
			}
		})
	}
}

func TestThePageTellsWhatChanged(t *testing.T) {
	before := run(t, input(t, map[string]string{"pages/index/index.js": "Page({ tap() { my.nope() } })"}))
	now := run(t, input(t, map[string]string{"pages/menu/menu.js": "Page({ tap() { wx.login() } })"}))
	compat.Compare(now, before, 1)
	var page bytes.Buffer
	if err := compat.WriteHTML(&page, compat.Heading{Title: "x"}, now); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<strong>1 fixed, 1 new</strong> since run 1", `<span class="tag info">new</span>`, "Fixed since run 1", "my.nope"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
