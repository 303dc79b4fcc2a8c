package catalog

import (
	"fmt"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/pattern"
)

// Forms that ids and names have.
var (
	slugPattern     = pattern.New(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	hostPattern     = pattern.New(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})$`)
	languagePattern = pattern.New(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	phonePattern    = pattern.New(`^\+?[0-9 ()-]{3,31}$`)
	variablePattern = pattern.New(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)
	tokenPattern    = pattern.New(`^[!-~]{1,128}$`) // visible ASCII
	schemePattern   = pattern.New(`^[a-z][a-z0-9+.-]{1,31}$`)
)

func wrong(path, format string, args ...any) []fault.Field {
	return []fault.Field{{Field: path, Detail: fmt.Sprintf(format, args...)}}
}

// show quotes a value for a message, shortened.
func show(s string) string {
	if s == "" {
		return "empty"
	}
	if r := []rune(s); len(r) > 60 {
		s = string(r[:60]) + "…"
	}
	return strconv.Quote(s)
}

// text holds something that people are shown against its bounds in characters, of which a Chinese one counts one.
// Characters that cannot be seen, or that turn the writing direction so that a text reads as another, are refused.
func text(path, s string, least, most int, lines bool) []fault.Field {
	n := utf8.RuneCountInString(s)
	switch {
	case s == "":
		return wrong(path, "is required: %d to %d characters", least, most)
	case n < least || n > most:
		return wrong(path, "has %d characters; %d to %d are allowed", n, least, most)
	case strings.TrimSpace(s) != s:
		return wrong(path, "begins or ends with a blank; leave it out")
	}
	for _, r := range s {
		if lines && r == '\n' {
			continue
		}
		if hidden(r) {
			return wrong(path, "contains the character %U, which people cannot see; leave it out", r)
		}
	}
	return nil
}

// hidden says whether a character has no place in a text. The zero-width joiners are kept: Indic and Arabic scripts
// and emoji are written with them.
func hidden(r rune) bool {
	if r == 0x200c || r == 0x200d {
		return false
	}
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

// Shown is a text from outside as it may be shown: without hidden characters, and cut to most characters.
func Shown(s string, most int) string {
	s = strings.TrimSpace(strings.Map(func(r rune) rune {
		if hidden(r) {
			return -1
		}
		return r
	}, s))
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// Title holds the name of a workspace, target app or CI token against its rule.
func Title(path, s string) []fault.Field { return text(path, s, 1, 64, false) }

// ValidateNotes holds the notes of a version against their rule; they may be empty.
func ValidateNotes(path, s string) []fault.Field {
	if s == "" {
		return nil
	}
	return text(path, s, 1, 2000, true)
}

// Slug holds the id of a workspace or target app against its rule.
func Slug(path, s string) []fault.Field {
	if len(s) <= 40 && len(s) >= 2 && slugPattern.MatchString(s) {
		return nil
	}
	return wrong(path, "is %s; an id has 2 to 40 characters: small letters, digits and single dashes, a letter first, for example demo-wallet", show(s))
}

// Language holds a language tag (BCP 47) against its rule.
func Language(path, s string) []fault.Field {
	if languagePattern.MatchString(s) {
		return nil
	}
	return wrong(path, "is %s; a language is a tag such as en, zh-Hans or pt-BR", show(s))
}

// NormalEmail is the one spelling of an address under which a person is known; ok is false when it is none.
func NormalEmail(s string) (email string, ok bool) {
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 {
		return "", false
	}
	at := strings.LastIndexByte(s, '@')
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return "", false
		}
	}
	email = strings.ToLower(s)
	return email, at > 0 && at <= 64 && hostPattern.MatchString(email[at+1:])
}

// ValidateEmail holds an address against its rule.
func ValidateEmail(path, s string) []fault.Field {
	if _, ok := NormalEmail(s); ok {
		return nil
	}
	return wrong(path, "is %s; an email address such as ana@example.com is expected", show(s))
}

// ValidateEntranceURL holds the address at which an h5 mini program starts against its rule.
func ValidateEntranceURL(path, s string) []fault.Field {
	u, err := url.Parse(s)
	switch {
	case s == "":
		return wrong(path, "is required for an h5 mini program: an https address")
	case err != nil || len(s) > 2048 || !plainURL(s):
		return wrong(path, "is not an address; an https address of at most 2048 characters is expected, for example https://shop.example.com/start")
	case u.Scheme != "https":
		return wrong(path, "begins with %s; only https is allowed", show(u.Scheme))
	case u.User != nil:
		return wrong(path, "contains a user name; leave it out")
	}
	if _, ok := hostOf(u.Host); !ok {
		return wrong(path, "has the host %s; a public host name is expected, for example shop.example.com", show(u.Host))
	}
	return nil
}

func plainURL(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return true
}

// hostOf takes a domain as merchants write it, "api.example.com" or "https://api.example.com", with or without a
// port, to the host that counts, in small letters; ok is false when it is no https host.
func hostOf(s string) (host string, ok bool) {
	host = strings.TrimSuffix(strings.TrimPrefix(strings.ToLower(s), "https://"), "/")
	name, port, hasPort := strings.Cut(host, ":")
	if hasPort {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || port[0] == '0' {
			return "", false
		}
	}
	return host, len(name) <= 253 && hostPattern.MatchString(name)
}
