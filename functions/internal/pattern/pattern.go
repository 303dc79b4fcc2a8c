// Package pattern is regular expressions that are compiled when they are first used. A function starts for every burst
// of events and most of its patterns are for input that the burst does not have: compiled at the start, those of the
// domain alone took as long as the whole of Go's runtime.
//
// No pattern belongs here, and nothing that knows what one is for.
package pattern

import (
	"regexp"
	"sync"
)

// Pattern is a regular expression; its methods are those of package regexp. It is safe for concurrent use.
type Pattern struct{ compiled func() *regexp.Regexp }

// New makes a pattern. An expression that is none panics at its first use.
func New(expr string) Pattern {
	return Pattern{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

// MatchString says whether s matches.
func (p Pattern) MatchString(s string) bool { return p.compiled().MatchString(s) }

// FindAllStringIndex is where the first n matches in s are, all for a negative n.
func (p Pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.compiled().FindAllStringIndex(s, n)
}
