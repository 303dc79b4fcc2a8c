package local_test

import (
	"bytes"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// TestScannersDecideNothing does to links what scanners of mail do: open them, again and again, and submit forms.
func TestScannersDecideNothing(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, "demo-wallet")
	link := w.Link("wallet-reviewer", r.Request)
	var page story.Answer
	for range 10 {
		page = w.Page(link)
		equal(t, "GET", page.Status, 200)
	}
	for _, want := range []string{r.Version, "Story 1", "Demo Wallet", "production", "Mia Merchant", "story.example.com", "<form", `name="confirm"`} {
		if !strings.Contains(string(page.Body), want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	w.Nobody().Do("HEAD", link, nil)
	form := func(pairs ...string) url.Values {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Add(pairs[i], pairs[i+1])
		}
		return v
	}
	for name, body := range map[string]any{
		"empty":                form(),
		"no type-back":         form("decision", "approve", "reason", ""),
		"blank type-back":      form("decision", "approve", "confirm", "  ", "reason", ""),
		"another version":      form("decision", "approve", "confirm", "9.9.9", "reason", ""),
		"part of it":           form("decision", "approve", "confirm", r.Version[:2], "reason", ""),
		"all fields alike":     form("decision", "test", "confirm", "test", "reason", "test"),
		"no decision":          form("confirm", r.Version, "reason", ""),
		"unknown decision":     form("decision", "Approve!", "confirm", r.Version, "reason", ""),
		"reject, no reason":    form("decision", "reject", "confirm", r.Version, "reason", " "),
		"reject, long reason":  form("decision", "reject", "confirm", r.Version, "reason", strings.Repeat("é", 1001)),
		"twice":                form("decision", "approve", "decision", "reject", "confirm", r.Version, "reason", ""),
		"a field of their own": form("decision", "approve", "confirm", r.Version, "reason", "", "submit", "1"),
		"JSON":                 map[string]string{"decision": "approve", "confirm": r.Version, "reason": ""},
	} {
		if a := w.Nobody().Do("POST", link, body); a.Status != 400 || !strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %s", name, a)
		}
	}
	for _, method := range []string{"PUT", "DELETE", "PATCH"} {
		req, _ := http.NewRequest(method, link, nil)
		if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != 404 && res.StatusCode != 405 {
			t.Errorf("%s %v %v", method, res, err)
		}
	}
	equal(t, "decisions", admin.Request(r.Request).Status, approval.Pending)
	equal(t, "release", admin.Read(r.ID).Status, release.UnderReview)
	equal(t, "events", len(admin.Events(r.ID)), 2)
	w.Approve("wallet-reviewer", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
}

func TestHeadersOfLinks(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, "demo-wallet")
	link := w.Link("wallet-reviewer", r.Request)
	pages := map[string]story.Answer{
		"form": w.Page(link), "refused": w.Decide(link, "approve", "wrong", ""), "unknown": w.Page(w.Base + "/approvals/" + strings.Repeat("A", 43)),
		"short": w.Page(w.Base + "/approvals/x"), "done": w.Decide(link, "approve", r.Version, ""), "used": w.Page(link),
	}
	for name, a := range pages {
		csp := a.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %s", name, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "http") {
			t.Errorf("%s: policy %q allows too much", name, csp)
		}
		equal(t, name+": Cache-Control", a.Header.Get("Cache-Control"), "no-store")
		equal(t, name+": Referrer-Policy", a.Header.Get("Referrer-Policy"), "no-referrer")
		equal(t, name+": X-Content-Type-Options", a.Header.Get("X-Content-Type-Options"), "nosniff")
		if bytes.Contains(a.Body, []byte("<script")) || bytes.Contains(a.Body, []byte("src=\"http")) {
			t.Errorf("%s: the page fetches or runs something", name)
		}
	}
	equal(t, "unknown", pages["unknown"].Status, 404)
	equal(t, "unknown and malformed", string(pages["unknown"].Body), string(pages["short"].Body))
	// The host of a link comes from the configuration, whatever the request says.
	equal(t, "host", strings.HasPrefix(link, w.Base+"/approvals/"), true)
}

// TestLinkOfFormerReviewer: who has lost the role has lost the link, and is told no more than a stranger.
func TestLinkOfFormerReviewer(t *testing.T) {
	w := story.Start(t)
	admin, boss := w.As("merchant-admin"), w.As("wallet-admin")
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, "demo-wallet")
	link := w.Link("wallet-reviewer", r.Request)
	boss.Must("PUT", "/v1/workspaces/wallet/members/wallet-reviewer@demo.test", map[string]string{"role": "developer"}, 200, 201)
	unknown := w.Page(w.Base + "/approvals/" + strings.Repeat("A", 43))
	for _, a := range []story.Answer{w.Page(link), w.Decide(link, "approve", r.Version, "")} {
		equal(t, "status", a.Status, 404)
		equal(t, "page", string(a.Body), string(unknown.Body))
	}
	equal(t, "request", admin.Request(r.Request).Status, approval.Pending)
	refused(t, w.As("wallet-reviewer").Do("POST", "/v1/requests/"+r.Request+"/approve", nil), 404, "no_such_request")
	boss.Must("DELETE", "/v1/workspaces/wallet/members/wallet-reviewer@demo.test", nil, 200, 204)
	equal(t, "once gone", w.Page(link).Status, 404)
}

// TestSignInInstead: where the app asks for it, a link leads to the signed-in page and decides nothing.
func TestSignInInstead(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	app := superapp(w, "signed-in", map[string]any{"approvalSignIn": true})
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, app)
	link := w.Link("wallet-reviewer", r.Request)
	a := w.Page(link)
	if a.Status != 200 || strings.Contains(string(a.Body), "<form") || !strings.Contains(string(a.Body), "/requests/"+r.Request) {
		t.Errorf("the page of the link: %s", a)
	}
	equal(t, "POST", w.Decide(link, "approve", r.Version, "").Status, 403)
	equal(t, "request", admin.Request(r.Request).Status, approval.Pending)
	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+r.Request+"/approve", nil, 200)
	admin.Reaches(r.ID, release.ReleasePreparation)
}

// TestTokensAreNowhere looks for the secrets of links in the log and in the database: only mails may hold them.
func TestTokensAreNowhere(t *testing.T) {
	dir := t.TempDir()
	w := story.Start(t, func(o *local.Options) { o.Data = dir })
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, "demo-wallet")
	var secrets []string
	for _, reviewer := range []string{"wallet-reviewer", "wallet-admin"} {
		link := w.Link(reviewer, r.Request)
		w.Page(link)
		w.Nobody().Do("POST", link, nil, story.Header("Idempotency-Key", "scan-"+reviewer))
		secrets = append(secrets, link[strings.LastIndex(link, "/")+1:])
	}
	w.Approve("wallet-reviewer", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
	w.Mail("merchant-admin", "approved", r.Request)
	w.Page(w.Base + "/approvals/" + secrets[0] + "/") // no such route, but it says the path
	w.Close()
	log := said.String()
	for _, s := range secrets {
		if strings.Contains(log, s) {
			t.Errorf("the log has a token")
		}
	}
	found := tokensIn(t, filepath.Join(dir, "slipway.db"), secrets)
	if found["outbox"] < len(secrets) {
		t.Errorf("the mails do not hold the tokens (%v): this test looks in the wrong place", found)
	}
	delete(found, "outbox")
	equal(t, "buckets with a token", found, map[string]int{})
}

// tokensIn counts by bucket how many records of a closed database hold one of the secrets.
func tokensIn(t *testing.T, file string, secrets []string) map[string]int {
	t.Helper()
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found := map[string]int{}
	err = db.View(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
			return b.ForEach(func(k, v []byte) error {
				for _, s := range secrets {
					if bytes.Contains(k, []byte(s)) || bytes.Contains(v, []byte(s)) {
						found[string(name)]++
					}
				}
				return nil
			})
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
