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

// Match says whether b matches.
func (p Pattern) Match(b []byte) bool { return p.compiled().Match(b) }

// Find is the first match in b, nil when there is none.
func (p Pattern) Find(b []byte) []byte { return p.compiled().Find(b) }

// FindStringSubmatch is the first match in s and what its groups match, nil when there is none.
func (p Pattern) FindStringSubmatch(s string) []string { return p.compiled().FindStringSubmatch(s) }

// FindAllString is the first n matches in s, all for a negative n.
func (p Pattern) FindAllString(s string, n int) []string { return p.compiled().FindAllString(s, n) }

// FindAllStringSubmatch is FindStringSubmatch for the first n matches, all for a negative n.
func (p Pattern) FindAllStringSubmatch(s string, n int) [][]string {
	return p.compiled().FindAllStringSubmatch(s, n)
}

// ReplaceAllString puts with, in which $1 is a group, in place of every match in s.
func (p Pattern) ReplaceAllString(s, with string) string {
	return p.compiled().ReplaceAllString(s, with)
}

// FindAllStringIndex is where the first n matches in s are, all for a negative n.
func (p Pattern) FindAllStringIndex(s string, n int) [][]int {
	return p.compiled().FindAllStringIndex(s, n)
}

// FindString is the first match in s, "" when there is none.
func (p Pattern) FindString(s string) string { return p.compiled().FindString(s) }

// FindAllStringSubmatchIndex is where the first n matches in s and their groups are, all for a negative n.
func (p Pattern) FindAllStringSubmatchIndex(s string, n int) [][]int {
	return p.compiled().FindAllStringSubmatchIndex(s, n)
}
