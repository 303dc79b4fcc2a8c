package smoke

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// The engine takes \p{L} of a pattern with the flag u for the letters p{L}, so that a validator of names refuses every name.
// Properties are therefore written out as ranges of characters, which it knows. Only what a script holds as one text can be:
// a pattern that is put together while it runs is taken as before.

// maxExpanded bounds how much longer the patterns of one script become; \p{L} has 7 kilobytes.
const maxExpanded = 1 << 20

// expand writes the properties of a pattern as ranges; one that is unknown stays as it is.
func expand(pattern string) string {
	if !strings.Contains(pattern, `\p{`) && !strings.Contains(pattern, `\P{`) {
		return pattern
	}
	var out strings.Builder
	within := false // a class
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		n := 1
		switch {
		case strings.HasPrefix(rest, `\p{`), strings.HasPrefix(rest, `\P{`):
			name, _, closed := strings.Cut(rest[3:], "}")
			ranges, known := written(name, rest[1] == 'P')
			if !closed || !known {
				n = 2
				break
			}
			if !within {
				ranges = "[" + ranges + "]"
			}
			out.WriteString(ranges)
			i += len(`\p{}`) + len(name)
			continue
		case rest[0] == '\\' && len(rest) > 1:
			_, size := utf8.DecodeRuneInString(rest[1:])
			n = 1 + size
		case rest[0] == '[':
			within = true
		case rest[0] == ']':
			within = false
		}
		out.WriteString(rest[:n])
		i += n
	}
	return out.String()
}

type property struct {
	name string
	not  bool
}

var writtenOut sync.Map // property → string; there are no more of them than Unicode has names

// written is a property, or all that is without it, as the ranges of a class.
func written(name string, not bool) (ranges string, known bool) {
	if text, ok := writtenOut.Load(property{name, not}); ok {
		return text.(string), true
	}
	all, known := named(name)
	if not {
		all = all.rest()
	}
	var out strings.Builder
	for _, r := range all {
		fmt.Fprintf(&out, `\u{%x}`, r[0])
		if r[1] > r[0] {
			fmt.Fprintf(&out, `-\u{%x}`, r[1])
		}
	}
	if known {
		writtenOut.Store(property{name, not}, out.String())
	}
	return out.String(), known
}

// shortScripts are the scripts that patterns name by their four letters.
var shortScripts = map[string]string{
	"Arab": "Arabic", "Cyrl": "Cyrillic", "Deva": "Devanagari", "Grek": "Greek", "Hang": "Hangul", "Hani": "Han", "Hebr": "Hebrew",
	"Hira": "Hiragana", "Kana": "Katakana", "Latn": "Latin", "Thai": "Thai", "Zyyy": "Common", "Zinh": "Inherited",
}

// named is what a property holds.
func named(name string) (all set, known bool) {
	kind, value, two := strings.Cut(name, "=")
	switch {
	case two && slices.Contains([]string{"General_Category", "gc"}, kind):
		return tabled(category(value))
	case two && slices.Contains([]string{"Script", "sc", "Script_Extensions", "scx"}, kind): // which differ in some marks
		if long, ok := shortScripts[value]; ok {
			value = long
		}
		return tabled(unicode.Scripts[value])
	case two:
		return nil, false
	}
	if t := category(name); t != nil {
		return of(t), true
	}
	if ranges, ok := emoji[name]; ok {
		return read(ranges), true
	}
	return binary(name)
}

func tabled(t *unicode.RangeTable) (set, bool) {
	if t == nil {
		return nil, false
	}
	return of(t), true
}

func category(name string) *unicode.RangeTable {
	if short, ok := unicode.CategoryAliases[name]; ok {
		name = short
	}
	return unicode.Categories[name]
}

// binary are the properties that are there or not, some of which the standard has in parts.
func binary(name string) (set, bool) {
	p := unicode.Properties
	start := func() set {
		never := of(p["Pattern_Syntax"], p["Pattern_White_Space"])
		return slices.Concat(of(unicode.L, unicode.Nl, p["Other_ID_Start"]).rest(), never).sorted().rest()
	}
	switch name {
	case "Any":
		return set{{0, unicode.MaxRune}}, true
	case "ASCII":
		return set{{0, 0x7f}}, true
	case "Assigned":
		return of(unicode.Categories["Cn"]).rest(), true
	case "Alphabetic", "Alpha":
		return of(unicode.L, unicode.Nl, p["Other_Alphabetic"]), true
	case "Uppercase", "Upper":
		return of(unicode.Lu, p["Other_Uppercase"]), true
	case "Lowercase", "Lower":
		return of(unicode.Ll, p["Other_Lowercase"]), true
	case "ID_Start", "IDS":
		return start(), true
	case "ID_Continue", "IDC":
		return slices.Concat(start(), of(unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, p["Other_ID_Continue"])).sorted(), true
	case "space":
		name = "White_Space"
	}
	if strings.HasPrefix(name, "Other_") { // the standard's parts are not names that patterns know
		return nil, false
	}
	return tabled(p[name])
}
