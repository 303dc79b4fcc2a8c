package local_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/local"
	"slipway/functions/internal/phone"
	"slipway/functions/internal/story"
)

// submitAll fills every field of a page's forms with the same word and submits them by each of their buttons in turn, as
// a scanner does that does not read.
const submitAll = `(word => {
	const form = document.querySelectorAll('form')[0];
	if (!form) return 0;
	for (const field of form.querySelectorAll('input:not([type=hidden]):not([type=submit]), textarea')) {
		if (field.type === 'radio' || field.type === 'checkbox') field.checked = true; else field.value = word;
	}
	const buttons = form.querySelectorAll('button, input[type=submit]');
	form.noValidate = true;
	form.requestSubmit(buttons[%BUTTON%] || undefined);
	return buttons.length;
})('scanned')`

// TestBrowserDecidesNothing opens every link of every mail twice in a real browser, runs what scripts there are and
// submits every form by every button. Nothing is decided; afterwards the reviewers' own answers count.
func TestBrowserDecidesNothing(t *testing.T) {
	ctx := phone.Browser(t, os.Getenv("CI") == "true", 90*time.Second)
	dir := t.TempDir()
	w := story.Start(t, func(o *local.Options) { o.Data = dir })
	requests := askedForAll(t, w)
	for _, q := range requests {
		w.Link("wallet-reviewer", q.ID) // waits for the mail
	}
	secrets := tokensOf(w)
	opened, submitted := 0, 0
	for _, m := range w.Outbox() {
		for _, link := range m.Links {
			if !strings.HasPrefix(link, w.Base) {
				continue
			}
			for button := range 2 {
				visit := strings.Replace(submitAll, "%BUTTON%", []string{"0", "1"}[button], 1)
				if err := chromedp.Do(ctx, chromedp.Navigate(link)); err != nil {
					t.Fatalf("%s: %v", m.Subject, err)
				}
				wide, err := chromedp.Run(ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth`))
				if err != nil {
					t.Fatalf("%s: %v", m.Subject, err)
				}
				buttons, err := chromedp.Run(ctx, chromedp.Evaluate[int](visit))
				if err != nil {
					t.Fatalf("%s: %v", m.Subject, err)
				}
				if err := chromedp.Do(ctx, chromedp.WaitReady("body")); err != nil {
					t.Fatalf("%s: %v", m.Subject, err)
				}
				if from, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.referrer`)); err != nil || from != "" {
					t.Errorf("%s: the browser told where it came from: %q, %v", m.Subject, from, err)
				}
				if wide > 375 {
					t.Errorf("%s: the page is %d px wide on a phone of 375", m.Subject, wide)
				}
				opened++
				submitted += min(buttons, 1)
			}
		}
	}
	if opened < 8 || submitted < 8 {
		t.Errorf("only %d links were opened and %d forms submitted", opened, submitted)
	}
	t.Logf("%d links opened, %d forms submitted", opened, submitted)
	decidable(t, w, requests)
	secretsAreInMailsOnly(t, w, dir, secrets)
}

// tokensOf are the secrets of all links in mails so far.
func tokensOf(w *story.World) (out []string) {
	for _, m := range w.Outbox() {
		for _, link := range m.Links {
			if token, ok := strings.CutPrefix(link, w.Base+"/approvals/"); ok {
				out = append(out, token)
			}
		}
	}
	return out
}

// secretsAreInMailsOnly ends the server and looks for tokens in everything that it has said and kept.
func secretsAreInMailsOnly(t *testing.T, w *story.World, dir string, secrets []string) {
	t.Helper()
	w.Close()
	log := said.String()
	if !strings.Contains(log, "decideApproval") {
		t.Error("the log does not tell of the links: this looks in the wrong place")
	}
	for _, s := range secrets {
		if strings.Contains(log, s) {
			t.Error("the log has a token")
		}
	}
	found := tokensIn(t, filepath.Join(dir, "slipway.db"), secrets)
	if found["outbox"] < len(secrets) || len(secrets) < 3 {
		t.Errorf("the mails do not hold the %d tokens (%v): this looks in the wrong place", len(secrets), found)
	}
	delete(found, "outbox")
	equal(t, "buckets with a token", found, map[string]int{})
}

// askedForAll has a request of every category pending.
func askedForAll(t *testing.T, w *story.World) []api.RequestView {
	t.Helper()
	admin := w.As("merchant-admin")
	live, other := admin.Program("merchant", "h5"), admin.Program("merchant", "h5")
	r := prepared(w, live)
	admin.Act(r.ID, "full")
	removal := asks(w, live, "It sends contacts abroad.", "demo-wallet")
	offline := story.Into[api.RequestView](w, admin.Must("POST", "/v1/mini-programs/"+live+"/offline-requests",
		map[string]string{"targetApp": "demo-wallet", "environment": "production", "reason": "Winter."}, 202))
	reviewed := applied(w, admin, other, "demo-wallet")
	return []api.RequestView{admin.Request(reviewed.Request), offline, w.As("wallet-admin").Request(removal.ID)}
}

// decidable fails the test unless every request is still pending, and then decided by its reviewer's type-back.
func decidable(t *testing.T, w *story.World, requests []api.RequestView) {
	t.Helper()
	for _, q := range requests {
		who := w.As("wallet-reviewer")
		equal(t, string(q.Category)+" untouched", who.Request(q.ID).Status, approval.Pending)
	}
	for _, q := range requests {
		confirm := q.Version
		if q.Category == approval.ForceRemoval {
			confirm = q.MiniProgramName
		}
		if a := w.Decide(w.Link("wallet-reviewer", q.ID), "approve", confirm, ""); a.Status != 200 {
			t.Errorf("%s: the reviewer's own answer: %s", q.Category, a)
		}
	}
}

// TestTenThousandScans throws a scanner's requests at the links of every category: none decides.
func TestTenThousandScans(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 500
	}
	dir := t.TempDir()
	w := story.Start(t, func(o *local.Options) { o.Data = dir })
	requests := askedForAll(t, w)
	var links []string
	for _, q := range requests {
		links = append(links, w.Link("wallet-reviewer", q.ID))
	}
	secrets := tokensOf(w)
	leaks := func(a story.Answer) bool {
		said := fmt.Sprint(a.Header, a.Err) + string(a.Body)
		return slices.ContainsFunc(secrets, func(s string) bool { return strings.Contains(said, s) })
	}
	scans := []func(link string) story.Answer{
		func(link string) story.Answer { return w.Page(link) },
		func(link string) story.Answer { return w.Nobody().Do("HEAD", link, nil) },
		func(link string) story.Answer {
			return w.Nobody().Do("GET", link, nil, story.Header("Purpose", "prefetch"))
		},
		func(link string) story.Answer {
			return w.Nobody().Do("GET", link, nil, story.Header("Sec-Purpose", "prefetch;prerender"))
		},
		func(link string) story.Answer { return w.Decide(link, "approve", "", "") },
		func(link string) story.Answer { return w.Decide(link, "reject", "scanned", "scanned") },
		func(link string) story.Answer { return w.Decide(link+"x", "approve", "1.1.0", "") },
	}
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for i := worker; i < total; i += 4 {
				if i%10 == 9 {
					options(links[i%len(links)])
					continue
				}
				if a := scans[i%len(scans)](links[i%len(links)]); a.Status >= 500 || a.Err != nil || leaks(a) {
					t.Errorf("a fault, or a token in the answer: %s", a)
					return
				}
			}
		})
	}
	workers.Wait()
	t.Logf("%d requests", total)
	decidable(t, w, requests)
	secretsAreInMailsOnly(t, w, dir, secrets)
}

func options(link string) {
	req, err := http.NewRequest("OPTIONS", link, nil)
	if err != nil {
		panic(err)
	}
	if res, err := http.DefaultClient.Do(req); err == nil {
		res.Body.Close()
	}
}

// TestThousandRightAnswers: of many right answers to one link at the same moment, one decides.
func TestThousandRightAnswers(t *testing.T) {
	w := story.Start(t)
	q := askedForAll(t, w)[0]
	link := w.Link("wallet-reviewer", q.ID)
	var mu sync.Mutex
	codes := map[int]int{}
	var all sync.WaitGroup
	for i := range 1000 {
		decision, reason := "approve", ""
		if i%2 == 1 {
			decision, reason = "reject", "No."
		}
		all.Go(func() {
			a := w.Decide(link, decision, q.Version, reason)
			mu.Lock()
			defer mu.Unlock()
			codes[a.Status]++
		})
	}
	all.Wait()
	if codes[200] != 1 || codes[409] != 999 {
		t.Errorf("answers: %v", codes)
	}
	if status := w.As("wallet-reviewer").Request(q.ID).Status; status != approval.Approved && status != approval.Rejected {
		t.Errorf("the request is %s", status)
	}
}
