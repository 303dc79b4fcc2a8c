// Package phone looks at pages and mails as a phone of 375 px shows them, in a real browser, and finds what one cannot
// read or hit there.
//
// It is for tests. What a page says is for its own package's tests; what it looks like is for whoever looks at the
// pictures.
package phone

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Width is that of the phone, in CSS pixels.
const Width = 375

// Browser starts Chromium on a phone's screen. Without one the test is skipped, or fails when it is required.
func Browser(t *testing.T, required bool, patience time.Duration) context.Context {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil && required {
		t.Fatal("chromium is missing: apt-get install chromium")
	}
	if err != nil {
		t.Skip("chromium is missing: apt-get install chromium")
	}
	flags := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(Width, 800)); err != nil {
		t.Fatalf("start chromium: %v", err)
	}
	ctx, cancel = context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	return ctx
}

// Least sizes in CSS pixels: of text, and of what a finger has to hit.
const (
	leastText = 13
	leastHit  = 40
)

// faults is what is wrong with the page that is open, as a list of sentences. A box that scrolls by itself is a fault
// like a page that does: what is in it is found by nobody.
const faults = `(() => {
	const out = [], width = %d, text = %d, hit = %d;
	const name = e => e.tagName.toLowerCase() + ' "' + (e.textContent || e.value || '').trim().slice(0, 30) + '"';
	const page = document.documentElement.scrollWidth;
	if (page > width) out.push('the page is ' + page + ' px wide');
	for (const e of document.body.querySelectorAll('*')) {
		const style = getComputedStyle(e), box = e.getBoundingClientRect();
		if (style.display === 'none' || style.visibility === 'hidden' || box.width === 0 && box.height === 0) continue;
		if (box.right > width + 0.5 || box.left < -0.5) out.push(name(e) + ' reaches from ' + box.left + ' to ' + box.right);
		if (e.tagName !== 'INPUT' && e.clientWidth > 0 && style.overflowX !== 'visible' && e.scrollWidth > e.clientWidth + 1) out.push(name(e) + ' hides or scrolls a part of itself sideways');
		if (e.tagName !== 'TEXTAREA' && e.clientHeight > 0 && ['hidden', 'clip'].includes(style.overflowY) && e.scrollHeight > e.clientHeight + 1) out.push(name(e) + ' hides its end');
		const says = [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim() !== '');
		if ((says || ['INPUT', 'TEXTAREA'].includes(e.tagName)) && parseFloat(style.fontSize) < text) out.push(name(e) + ' has text of ' + style.fontSize);
		const hits = e.matches('a[href], button, summary, textarea, label.choice, input:not([type=hidden]):not([type=radio]):not([type=checkbox])');
		if (hits && box.height < hit) out.push(name(e) + ' is ' + box.height + ' px high');
	}
	return JSON.stringify([...new Set(out)].slice(0, 20));
})()`

// Look shows a document, with headers of its own, and says what a phone's user cannot read or hit. With a folder it keeps
// the whole page there as a picture.
func Look(t *testing.T, ctx context.Context, name string, document []byte, headers map[string]string, folder string) []string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		for k, v := range headers {
			w.Header().Set(k, v)
		}
		_, _ = w.Write(document)
	}))
	defer server.Close()
	if err := chromedp.Do(ctx, chromedp.Navigate(server.URL), chromedp.WaitReady("body")); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return look(t, ctx, name, folder)
}

// LookAt does the same with what is at an address.
func LookAt(t *testing.T, ctx context.Context, name, address, folder string) []string {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(address), chromedp.WaitReady("body")); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return look(t, ctx, name, folder)
}

func look(t *testing.T, ctx context.Context, name, folder string) (out []string) {
	t.Helper()
	found, err := chromedp.Run(ctx, chromedp.Evaluate[string](fmt.Sprintf(faults, Width, leastText, leastHit)))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := json.Unmarshal([]byte(found), &out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if folder == "" {
		return out
	}
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}
