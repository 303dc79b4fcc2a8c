// Package console writes every page that Slipway shows in a browser: approval links, the signed-in request, and the
// pages of a laptop.
//
// What belongs here: words, markup, the one style sheet and the security headers of a page. What does not: deciding
// which page to show, reading forms, and every rule; a page shows what it is given. Pages need no script, fetch nothing
// but the images they were given, and show hidden characters of a value instead of obeying them.
package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"slices"
	"strings"
	"sync"

	"slipway/functions/internal/fault"
)

// Page is a whole document with the headers it must be served with.
type Page interface {
	// Render gives the document, UTF-8. An error is an Internal fault.
	Render() ([]byte, error)
	// Headers gives Content-Type and the security headers; the strict policy is made for exactly this page's content.
	Headers() map[string]string
}

//go:embed templates/*.html
var files embed.FS

//go:embed style.css
var styleSheet string

// styleSource lets the browser take our one style sheet and no other: an injected <style> has another hash.
var styleSource = func() string {
	sum := sha256.Sum256([]byte(styleSheet))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// view is what the layout sees; a page's own template sees the page as .Page.
type view struct {
	Title string
	Style template.CSS
	Page  any
}

// pages are parsed when the first is shown, because most functions that know them never show one, and all would pay
// for it at their start. Tests render every page. A sync.OnceValue here would tie the templates to the package's init,
// and so link them, and every method of the AWS clients with them, into functions that show no page.
func pages() map[string]*template.Template {
	parsing.Do(func() { parsed = parse() })
	return parsed
}

var (
	parsing sync.Once
	parsed  map[string]*template.Template
)

func parse() map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range []string{"approval", "approval_done", "approval_closed", "approval_sign_in", "link_unknown",
		"request", "home", "sign_in", "outbox", "outbox_mail", "unavailable", "open_app", "code_unknown", "problem"} {
		all[name] = template.Must(template.New("layout.html").Funcs(functions).ParseFS(files,
			"templates/layout.html", "templates/facts.html", "templates/decide.html", "templates/"+name+".html"))
	}
	return all
}

func render(name, title string, page any) ([]byte, error) {
	var out bytes.Buffer
	// The sheet is our own embedded file, so it may pass as CSS unescaped.
	v := view{Title: plain(title), Style: template.CSS(styleSheet), Page: page} //nolint:gosec
	if err := pages()[name].Execute(&out, v); err != nil {
		return nil, fault.Wrap(fault.Internal, "internal", err, "The page %q cannot be written.", name)
	}
	return out.Bytes(), nil
}

// headers are the same for every page but for the images it shows.
func headers(images ...string) map[string]string { return headersWith(styleSource, images) }

func headersWith(style string, images []string) map[string]string {
	policy := []string{"default-src 'none'", "style-src " + style}
	var origins []string
	for _, i := range images {
		if o := imageOrigin(i); o != "" && !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
	}
	if len(origins) > 0 {
		slices.Sort(origins)
		policy = append(policy, "img-src "+strings.Join(origins, " "))
	}
	policy = append(policy, "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'")
	return map[string]string{
		"Content-Type":               "text/html; charset=utf-8",
		"Content-Language":           "en",
		"Content-Security-Policy":    strings.Join(policy, "; "),
		"Cache-Control":              "no-store",
		"Referrer-Policy":            "no-referrer",
		"X-Content-Type-Options":     "nosniff",
		"X-Frame-Options":            "DENY",
		"X-Robots-Tag":               "noindex, nofollow",
		"Cross-Origin-Opener-Policy": "same-origin",
	}
}
