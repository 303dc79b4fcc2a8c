package compat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat"
	"slipway/functions/internal/hostile"
)

var update = flag.Bool("update", false, "write golden files")

func picture(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestSizes(t *testing.T) {
	zeros := func(n int) []byte { return make([]byte, n) }
	tests := []struct {
		name  string
		built map[string][]byte
		bytes int64
		want  []string
	}{
		{"small", map[string][]byte{"app.js": zeros(1000), "pages/index/index.js": zeros(1000)}, 1500, nil},
		{"package", map[string][]byte{"app.js": zeros(10)}, 21 << 20, []string{"fail package-size ", "warn network-budget  on slow-2g", "warn network-budget  on wifi"}},
		{"main package", map[string][]byte{"app.js": zeros(5 << 20)}, 1000, []string{"fail subpackage-size "}},
		{"page", map[string][]byte{"pages/index/index.js": zeros(500 << 10), "pages/index/index.axml": zeros(13 << 10)}, 1000, []string{"warn page-size pages/index/index.js"}},
		{"network", map[string][]byte{"app.js": zeros(1 << 20)}, 1 << 20, []string{"warn network-budget  on slow-2g"}},
		{"image", map[string][]byte{"a.webp": zeros(2 << 20), "b.js": zeros(2 << 20)}, 1000, []string{"warn image-size a.webp"}},
		{"not an image", map[string][]byte{"a.png": []byte("<svg/>")}, 1000, []string{"warn image-unreadable a.png"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := input(t, nil)
			in.Built, in.PackageBytes = tt.built, tt.bytes
			if diff := cmp.Diff(tt.want, lines(run(t, in))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestImageMemory(t *testing.T) {
	in := input(t, nil)
	in.Built = map[string][]byte{"a.png": picture(t, 1500, 1500), "b.png": picture(t, 750, 750)} // 8.6 MB and 2.1 MB decoded
	if diff := cmp.Diff([]string{"warn image-memory a.png on small-phone"}, lines(run(t, in))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// sample has subpackages, a shared module and findings of every weight.
func sample(t *testing.T) compat.Input {
	in := input(t, map[string]string{
		"app.json":               `{"pages": ["pages/index/index", "pages/menu/menu"], "subPackages": [{"root": "more", "pages": ["a/a"]}]}`,
		"pages/index/index.js":   "import '../../shared'\nPage({ tap() { my.request({ url: 'https://api.example.com/a' }) } })",
		"pages/menu/menu.js":     "import '../../shared'\nPage({ tap() { return /(?<=a)b/ } })",
		"shared.js":              "export const a = Object.fromEntries([])",
		"more/a/a.js":            "Page({ tap() { return 'https://cdn.example.com/<b>' } })",
		"more/a/a.axml":          `<view onTap="nope"/>`,
		"pages/index/index.acss": ".a { color: red }",
	})
	in.Built = map[string][]byte{"app.js": make([]byte, 1000), "more/a/a.js": make([]byte, 900_000)}
	in.PackageBytes = 600_000
	return in
}

func TestMatrix(t *testing.T) {
	r := run(t, sample(t))
	var got []string
	for _, row := range r.Matrix {
		got = append(got, row.Page+" "+strings.Join(row.Results, " "))
	}
	want := []string{ // ios-12 ios-18, two devices, wifi slow-2g offline, two libraries
		"pages/index/index warn pass pass pass pass pass warn pass pass",
		"pages/menu/menu fail pass pass pass pass pass pass pass pass",
		"more/a/a warn warn warn warn warn warn warn warn warn",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantSummary := compat.Summary{Pages: 3, Profiles: 9, Warned: 2, Failed: 1, Fails: 1, Warns: 5, Infos: 1}
	if diff := cmp.Diff(wantSummary, r.Summary); diff != "" || r.Verdict != "fail" {
		t.Errorf("verdict %s (-want +got):\n%s", r.Verdict, diff)
	}
}

func TestTheSameInputGivesTheSameReport(t *testing.T) {
	var first []byte
	for range 5 {
		got, err := json.Marshal(run(t, sample(t)))
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got
		} else if !bytes.Equal(first, got) {
			t.Fatalf("%s\n%s", first, got)
		}
	}
}

func TestHTML(t *testing.T) {
	r := run(t, sample(t))
	r.Findings[0].Message += " <script>alert(1)</script>"
	var b bytes.Buffer
	if err := compat.WriteHTML(&b, compat.Heading{Title: "Coffee & Co 1.0.0", Subtitle: "Demo Wallet, production"}, r); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<script", "src=", "@import", "url(", "http://", "<link"} {
		if strings.Contains(b.String(), bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
	const golden = "testdata/report.html"
	if *update {
		if err := os.WriteFile(golden, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAHopelessProjectStaysReadable(t *testing.T) {
	over := map[string]string{}
	for i := range 200 {
		over[fmt.Sprintf("m%d.js", i)] = strings.Repeat("wx.a();\n", 500)
	}
	var imports strings.Builder
	for i := range 200 {
		fmt.Fprintf(&imports, "import '../../m%d'\n", i)
	}
	over["pages/index/index.js"] = imports.String() + "Page({ tap() {} })"
	r := run(t, input(t, over))
	if len(r.Findings) != 2000 || r.Summary.LeftOut != 98_000 || r.Verdict != "fail" {
		t.Errorf("%d findings, %d left out, %s", len(r.Findings), r.Summary.LeftOut, r.Verdict)
	}
}

// TestAReportIsBounded: names of a megabyte, in a script that nearly every one of hundreds of pages needs.
func TestAReportIsBounded(t *testing.T) {
	over := map[string]string{}
	pages := []string{"pages/alone/alone"}
	for i := range 300 {
		page := fmt.Sprintf("pages/p%d/p", i)
		pages = append(pages, page)
		over[page+".js"] = "import '../../shared'\nPage({})"
	}
	app, err := json.Marshal(map[string]any{"pages": pages})
	if err != nil {
		t.Fatal(err)
	}
	over["app.json"], over["pages/alone/alone.js"] = string(app), "Page({})"
	for i := range 40 {
		over["shared.js"] += fmt.Sprintf("my.%s%d();", strings.Repeat("a", 20_000), i)
	}
	r := run(t, input(t, over))
	data, err := json.Marshal(r.Findings)
	if err != nil || len(r.Findings) == 0 || len(data) > 100_000 {
		t.Errorf("%d bytes for %d findings, %v", len(data), len(r.Findings), err)
	}
	if f := r.Findings[0]; len(f.Pages) != 50 || f.MorePages != 250 || r.Summary.Warned != 300 || r.Summary.Passed != 1 {
		t.Errorf("%d pages and %d more; %+v", len(f.Pages), f.MorePages, r.Summary)
	}
}

// TestHostile holds projects that would make careless rules take minutes. The largest are about half a megabyte.
func TestHostile(t *testing.T) {
	numbered := func(format string) func(int) string {
		return func(n int) string {
			var b strings.Builder
			for i := range n {
				fmt.Fprintf(&b, format, i)
			}
			return b.String()
		}
	}
	repeated := func(before, s, after string) func(int) string {
		return func(n int) string { return before + strings.Repeat(s, n) + after }
	}
	shapes := []struct {
		file string
		most int
		src  func(n int) string
	}{
		{"pages/index/index.js", 30_000, numbered("my.getLocatio%d();")},
		{"pages/menu/menu.js", 15_000, repeated("Page({a:", "'https://a.example.com/'+c+", "b})")},
		{"app.js", 50_000, repeated("App({a:", "a&&", "b})")},
		{"pages/index/index.axml", 30_000, numbered("<veiw%d/>")},
		{"pages/menu/menu.axml", 30_000, func(n int) string { return "<view " + numbered("a%d='b' ")(n) + "/>" }},
		{"pages/index/index.acss", 50_000, repeated(".a {", "gap: 1px;", "}")},
		{"app.acss", 120_000, repeated("", ":is(", "")},
	}
	for _, s := range shapes {
		t.Run(s.file, func(t *testing.T) {
			g := hostile.Growth(s.most, func(n int) { run(t, input(t, map[string]string{s.file: s.src(n)})) })
			if g > hostile.MaxGrowth {
				t.Errorf("eight times the input took %.0f times as long", g)
			}
		})
	}
}

type smoke struct {
	found []compat.Finding
	err   error
}

func (s smoke) Run(context.Context, compat.Input) ([]compat.Finding, error) { return s.found, s.err }

func TestSmokeIsPartOfTheReport(t *testing.T) {
	in := input(t, nil)
	if r := run(t, in); !strings.Contains(strings.Join(r.NotDone, "\n"), "not run") {
		t.Errorf("the report does not say that nothing was run: %v", r.NotDone)
	}
	in.Smoke = smoke{found: []compat.Finding{{Severity: compat.Fail, Rule: "page-throws", Pages: []string{"pages/menu/menu"}, Message: "x"}}}
	r := run(t, in)
	if r.Verdict != "fail" || r.Summary.Failed != 1 || strings.Contains(strings.Join(r.NotDone, "\n"), "not run") {
		t.Errorf("%+v", r)
	}
	in.Smoke = smoke{err: errors.New("no memory")}
	if _, err := compat.Run(context.Background(), in); err == nil {
		t.Error("a smoke run that broke gave a report")
	}
}

// TestOneFaultOnTwoPages: a shared script that throws on both must not leave one of them passed.
func TestOneFaultOnTwoPages(t *testing.T) {
	in := input(t, nil)
	f := compat.Finding{Severity: compat.Fail, Rule: "smoke-throws", File: "shared.js", Line: 3, Message: "x"}
	first, second := f, f
	first.Pages, second.Pages = []string{"pages/index/index"}, []string{"pages/menu/menu"}
	in.Smoke = smoke{found: []compat.Finding{first, second}}
	r := run(t, in)
	if len(r.Findings) != 1 || r.Summary.Failed != 2 {
		t.Errorf("%+v", r)
	}
}

// TestARequestIsToldOnce: the rules and the run see the same line.
func TestARequestIsToldOnce(t *testing.T) {
	in := input(t, map[string]string{"pages/menu/menu.js": "Page({ onLoad() { my.request({ url: 'https://other.example.com/', fail() {} }) } })"})
	f, wrong := in.Requested("my.request", "https://other.example.com/")
	if !wrong {
		t.Fatal("an unlisted host is right")
	}
	f.File, f.Line, f.Column = "pages/menu/menu.js", 1, 29
	in.Smoke = smoke{found: []compat.Finding{f}}
	if r := run(t, in); len(r.Findings) != 1 {
		t.Errorf("%v", lines(r))
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := compat.Run(ctx, input(t, nil)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
