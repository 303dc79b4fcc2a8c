package intake

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// globs makes a matcher of uploadExclude patterns: *, **, ?, {a,b} and a bare folder name, which means all in it. Go's
// regexp takes time as a name is long and a pattern has wildcards, both of which are bounded.
func globs(patterns []string) func(string) bool {
	var all []*regexp.Regexp
	for _, p := range patterns {
		p = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(p), "./"), "/")
		if p == "" {
			continue
		}
		if re, err := regexp.Compile(globPattern(p)); err == nil {
			all = append(all, re)
		}
	}
	return func(name string) bool {
		for _, re := range all {
			if re.MatchString(name) {
				return true
			}
		}
		return false
	}
}

func globPattern(p string) string {
	var b strings.Builder
	b.WriteString(`^`)
	if !strings.Contains(strings.TrimSuffix(p, "/"), "/") && strings.ContainsAny(p, "*?") {
		b.WriteString(`(?:.*/)?`) // "*.psd" means at any depth, as everywhere else
	}
	braces := 0
	for i := 0; i < len(p); i++ {
		switch c := p[i]; {
		case strings.HasPrefix(p[i:], "**/"):
			b.WriteString(`(?:.*/)?`)
			i += 2
		case strings.HasPrefix(p[i:], "**"):
			b.WriteString(`.*`)
			i++
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`[^/]`)
		case c == '{':
			braces++
			b.WriteString(`(?:`)
		case c == '}' && braces > 0:
			braces--
			b.WriteString(`)`)
		case c == ',' && braces > 0:
			b.WriteString(`|`)
		case c >= utf8.RuneSelf:
			b.WriteByte(c)
		default:
			b.WriteString(regexp.QuoteMeta(string(rune(c))))
		}
	}
	b.WriteString(strings.Repeat(`)`, braces))
	return strings.TrimSuffix(b.String(), "/") + `(?:/.*)?$`
}
