package console_test

import (
	"crypto/sha256"
	"encoding/base64"
	"flag"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/console"
)

var update = flag.Bool("update", false, "write the golden files")

var style = regexp.MustCompile(`(?s)<style>(.*?)</style>`)

func page(t *testing.T, p console.Page) string {
	t.Helper()
	b, err := p.Render()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Goldens are the words and the markup; the style sheet is the same everywhere and left out.
func TestGolden(t *testing.T) {
	for name, p := range samples() {
		t.Run(name, func(t *testing.T) {
			got := broken(style.ReplaceAllString(page(t, p), "<style></style>"))
			path := filepath.Join("testdata", name+".html")
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the page differs (-want +got), run with -update if it should:\n%s", diff)
			}
		})
	}
}

var blocks = regexp.MustCompile(`<(?:meta|title|style|/?head|/?body|/?main|/?section|/?details|summary|/?fieldset|label|input|textarea|button|div|form|h[1-3]|p|/?dl|dt|/?ul|/?ol|li|blockquote|pre|iframe|footer|/html)\b`)

// broken begins a line with every block: pages have no line breaks between tags, but goldens are there to be read.
func broken(doc string) string { return blocks.ReplaceAllString(doc, "\n$0") + "\n" }

func TestHeaders(t *testing.T) {
	for name, p := range samples() {
		h := p.Headers()
		for key, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8"} {
			if h[key] != want {
				t.Errorf("%s: %s is %q, want %q", name, key, h[key], want)
			}
		}
		policy := h["Content-Security-Policy"]
		for _, directive := range []string{"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
			if !strings.Contains(policy, directive) {
				t.Errorf("%s: the policy lacks %s: %s", name, directive, policy)
			}
		}
		if strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe-eval") {
			t.Errorf("%s: the policy lets scripts in: %s", name, policy)
		}
	}
}

// A browser takes our style sheet only if the hash in the header is that of the bytes in the page.
func TestStyleHash(t *testing.T) {
	for name, p := range samples() {
		sheets := style.FindAllStringSubmatch(page(t, p), -1)
		if len(sheets) != 1 {
			t.Fatalf("%s: %d style sheets, want 1", name, len(sheets))
		}
		sum := sha256.Sum256([]byte(sheets[0][1]))
		want := "style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
		if strings.HasPrefix(name, "outbox_mail") {
			want = "style-src 'unsafe-inline'"
		}
		if policy := p.Headers()["Content-Security-Policy"]; !strings.Contains(policy, want) {
			t.Errorf("%s: the policy %q does not allow %s", name, policy, want)
		}
	}
}

func TestImageSources(t *testing.T) {
	for name, c := range map[string]struct {
		urls []string
		want string
	}{
		"none":               {nil, ""},
		"one origin":         {[]string{"https://p.example/1.png", "https://p.example/2.png"}, "img-src https://p.example;"},
		"own host":           {[]string{"/images/1.png"}, "img-src 'self';"},
		"two origins":        {[]string{"https://q.example:8443/1", "https://p.example/2"}, "img-src https://p.example https://q.example:8443;"},
		"this machine":       {[]string{"http://127.0.0.1:9000/1"}, "img-src http://127.0.0.1:9000;"},
		"in the clear":       {[]string{"http://p.example/1"}, ""},
		"other scheme":       {[]string{"javascript:alert(1)", "data:image/png;base64,AA=="}, ""},
		"scheme-relative":    {[]string{"//p.example/1"}, ""},
		"policy in the host": {[]string{"https://p.example;script-src *", "https://p.example;script-src/1"}, ""},
		"star host":          {[]string{"https://*/1", "https://*.example/1"}, ""},
		"with user":          {[]string{"https://a:b@p.example/1"}, ""},
	} {
		f := removal()
		f.Images = nil
		for _, u := range c.urls {
			f.Images = append(f.Images, console.Image{URL: u, Name: "x"})
		}
		p := console.ApprovalPage{Facts: f}
		policy := p.Headers()["Content-Security-Policy"]
		if c.want == "" && strings.Contains(policy, "img-src") || !strings.Contains(policy, c.want) {
			t.Errorf("%s: policy %q, want %q in it", name, policy, c.want)
		}
		if shown := strings.Contains(page(t, p), "<img"); shown != (c.want != "") {
			t.Errorf("%s: image shown: %v", name, shown)
		}
	}
}

var (
	tag       = regexp.MustCompile(`<[a-zA-Z][^>]*>`)
	attribute = regexp.MustCompile(`\s([a-z-]+)(?:="([^"]*)")?`)
)

// element is one start tag, as far as these tests look at it.
type element struct {
	name       string
	attributes map[string]string
}

func elements(doc string) []element {
	var all []element
	for _, raw := range tag.FindAllString(style.ReplaceAllString(doc, ""), -1) {
		e := element{attributes: map[string]string{}}
		e.name = strings.ToLower(strings.FieldsFunc(raw[1:], func(r rune) bool { return r == ' ' || r == '>' })[0])
		for _, a := range attribute.FindAllStringSubmatch(raw, -1) {
			e.attributes[a[1]] = html.UnescapeString(a[2])
		}
		all = append(all, e)
	}
	return all
}

// What a page must be to be read by everybody: one heading of the first level, a language, a name for every control,
// and every reference inside the page leading somewhere.
func TestAccessible(t *testing.T) {
	for name, p := range samples() {
		doc := page(t, p)
		ids, labels, count, lastLevel := map[string]int{}, map[string]bool{}, map[string]int{}, 0
		for _, e := range elements(doc) {
			count[e.name]++
			if id, ok := e.attributes["id"]; ok {
				ids[id]++
			}
			labels[e.attributes["for"]] = labels[e.attributes["for"]] || e.name == "label"
			if len(e.name) == 2 && e.name[0] == 'h' && e.name[1] >= '1' && e.name[1] <= '6' {
				if level := int(e.name[1] - '0'); level > lastLevel+1 {
					t.Errorf("%s: a heading of level %d follows level %d", name, level, lastLevel)
				} else {
					lastLevel = level
				}
			}
		}
		if count["h1"] != 1 || count["main"] != 1 {
			t.Errorf("%s: %d h1 and %d main, want one each", name, count["h1"], count["main"])
		}
		if !strings.Contains(doc, `<html lang="en"`) || strings.Contains(doc, "<title></title>") {
			t.Errorf("%s: no language or no title", name)
		}
		for id, n := range ids {
			if n > 1 {
				t.Errorf("%s: the id %q is there %d times", name, id, n)
			}
		}
		for _, e := range elements(doc) {
			checkElement(t, name, e, ids, labels)
		}
	}
}

func checkElement(t *testing.T, name string, e element, ids map[string]int, labels map[string]bool) {
	t.Helper()
	switch e.name {
	case "input", "textarea", "select":
		if e.attributes["type"] != "hidden" && !labels[e.attributes["id"]] {
			t.Errorf("%s: no label for %v", name, e)
		}
	case "img":
		if e.attributes["alt"] == "" {
			t.Errorf("%s: an image without words", name)
		}
	case "iframe":
		if e.attributes["title"] == "" {
			t.Errorf("%s: a frame without a title", name)
		}
	}
	refs := strings.Fields(e.attributes["aria-describedby"] + " " + e.attributes["aria-labelledby"])
	if to, ok := strings.CutPrefix(e.attributes["href"], "#"); ok {
		refs = append(refs, to)
	}
	for _, ref := range refs {
		if ids[ref] == 0 {
			t.Errorf("%s: %s refers to #%s, which is not there", name, e.name, ref)
		}
	}
}

// Nothing is fetched but the images that were given, and nothing can run.
func TestNoExternalReferences(t *testing.T) {
	for name, p := range samples() {
		doc := page(t, p)
		if sheet := style.FindString(doc); strings.Contains(sheet, "url(") || strings.Contains(sheet, "@import") {
			t.Errorf("%s: the style sheet fetches something", name)
		}
		for _, e := range elements(doc) {
			switch e.name {
			case "script", "link", "object", "embed", "base", "video", "audio", "svg":
				t.Errorf("%s: has a %s", name, e.name)
			}
			for a := range e.attributes {
				if strings.HasPrefix(a, "on") || a == "style" || a == "background" || a == "srcset" || a == "ping" {
					t.Errorf("%s: %s has the attribute %s", name, e.name, a)
				}
			}
			if src, ok := e.attributes["src"]; ok && (e.name != "img" || !strings.HasPrefix(src, "https://packages.slipway.example/")) {
				t.Errorf("%s: %s loads %s", name, e.name, src)
			}
			if sandbox, framed := e.attributes["sandbox"]; e.name == "iframe" && (!framed || strings.Contains(sandbox, "allow-scripts") || strings.Contains(sandbox, "allow-same-origin") || strings.Contains(sandbox, "allow-forms")) {
				t.Errorf("%s: the frame may do too much: %q", name, sandbox)
			}
		}
	}
}
