package local_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// requests lists what somebody finds, as version numbers, over all pages.
func requests(w *story.World, who, query string) (versions []string) {
	w.T.Helper()
	next := ""
	for {
		page := story.Into[api.List[api.RequestView]](w, w.As(who).Must("GET", "/v1/requests?pageSize=2&"+query+next, nil, 200))
		if len(page.Items) > 2 {
			w.T.Errorf("a page of 2 has %d", len(page.Items))
		}
		for _, q := range page.Items {
			versions = append(versions, q.Version)
		}
		if page.NextPageToken == "" {
			return versions
		}
		next = "&pageToken=" + url.QueryEscape(page.NextPageToken)
	}
}

// TestMyRequestsAndApprovals: mine are those I submitted; approvals those that wait for me or that I decided.
func TestMyRequestsAndApprovals(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	var all []api.ReleaseView
	for range 5 {
		r := applied(w, admin, program, "demo-wallet")
		switch len(all) {
		case 0:
			w.Approve("wallet-reviewer", r)
			admin.Reaches(r.ID, release.ReleasePreparation)
		case 1:
			w.Reject("wallet-admin", r, "No.")
			admin.Reaches(r.ID, release.NewVersionCreated)
		case 2, 3:
			admin.Act(r.ID, "withdraw")
		}
		all = append(all, r)
	}
	v := func(newestFirst ...int) (out []string) {
		for _, i := range newestFirst {
			out = append(out, all[i].Version)
		}
		return out
	}
	equal(t, "mine", requests(w, "merchant-admin", "scope=mine"), v(4, 3, 2, 1, 0))
	equal(t, "mine, withdrawn", requests(w, "merchant-admin", "status=withdrawn"), v(3, 2))
	equal(t, "mine, by name", requests(w, "merchant-admin", "q=story+1"), v(4, 3, 2, 1, 0))
	equal(t, "mine, by another name", requests(w, "merchant-admin", "q=coffee"), nil)
	equal(t, "mine, of another category", requests(w, "merchant-admin", "category=offline"), nil)
	equal(t, "the developer's", requests(w, "merchant-developer", "scope=mine"), nil)
	equal(t, "waiting for or decided by the reviewer", requests(w, "wallet-reviewer", "scope=approvals"), v(4, 0))
	equal(t, "waiting for or decided by the admin", requests(w, "wallet-admin", "scope=approvals"), v(4, 1))
	equal(t, "waiting", requests(w, "wallet-admin", "scope=approvals&status=pending&submitter=merchant-admin@demo.test"), v(4))
	equal(t, "another app's reviewer", requests(w, "carrier-reviewer", "scope=approvals"), nil)
	refused(t, w.As("wallet-admin").Do("GET", "/v1/requests?scope=all", nil), 400, "invalid")
}

// TestResend sends the mails again to those who have not decided; both links of a reviewer work until one is used.
func TestResend(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	program := master.Program("partner", "h5")
	r := applied(w, master, program, "demo-partner")
	first := w.Link("carrier-reviewer", r.Request)
	w.Approve("platform-admin", r)
	refused(t, w.As("carrier-reviewer").Do("POST", "/v1/requests/"+r.Request+"/resend", nil), 403, "forbidden")
	master.Must("POST", "/v1/requests/"+r.Request+"/resend", nil, 202)
	w.Until("a second mail", func() bool { return len(w.MailsTo("carrier-reviewer", r.Request)) == 2 })
	second := w.Link("carrier-reviewer", r.Request)
	if first == second {
		t.Error("the second mail has the link of the first")
	}
	equal(t, "mails to a party that has decided", len(w.MailsTo("platform-reviewer", r.Request)), 1)
	w.Until("all mails shown", func() bool { return len(master.Request(r.Request).Mails) == 6 })
	if a := w.Decide(second, "approve", r.Version, ""); a.Status != 200 {
		t.Fatalf("%s", a)
	}
	master.Reaches(r.ID, release.ReleasePreparation)
	says(t, w, first, r.Version, "You have already decided")
	refused(t, master.Do("POST", "/v1/requests/"+r.Request+"/resend", nil), 409, "request_approved")
}

var reportLink = regexp.MustCompile(`href="([^"]+)"[^>]*>Read the whole report<`)

// TestSignedInPage decides on the page that mails of signed-in apps lead to, as a browser would.
func TestSignedInPage(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
	admin.Test(r.ID)
	r = admin.Act(r.ID, "apply")
	page := "/requests/" + r.Request
	a := w.Nobody().Do("GET", page, nil)
	if a.Status != 303 || !strings.HasPrefix(a.Header.Get("Location"), "/local/sign-in?to=") {
		t.Fatalf("a visitor: %s", a)
	}
	cookie := func(email string) func(*http.Request) {
		in := w.Nobody().Do("POST", "/local/sign-in", url.Values{"email": {email}, "to": {page}})
		equal(t, "sign in", in.Status, 303)
		equal(t, "back to", in.Header.Get("Location"), page)
		c, err := http.ParseSetCookie(in.Header.Get("Set-Cookie"))
		if err != nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode {
			t.Fatalf("cookie %v, %v", c, err)
		}
		return func(req *http.Request) { req.AddCookie(c) }
	}
	reviewer, stranger := cookie("wallet-reviewer@demo.test"), cookie("partner-master@demo.test")
	equal(t, "a stranger", w.Nobody().Do("GET", page, nil, stranger).Status, 404)
	if a := w.Nobody().Do("GET", page, nil, reviewer); a.Status != 200 || !strings.Contains(string(a.Body), `name="confirm"`) {
		t.Fatalf("the page: %s", a)
	}
	for what, a := range map[string]story.Answer{"signed in": w.Nobody().Do("GET", page, nil, reviewer), "by link": w.Page(w.Link("wallet-reviewer", r.Request))} {
		report := reportLink.FindStringSubmatch(string(a.Body))
		if report == nil || !strings.Contains(string(a.Body), "As played") {
			t.Fatalf("%s: not all that is decided, with the report and the notes: %s", what, a)
		}
		if a := w.Nobody().Do("GET", html.UnescapeString(report[1]), nil); a.Status != 200 || !strings.Contains(string(a.Body), "<h1>") {
			t.Errorf("%s: the report: %s", what, a)
		}
	}
	for who, c := range map[string]struct {
		cookie func(*http.Request)
		finds  bool
	}{"the reviewer": {reviewer, true}, "the submitter": {cookie("merchant-admin@demo.test"), true}, "a stranger": {stranger, false}, "nobody": {func(*http.Request) {}, false}} {
		home := w.Nobody().Do("GET", "/", nil, c.cookie)
		if home.Status != 200 || strings.Contains(string(home.Body), `href="`+page+`"`) != c.finds {
			t.Errorf("%s comes to the request from the first page: want %v: %s", who, c.finds, home)
		}
	}
	for said, policy := range map[string]string{"none": "no-referrer", "": "same-origin"} { // a form is known by one or the other
		if got := w.Nobody().Do("GET", page, nil, reviewer, story.Header("Sec-Fetch-Site", said)).Header.Get("Referrer-Policy"); got != policy {
			t.Errorf("a browser that says Sec-Fetch-Site %q gets Referrer-Policy %q, want %q", said, got, policy)
		}
	}
	form := url.Values{"decision": {"approve"}, "confirm": {r.Version}, "reason": {""}}
	for name, from := range map[string][2]string{
		"another site": {"Origin", "https://evil.example"}, "nowhere": {"Origin", "null"}, "another site, with a word for it": {"Sec-Fetch-Site", "cross-site"},
		"another name of this machine": {"Sec-Fetch-Site", "same-site"},
	} {
		for _, to := range []string{page, "/local/sign-in", "/local/sign-out"} {
			equal(t, to+" from "+name, w.Nobody().Do("POST", to, form, reviewer, story.Header(from[0], from[1])).Status, 403)
		}
	}
	equal(t, "not typed back", w.Nobody().Do("POST", page, url.Values{"decision": {"approve"}}, reviewer).Status, 400)
	equal(t, "still", admin.Request(r.Request).Status, approval.Pending)
	equal(t, "decided", w.Nobody().Do("POST", page, form, reviewer, story.Header("Origin", w.Base)).Status, 303)
	admin.Reaches(r.ID, release.ReleasePreparation)
	for who, a := range map[string]story.Answer{"whoever decided": w.Nobody().Do("GET", page, nil, reviewer), "the submitter": w.Nobody().Do("GET", page, nil, cookie("merchant-admin@demo.test"))} {
		if a.Status != 200 || strings.Contains(string(a.Body), "decide it") || strings.Contains(string(a.Body), "decides it") {
			t.Errorf("%s reads who can decide what is decided: %s", who, a)
		}
	}
	equal(t, "to another host", w.Nobody().Do("POST", "/local/sign-in", url.Values{"email": {"a@b.test"}, "to": {"//evil.example"}}).Header.Get("Location"), "/")
}

// TestExplain tells staff of both sides why a user gets what they get, and nobody else.
func TestExplain(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	old := prepared(w, program)
	admin.Act(old.ID, "full")
	r := prepared(w, program)
	admin.Act(r.ID, "grayscale", story.Percent(50))
	in := w.Cohort("demo-wallet", "production", program, r.Version, 20)
	path := "/v1/explain/demo-wallet/production/" + program + "?user="
	for _, who := range []string{"merchant-admin", "wallet-admin"} {
		for _, user := range []string{"user-0", "user-1", "user-2", "user-3"} {
			e := story.Into[api.Explanation](w, w.As(who).Must("GET", path+user, nil, 200))
			inShare := slices.Contains(in, user)
			if e.Bucket == nil || (*e.Bucket < 5000) != inShare || (e.Version == r.Version) != inShare || len(e.Steps) == 0 || e.Percent != 50 {
				t.Errorf("%s asks about %s, who is in the share: %t; told %+v", who, user, inShare, e)
			}
		}
	}
	refused(t, w.As("carrier-admin").Do("GET", path+"user-0", nil), 404, "not_available")
	none := story.Into[api.Resolved](w, w.Nobody().Must("GET", "/v1/resolve/demo-wallet/production/"+program, nil, 200))
	equal(t, "without a user", none.Version+" "+string(none.Reason), old.Version+" NO_USER")
}
