package smoke

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// set is characters as ranges from first to last, sorted and apart.
type set [][2]rune

// sorted puts ranges in order and joins those that touch.
func (s set) sorted() (out set) {
	slices.SortFunc(s, func(a, b [2]rune) int { return cmp.Compare(a[0], b[0]) })
	for _, r := range s {
		if n := len(out); n > 0 && r[0] <= out[n-1][1]+1 {
			out[n-1][1] = max(out[n-1][1], r[1])
			continue
		}
		out = append(out, r)
	}
	return out
}

// rest is all characters that are not in the set.
func (s set) rest() (out set) {
	next := rune(0)
	for _, r := range s {
		if r[0] > next {
			out = append(out, [2]rune{next, r[0] - 1})
		}
		next = r[1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, [2]rune{next, unicode.MaxRune})
	}
	return out
}

// of is all characters of some tables.
func of(tables ...*unicode.RangeTable) set {
	var s set
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			s = append(s, [2]rune{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			s = append(s, [2]rune{r, r})
		}
	}
	for _, t := range tables {
		for _, r := range t.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range t.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
	}
	return s.sorted()
}

// read reads ranges in hexadecimal.
func read(ranges string) set {
	var s set
	for _, r := range strings.Fields(ranges) {
		first, last, two := strings.Cut(r, "-")
		if !two {
			last = first
		}
		lo, _ := strconv.ParseUint(first, 16, 32)
		hi, _ := strconv.ParseUint(last, 16, 32)
		s = append(s, [2]rune{rune(lo), rune(hi)})
	}
	return s
}
