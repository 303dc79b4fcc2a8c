package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded is the form under which clashing names are equal: Unicode's full case folding between normal forms, as the
// file systems of most machines compare names. It is not taken from x/text/cases, whose tables of all languages' titles
// weigh more than half of what else reads archives; a test holds that both judge alike. Plain ASCII, the usual case,
// takes a short cut.
func folded(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKC.String(s) {
		if r >= '\u1f80' && r <= '\u1fff' {
			// A small iota below a Greek letter becomes one beside it, so these are folded in parts.
			for _, part := range norm.NFD.String(string(r)) {
				foldRune(&b, part)
			}
			continue
		}
		foldRune(&b, r)
	}
	return norm.NFC.String(b.String())
}

// foldRune goes by way of capitals, in which letters meet that have several small forms, such as the two sigmas.
func foldRune(b *strings.Builder, r rune) {
	switch r {
	case 'ß', 'ẞ':
		b.WriteString("ss")
	case 'İ': // small it keeps its dot
		b.WriteString("i\u0307")
	case 'ı': // its capital is that of i, which it is not
		b.WriteRune(r)
	default:
		b.WriteRune(unicode.ToLower(unicode.ToUpper(r)))
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
