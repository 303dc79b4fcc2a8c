package compat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/phone"
)

// large is the report of a project as large as real ones get, with a thousand findings and names that would do harm.
func large() *compat.Report {
	r := profile.Default()
	report := &compat.Report{Verdict: "fail", NotDone: []string{"Nothing was rendered."}, Since: compat.Change{Run: 2, Fixed: 3, New: 1, Gone: []compat.Finding{{Severity: compat.Warn, Rule: "x", Message: "Gone."}}}}
	for _, s := range r.Systems {
		report.Profiles = append(report.Profiles, compat.Profile{ID: s.ID, Name: s.Name, Kind: compat.KindSystem})
	}
	for _, d := range r.Devices {
		report.Profiles = append(report.Profiles, compat.Profile{ID: d.ID, Name: d.Name + strings.Repeat("w", 40), Kind: compat.KindDevice})
	}
	for _, n := range r.Networks {
		report.Profiles = append(report.Profiles, compat.Profile{ID: n.ID, Name: n.Name, Kind: compat.KindNetwork})
	}
	report.Profiles = append(report.Profiles, compat.Profile{ID: "library-2.9.40", Name: "Base library 2.9.40", Kind: compat.KindLibrary})
	hostile := []string{"<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "\u202eevil\u202d", strings.Repeat("w", 240), "{{.}}", "' onmouseover='alert(1)", "页面/首页"}
	pages, columns := []string{}, map[string]int{}
	for i, p := range report.Profiles {
		columns[p.ID] = i
	}
	for i := range 189 {
		pages = append(pages, fmt.Sprintf("pages/%s%d/index", hostile[i%len(hostile)], i))
		report.Matrix = append(report.Matrix, compat.Row{Page: pages[i], Results: slices.Repeat([]string{"pass"}, len(report.Profiles))})
	}
	for i := range 1000 {
		f := compat.Finding{Severity: compat.Fail, Rule: "smoke-throws", File: pages[i%189] + ".js", Line: i, Column: 3, Message: "It failed: " + hostile[i%len(hostile)], Advice: hostile[(i+1)%len(hostile)]}
		if i >= 300 {
			f.Severity = compat.Warn
		}
		f.Profiles = []string{report.Profiles[i%len(report.Profiles)].ID}
		for k := i % 120; k < i%120+1+i%20; k++ { // the last pages stay clean
			f.Pages = append(f.Pages, pages[k])
			if cell := &report.Matrix[k].Results[columns[f.Profiles[0]]]; *cell == "pass" {
				*cell = string(f.Severity)
			}
		}
		report.Findings = append(report.Findings, f)
	}
	report.Summary = compat.Summary{Pages: 189, Profiles: len(report.Profiles), Passed: 63, Warned: 63, Failed: 63, Fails: 300, Warns: 700, LeftOut: 12}
	return report
}

// judge says in the browser what is wrong with the page as it is laid out; paper lays it out as it would be printed.
const judge = `(paper => {
	const wrong = [], seen = e => e.checkVisibility();
	if (paper) for (const rule of document.styleSheets[0].cssRules) if (rule instanceof CSSMediaRule)
		rule.media.mediaText = rule.media.mediaText.includes('print') ? 'screen' : 'not all';
	if (document.documentElement.scrollWidth > innerWidth) wrong.push('the page is ' + document.documentElement.scrollWidth + ' px wide on ' + innerWidth);
	const box = document.querySelector('.scroll'), cards = document.querySelector('.cards');
	const wide = paper || innerWidth >= 768;
	if (seen(box) !== wide || seen(cards) === wide) wrong.push('matrix ' + seen(box) + ', cards ' + seen(cards));
	if (wide && !paper) {
		box.scrollTo(200, 300);
		const frame = box.getBoundingClientRect();
		for (const [name, head] of [['page', box.querySelector('tbody th')], ['corner', box.querySelector('thead th')]])
			if (Math.abs(head.getBoundingClientRect().left - frame.left) > 2) wrong.push('the ' + name + ' column scrolls away');
		if (Math.abs(box.querySelector('thead').getBoundingClientRect().top - frame.top) > 2) wrong.push('the profiles scroll away');
		if (frame.height > innerHeight) wrong.push('the matrix is higher than the screen');
	}
	for (const a of document.querySelectorAll('a')) if (!document.getElementById(a.getAttribute('href').slice(1))) wrong.push('nothing at ' + a.getAttribute('href'));
	const bad = [...document.querySelectorAll(wide ? 'td.warn, td.fail' : '.kinds > .warn, .kinds > .fail')];
	if (!bad.length || bad.some(e => !e.querySelector('a'))) wrong.push('what is wrong leads nowhere');
	const rgb = s => s.match(/[\d.]+/g).map(Number);
	const light = c => c.slice(0, 3).map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4).reduce((s, v, i) => s + v * [.2126, .7152, .0722][i], 0);
	const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
	const checked = {};
	for (const e of document.querySelectorAll('body *')) {
		if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !seen(e)) continue;
		const a = getComputedStyle(e).color, b = behind(e), key = a + b;
		if (checked[key]) continue;
		checked[key] = true;
		const x = light(rgb(a)), y = light(b), ratio = (Math.max(x, y) + .05) / (Math.min(x, y) + .05);
		if (ratio < 4.5) wrong.push(e.tagName + '.' + e.className + ' has a contrast of ' + ratio.toFixed(2));
	}
	if (document.querySelector('script, img, [onerror], [onmouseover]')) wrong.push('names became elements');
	return [...new Set(wrong)].join('\n');
})(%PAPER%)`

// TestThePageInABrowser lays the page out on a desktop, a phone and paper, for a small report and for a large one.
// SHOTS=folder keeps pictures of it for people to look at.
func TestThePageInABrowser(t *testing.T) {
	ctx := phone.Browser(t, os.Getenv("CI") == "true", 5*time.Minute)
	reports := map[string]*compat.Report{"small": run(t, sample(t)), "large": large(), "clean": run(t, input(t, nil))}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		_ = compat.WriteHTML(w, compat.Heading{Title: "Harbour Coffee 1.2.0 " + strings.Repeat("W", 60), Subtitle: "Demo Wallet, production, run 3 on 20 November 2026"}, reports[r.URL.Path[1:]])
	}))
	defer server.Close()
	for _, name := range []string{"small", "large"} {
		for _, screen := range []struct {
			name   string
			width  int64
			height int64
			paper  string
		}{{"desktop", 1280, 900, "false"}, {"phone", 375, 812, "false"}, {"tablet", 768, 1024, "false"}, {"paper", 1032, 730, "true"}} {
			t.Run(name+" "+screen.name, func(t *testing.T) {
				if err := chromedp.Do(ctx, chromedp.EmulateViewport(screen.width, screen.height), chromedp.Navigate(server.URL+"/"+name)); err != nil {
					t.Fatal(err)
				}
				keep(ctx, t, name+"-"+screen.name)
				wrong, err := chromedp.Run(ctx, chromedp.Evaluate[string](strings.Replace(judge, "%PAPER%", screen.paper, 1)))
				if err != nil || wrong != "" {
					t.Errorf("%v\n%s", err, wrong)
				}
			})
		}
	}
}

// keep writes a picture of what is on the screen, if somebody wants to see it.
func keep(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("SHOTS")
	if folder == "" {
		return
	}
	shot, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), shot, 0o644)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestALargeReportIsALightPage: a phone on a slow network has to fetch it.
func TestALargeReportIsALightPage(t *testing.T) {
	var page bytes.Buffer
	if err := compat.WriteHTML(&page, compat.Heading{Title: "x"}, large()); err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(large())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("page %d KiB, JSON %d KiB", page.Len()>>10, len(data)>>10)
	if bytes.ContainsAny(page.Bytes(), "\u202e\u202d") {
		t.Error("a name turns the text around")
	}
	if page.Len() > 3<<20 {
		t.Errorf("the page has %d bytes", page.Len())
	}
}
