package console

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/a-h/templ"

	"slipway/functions/internal/pattern"
)

// spaced turns the space-like control characters into spaces.
func spaced(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// plain is for places that take no markup, such as the title; hidden characters are dropped there.
func plain(s string) string {
	return strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, spaced(s))), " ")
}

// hidden says whether a reader cannot see r. The two joiners are not counted: scripts and emoji need them.
func hidden(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\n':
		return false
	case '\u034f', '\u115f', '\u1160', '\u3164', '\uffa0':
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// size is a number of bytes as people say it; thousands, as files are shown elsewhere.
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1_000_000:
		return fmt.Sprintf("%d KB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

func targets(all []Target) string {
	var names []string
	for _, t := range all {
		if t.Environment == "" {
			names = append(names, t.App)
			continue
		}
		names = append(names, t.App+" ("+t.Environment+")")
	}
	return list(names)
}

// list joins as in speech: "a", "a and b", "a, b and c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// status is a word of the API as a person reads it: "new_version_created" → "New version created".
func status(s string) string {
	s = strings.ReplaceAll(s, "_", " ")
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}

var languagePattern = pattern.New(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$`)

// language is s as a lang attribute takes it: a tag, or "" for a language nobody knows.
func language(s string) string {
	if languagePattern.MatchString(s) {
		return s
	}
	return ""
}

// hostPattern is what may stand in a policy header: url.Parse alone lets ";" pass in a host.
var hostPattern = pattern.New(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$`)

// safeURL is s when a person may be led there: a path on this host, https, or http. Otherwise it is empty.
func safeURL(s string) string {
	if _, ok := origin(s); ok {
		return s
	}
	return ""
}

// deepLinkPattern is the form of links into an app; everything in it is percent-encoded.
var deepLinkPattern = pattern.New(`^[a-z][a-z0-9+.-]{1,31}://mini-program/[A-Za-z0-9_-]+(\?[A-Za-z0-9_.~%=&-]*)?$`)

// deepLink lets a link into an app pass, which templates would not take for harmless by themselves.
func deepLink(s string) templ.SafeURL {
	if !deepLinkPattern.MatchString(s) {
		return ""
	}
	return templ.SafeURL(s)
}

// origin is where a URL leads: "'self'" for a path on this host.
func origin(s string) (string, bool) {
	u, err := url.Parse(s)
	switch {
	case err != nil || s == "" || u.User != nil || strings.ContainsAny(s, "\\ \t\r\n"):
		return "", false
	case u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//"):
		return "'self'", true
	case (u.Scheme == "https" || u.Scheme == "http") && hostPattern.MatchString(u.Host):
		return u.Scheme + "://" + u.Host, true
	}
	return "", false
}

// imageOrigin is the source a policy must name for an image, "" when the image is not shown: in the clear only from
// this very machine.
func imageOrigin(s string) string {
	o, ok := origin(s)
	if !ok {
		return ""
	}
	if host, open := strings.CutPrefix(o, "http://"); open {
		name, _, _ := strings.Cut(host, ":")
		if name != "127.0.0.1" && name != "localhost" {
			return ""
		}
	}
	return o
}

func shown(s string) string {
	if imageOrigin(s) == "" {
		return ""
	}
	return s
}

// segment is a piece of a mail's text; URL is set when it is a link.
type segment struct{ Text, URL string }

var urlPattern = pattern.New(`https?://[^\s<>"]+`)

// linked finds the addresses in a mail's text, as a mail program would.
func linked(s string) []segment {
	var all []segment
	last := 0
	for _, at := range urlPattern.FindAllStringIndex(s, -1) {
		address := s[at[0]:at[1]]
		if safeURL(address) == "" {
			continue
		}
		all = append(all, segment{Text: s[last:at[0]]}, segment{Text: address, URL: address})
		last = at[1]
	}
	return append(all, segment{Text: s[last:]})
}
