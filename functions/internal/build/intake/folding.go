package intake

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folding folds many names. They are hostile, and a single character may stand for eighteen, so that each character is
// worked out once.
type folding struct {
	runes map[rune]character
	text  []byte
}

// character is what one becomes. One that joins may become something else after what stands before it.
type character struct {
	text  string
	joins bool
}

func newFolding() *folding { return &folding{runes: map[rune]character{}} }

// name gives what folded gives.
func (f *folding) name(s string) string {
	if isASCII(s) {
		return strings.ToLower(s)
	}
	f.text = f.text[:0]
	for _, r := range s {
		if r < utf8.RuneSelf {
			f.text = append(f.text, byte(unicode.ToLower(r)))
			continue
		}
		c, known := f.runes[r]
		if !known {
			c.text = folded(string(r))
			c.joins = !norm.NFC.PropertiesString(c.text).BoundaryBefore()
			f.runes[r] = c
		}
		if c.joins {
			return folded(s) // rare: names come composed
		}
		f.text = append(f.text, c.text...)
	}
	return string(f.text)
}
