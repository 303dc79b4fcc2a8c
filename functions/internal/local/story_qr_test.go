package local_test

import (
	"bytes"
	"image/png"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/qr"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

func codesOf(program string) string { return "/v1/mini-programs/" + program + "/qr-codes" }

// coding is the body of a request for a code of the wallet's production.
func coding(page, query string) map[string]any {
	return map[string]any{"targetApp": "demo-wallet", "environment": "production", "page": page, "query": query, "description": "On the tables"}
}

// live brings a new mini program to everybody in the wallet's production.
func live(w *story.World) (program string) {
	w.T.Helper()
	admin := w.As("merchant-admin")
	program = admin.Program("merchant", "dsl")
	reaches(w, program, admin.Upload(program, "1.0.0"), "demo-wallet", "production", release.FullRelease)
	return program
}

// coded makes a code of it.
func coded(w *story.World, program string) api.QRCodeView {
	w.T.Helper()
	return story.Into[api.QRCodeView](w, w.As("merchant-admin").Must("POST", codesOf(program), coding("pages/index/index", "table=12&x=é"), 201))
}

func TestQRCodeFromPrintToPhone(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := live(w)
	c := coded(w, program)
	equal(t, "address", c.URL, w.Base+"/q/"+c.Code)

	for _, accept := range []string{"image/png", "text/html,image/png;q=0.9", "image/png, image/svg+xml, application/json"} {
		a := admin.Must("GET", "/v1/qr-codes/"+c.Code, nil, 200) // JSON for those who do not say
		equal(t, "type", a.Header.Get("Content-Type"), "application/json")
		a = admin.Do("GET", "/v1/qr-codes/"+c.Code+"?size=300", nil, story.Header("Accept", accept))
		picture, err := png.Decode(bytes.NewReader(a.Body))
		if err != nil || picture.Bounds().Dx() != 300 || a.Header.Get("Content-Type") != "image/png" {
			t.Fatalf("picture: %v %s", err, a.Header)
		}
	}
	want, err := qr.New(c.URL)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "drawing", string(admin.Must("GET", "/v1/qr-codes/"+c.Code+"?format=svg", nil, 200).Body), string(want.SVG(qr.DefaultSize)))

	scan := w.Nobody().Must("GET", c.URL, nil, 302)
	equal(t, "deep link", scan.Header.Get("Location"), "demowallet://mini-program/"+program+"?page=pages%2Findex%2Findex&query=table%3D12%26x%3D%C3%A9")
	if !strings.Contains(string(scan.Body), `href="demowallet://mini-program/`) || scan.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the page that goes with it: %s", scan)
	}
	seen := w.Nobody().Do("GET", c.URL, nil, story.Header("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"))
	equal(t, "a browser stays on the page", seen.Status, 200)
	equal(t, "and goes on", seen.Header.Get("Refresh"), "0; url="+scan.Header.Get("Location"))
	equal(t, "what it sees", string(seen.Body), string(scan.Body))
	equal(t, "unknown", w.Nobody().Do("GET", "/q/0000000000000000000k", nil).Status, 404)

	second := story.Into[api.QRCodeView](w, admin.Must("POST", codesOf(program), coding("/pages/index/index", ""), 201))
	list := story.Into[api.List[api.QRCodeView]](w, admin.Must("GET", codesOf(program)+"?pageSize=1", nil, 200))
	equal(t, "newest", list.Items[0].Code, second.Code)
	list = story.Into[api.List[api.QRCodeView]](w, admin.Must("GET", codesOf(program)+"?pageSize=1&pageToken="+list.NextPageToken, nil, 200))
	equal(t, "the one before", list.Items[0].Code, c.Code)
}

// TestQRCodeWithNothingToOpen scans after everything that can end a mini program, and after it has come back.
func TestQRCodeWithNothingToOpen(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := live(w)
	c := coded(w, program)
	says := func(words string) {
		t.Helper()
		if a := w.Nobody().Must("GET", c.URL, nil, 200); !strings.Contains(string(a.Body), words) {
			t.Errorf("does not say %q: %s", words, a)
		}
	}
	leads := func() {
		t.Helper()
		w.Nobody().Must("GET", c.URL, nil, 302)
	}
	q := asks(w, program, "It asks for card numbers.", "demo-wallet")
	leads()
	grants(w, q)
	says("has removed this mini program")
	if a := w.Nobody().Must("GET", c.URL, nil, 200); strings.Contains(string(a.Body), "card numbers") {
		t.Error("the reason is between the super app and the merchant, and the public is told it")
	}
	finished(w, q.ID)
	if p := admin.Do("POST", codesOf(program), coding("pages/index/index", "")).Problem(); p.Code != "no_full_release" {
		t.Errorf("a code for what was removed: %+v", p)
	}

	r := reaches(w, program, admin.Upload(program, "2.0.0"), "demo-wallet", "production", release.GrayscaleRelease)
	says("Please try again later")
	admin.Act(r.ID, "grayscale", story.Percent(100))
	leads()

	o := story.Into[api.RequestView](w, admin.Must("POST", "/v1/mini-programs/"+program+"/offline-requests",
		map[string]any{"targetApp": "demo-wallet", "environment": "production", "reason": "Closed for the season."}, 202))
	if a := w.Decide(w.Link("wallet-reviewer", o.ID), "approve", "2.0.0", ""); a.Status != 200 {
		t.Fatalf("approve: %s", a)
	}
	w.Until("offline", func() bool { return w.Nobody().Do("GET", c.URL, nil).Status == 200 })
	says("has taken it offline")
}

// TestQRCodeOfAPageThatIsGone leads to the start of the mini program rather than to an error in the app.
func TestQRCodeOfAPageThatIsGone(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	project := func(pages string) []byte {
		return story.Zip(map[string]string{
			"app.json": `{"pages": [` + pages + `]}`, "app.js": "App({})",
			"pages/index/index.js": "Page({})", "pages/index/index.axml": "<view/>", "pages/menu/menu.js": "Page({})", "pages/menu/menu.axml": "<view/>",
		})
	}
	reaches(w, program, admin.Upload(program, "1.0.0", project(`"pages/index/index", "pages/menu/menu"`)), "demo-wallet", "production", release.FullRelease)
	c := story.Into[api.QRCodeView](w, admin.Must("POST", codesOf(program), coding("pages/menu/menu", "a=1"), 201))
	to := func() string { return w.Nobody().Must("GET", c.URL, nil, 302).Header.Get("Location") }
	equal(t, "while it is there", to(), "demowallet://mini-program/"+program+"?page=pages%2Fmenu%2Fmenu&query=a%3D1")
	reaches(w, program, admin.Upload(program, "1.1.0", project(`"pages/index/index"`)), "demo-wallet", "production", release.FullRelease)
	equal(t, "when it is gone", to(), "demowallet://mini-program/"+program+"?query=a%3D1")
}

func TestQRCodeBadInput(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	admin.Upload(program, "1.0.0")
	if p := admin.Do("POST", codesOf(program), coding("pages/index/index", "")).Problem(); p.Code != "no_full_release" || p.Status != 409 {
		t.Errorf("before anything is live: %+v", p)
	}
	program = live(w)
	with := func(field string, value any) map[string]any {
		body := coding("pages/index/index", "")
		body[field] = value
		return body
	}
	for field, value := range map[string]any{
		"page": "pages/nowhere", "query": strings.Repeat("q", 65), "description": strings.Repeat("d", 65), "environment": "moon", "targetApp": "nobody", "color": "red",
	} {
		p := admin.Do("POST", codesOf(program), with(field, value)).Problem()
		if p.Status != 400 || len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s %v: %+v", field, value, p)
		}
	}
	admin.Must("PUT", "/v1/mini-programs/"+program+"/members/merchant-developer@demo.test", map[string]string{"role": "developer"}, 200, 201)
	c := coded(w, program)
	for query, field := range map[string]string{"format=gif": "format", "size=64": "size", "size=4096": "size", "size=big": "size", "colour=red": "colour"} {
		if p := admin.Do("GET", "/v1/qr-codes/"+c.Code+"?"+query, nil).Problem(); p.Status != 400 || p.Errors[0].Field != field {
			t.Errorf("%s: %+v", query, p)
		}
	}
	for who, status := range map[string]int{"merchant-developer": 403, "wallet-admin": 403, "carrier-admin": 404, "partner-owner": 404} {
		equal(t, who+" makes one", w.As(who).Do("POST", codesOf(program), coding("pages/index/index", "")).Status, status)
	}
	for who, status := range map[string]int{"wallet-reviewer": 200, "carrier-admin": 404, "partner-owner": 404} {
		a := w.As(who).Do("GET", "/v1/qr-codes/"+c.Code, nil)
		equal(t, who+" reads one", a.Status, status)
		if strings.Contains(string(a.Body), "merchant-admin") {
			t.Errorf("%s is told who made it: %s", who, a)
		}
	}
	w.As("wallet-admin").Must("PATCH", "/v1/target-apps/demo-wallet/settings", map[string]any{"scheme": ""}, 200)
	equal(t, "without a scheme", admin.Do("POST", codesOf(program), coding("pages/index/index", "")).Problem().Code, "no_scheme")
	w.Nobody().Must("GET", c.URL, nil, 200)
}

// TestScansAreCounted scans from many phones at once, over a restart, and with HEAD, which is no scan.
func TestScansAreCounted(t *testing.T) {
	w := story.Start(t)
	program := live(w)
	c := coded(w, program)
	crowd := func(n int) {
		var all sync.WaitGroup
		for range n {
			all.Go(func() {
				if a := w.Nobody().Do("GET", c.URL, nil); a.Status != http.StatusFound {
					t.Errorf("scan: %s", a)
				}
			})
		}
		all.Wait()
	}
	counted := func() (sum int64) {
		for _, s := range story.Into[api.QRCodeView](w, w.As("merchant-admin").Must("GET", "/v1/qr-codes/"+c.Code, nil, 200)).Scans {
			if _, err := time.Parse(time.DateOnly, s.Day); err != nil {
				t.Errorf("day: %v", err)
			}
			sum += s.Count
		}
		return sum
	}
	crowd(200)
	w.Until("200 scans", func() bool { return counted() == 200 })
	w.Nobody().Do("HEAD", c.URL, nil)
	crowd(25)
	w.Close() // at once: no answer has waited for its count
	if err := w.Open(); err != nil {
		t.Fatal(err)
	}
	equal(t, "what was answered is counted", counted(), 225)
	crowd(25)
	w.Until("250 scans", func() bool { return counted() == 250 })
}
