package local_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// TestBadForceRemovals is every input that is refused, each with what is wrong.
func TestBadForceRemovals(t *testing.T) {
	w := story.Start(t)
	admin, wallet := w.As("merchant-admin"), w.As("wallet-admin")
	program := admin.Program("merchant", "h5")
	full := prepared(w, program)
	refused(t, wallet.Do("POST", removals(program), asking("Bad.", nil, "demo-wallet")), 409, "nothing_live")
	admin.Act(full.ID, "full")
	asPNG, asJPEG := pictures()
	good := uploads(w, program, "a.png", "image/png", asPNG)
	elsewhere := admin.Program("merchant", "h5")
	prepared(w, elsewhere) // so that the wallet sees it
	other := uploads(w, elsewhere, "b.png", "image/png", asPNG)
	pdf := uploads(w, program, "scan.png", "image/png", []byte("%PDF-1.7 not an image at all, whatever it is called"))
	a := wallet.Do("POST", "/v1/mini-programs/"+program+"/images", map[string]any{"name": "big.png", "contentType": "image/png", "size": 2<<20 + 1})
	if refused(t, a, 400, "invalid"); !strings.Contains(string(a.Body), "size") {
		t.Errorf("over 2 MiB: %s", a)
	}
	larger(t, w, program)
	missing := uploads(w, program, "later.png", "image/png", nil)
	for name, c := range map[string]struct {
		body map[string]any
		code int
		says string
	}{
		"no reason":       {asking(" ", nil, "demo-wallet"), 400, "reason"},
		"1001 characters": {asking(strings.Repeat("é", 1001), nil, "demo-wallet"), 400, "1001 characters"},
		"no app":          {asking("Bad.", nil), 400, "targetApps"},
		"unknown app":     {asking("Bad.", nil, "nowhere"), 400, "nowhere"},
		"overlong app":    {asking("Bad.", nil, overlong), 400, "256 bytes"},
		"overlong image":  {asking("Bad.", []string{overlong}, "demo-wallet"), 400, "256 bytes"},
		"app twice":       {asking("Bad.", nil, "demo-wallet", "demo-wallet"), 400, "twice"},
		"another's app":   {asking("Bad.", nil, "demo-carrier"), 403, "demo-carrier"},
		"6 images":        {asking("Bad.", []string{"1", "2", "3", "4", "5", "6"}, "demo-wallet"), 400, "at most 5"},
		"renamed PDF":     {asking("Bad.", []string{good, pdf}, "demo-wallet"), 400, "application/pdf"},
		"not uploaded":    {asking("Bad.", []string{missing}, "demo-wallet"), 400, "not uploaded"},
		"foreign image":   {asking("Bad.", []string{other}, "demo-wallet"), 400, "uploaded for this mini program"},
		"image twice":     {asking("Bad.", []string{good, good}, "demo-wallet"), 400, "twice"},
		"unknown field":   {map[string]any{"targetApps": []string{"demo-wallet"}, "reason": "Bad.", "why": 1}, 400, "why"},
	} {
		a := wallet.Do("POST", removals(program), c.body)
		if a.Status != c.code || !strings.Contains(string(a.Body), c.says) {
			t.Errorf("%s: want %d that says %q: %s", name, c.code, c.says, a)
		}
	}
	refused(t, w.As("wallet-reviewer").Do("POST", removals(program), asking("Bad.", nil, "demo-wallet")), 403, "forbidden")
	refused(t, admin.Do("POST", removals(program), asking("Bad.", nil, "demo-wallet")), 403, "forbidden")
	refused(t, w.As("carrier-admin").Do("POST", removals(program), asking("Bad.", nil, "demo-carrier")), 404, "no_such_mini_program")
	equal(t, "nothing happened", w.Served("demo-wallet", "production", program, "ann"), full.Version+" FULL")

	jpg, webp := uploads(w, program, "b.png", "image/png", asJPEG), uploads(w, program, "c.webp", "image/webp", []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	q := story.Into[api.RequestView](w, wallet.Must("POST", removals(program), asking(strings.Repeat("é", 1000), []string{good, jpg, webp}, "demo-wallet"), 202))
	equal(t, "types by content", []string{q.Images[0].ContentType, q.Images[1].ContentType, q.Images[2].ContentType}, []string{"image/png", "image/jpeg", "image/webp"})
}

// larger sends more than was announced, with and without saying how much: it is refused while it comes, and nothing is
// kept of it.
func larger(t *testing.T, w *story.World, program string) {
	t.Helper()
	image := story.Into[struct {
		ID     string
		Upload release.Upload
	}](w, w.As("wallet-admin").Must("POST", "/v1/mini-programs/"+program+"/images", map[string]any{"name": "x.png", "contentType": "image/png", "size": 100}, 201))
	if len(image.Upload.Fields) > 0 {
		equal(t, "by a form", w.Send(image.Upload, make([]byte, 2<<20+1)).Status, 400)
	}
	for name, body := range map[string]io.Reader{"announced": bytes.NewReader(make([]byte, 2<<20+1)), "streamed": io.MultiReader(bytes.NewReader(make([]byte, 2<<20+1)))} {
		if len(image.Upload.Fields) > 0 {
			break
		}
		req, err := http.NewRequest(image.Upload.Method, image.Upload.URL, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "image/png")
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			res.Body.Close()
			equal(t, name, res.StatusCode, 413)
		}
	}
	a := w.As("wallet-admin").Do("POST", removals(program), asking("Bad.", []string{image.ID}, "demo-wallet"))
	if a.Status != 400 || !strings.Contains(string(a.Body), "not uploaded") {
		t.Errorf("something was kept: %s", a)
	}
}

// TestImagesAreKeptAsNamed: what is sent to an image's address after a request has named it is not what reviewers see.
func TestImagesAreKeptAsNamed(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	admin.Act(prepared(w, program).ID, "full")
	asPNG, asJPEG := pictures()
	made := story.Into[struct {
		ID     string
		Upload release.Upload
	}](w, w.As("wallet-admin").Must("POST", "/v1/mini-programs/"+program+"/images", map[string]any{"name": "a.png", "contentType": "image/png", "size": 2000}, 201))
	send := func(body []byte) {
		if a := w.Send(made.Upload, body); a.Status >= 300 {
			t.Fatalf("upload: %s", a)
		}
	}
	send(asPNG)
	q := story.Into[api.RequestView](w, w.As("wallet-admin").Must("POST", removals(program), asking("See.", []string{made.ID}, "demo-wallet"), 202))
	send(asJPEG)
	seen := w.Nobody().Do("GET", w.As("wallet-reviewer").Request(q.ID).Images[0].URL, nil)
	equal(t, "what reviewers see", seen.Body, asPNG)
}
