// Package console writes every page that Slipway shows in a browser: approval links, the signed-in request, and the
// pages of a laptop.
//
// What belongs here: words, markup, the one style sheet and the security headers of a page. What does not: deciding
// which page to show, reading forms, and every rule; a page shows what it is given. Pages need no script, fetch nothing
// but the images they were given, and show hidden characters of a value instead of obeying them.
//
// The .templ files are compiled by "templ generate", which escapes what stands in { } by its place. Templates that are parsed
// while a program runs find methods by name: with them the linker kept every method of each type that a value leads to.
package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // the style sheet
	"encoding/base64"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"slipway/functions/internal/fault"
)

// Page is a whole document with the headers it must be served with.
type Page interface {
	// Render gives the document, UTF-8. An error is an Internal fault.
	Render() ([]byte, error)
	// Headers gives Content-Type and the security headers; the strict policy is made for exactly this page's content.
	Headers() map[string]string
}

//go:embed style.css
var styleSheet string

// styleSource lets the browser take our one style sheet and no other: an injected <style> has another hash.
var styleSource = func() string {
	sum := sha256.Sum256([]byte(styleSheet))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}()

// document is what one page puts into the layout; what is nil leaves its place empty.
type document struct {
	title     string
	body      templ.Component
	who, foot templ.Component // in the head, who is signed in; in the end, a paragraph
}

func render(d document) ([]byte, error) {
	var out bytes.Buffer
	if err := whole(d).Render(context.Background(), &out); err != nil {
		return nil, fault.Wrap(fault.Internal, "internal", err, "The page cannot be written.")
	}
	// No character reference can stand for NUL, and browsers treat it in ways of their own.
	return bytes.ReplaceAll(out.Bytes(), []byte{0}, []byte("\ufffd")), nil
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
