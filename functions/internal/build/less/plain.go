package less

import (
	"strings"
	"unicode/utf8"
)

// plain gives a sheet with spaces for what is not ASCII in its comments. Most sheets are ASCII but for those, and the
// script engine takes a fifth less time where a text is ASCII altogether. Comments that a minifier keeps are kept as they
// are. Lines and columns, which count UTF-16, stay the same.
func plain(src string) string {
	if ascii(src) {
		return src
	}
	var out strings.Builder
	out.Grow(len(src))
	for at := 0; at < len(src); {
		end, comment := token(src, at)
		if part := src[at:end]; comment && !legal(part) {
			blank(&out, part)
		} else {
			out.WriteString(part)
		}
		at = end
	}
	return out.String()
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func legal(comment string) bool {
	return strings.HasPrefix(comment, "/*!") || strings.Contains(comment, "@license") || strings.Contains(comment, "@preserve")
}

// token gives the end of what begins at a place: a comment, a text in quotes, an address, or one byte of anything else.
// Where it is in doubt it sees no comment, which costs time and nothing more.
func token(src string, at int) (end int, comment bool) {
	rest := src[at:]
	until := func(from int, mark string) int {
		if i := strings.Index(rest[from:], mark); i >= 0 {
			return at + from + i + len(mark)
		}
		return len(src)
	}
	switch {
	case strings.HasPrefix(rest, "/*"):
		return until(2, "*/"), true
	case strings.HasPrefix(rest, "//") && (at == 0 || src[at-1] != ':'):
		return until(2, "\n"), true
	case len(rest) > 4 && strings.EqualFold(rest[:4], "url(") && !strings.HasPrefix(strings.TrimLeft(rest[4:], " \t\r\n"), `"`) && !strings.HasPrefix(strings.TrimLeft(rest[4:], " \t\r\n"), "'"):
		return until(4, ")"), false
	case rest[0] == '"' || rest[0] == '\'':
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case rest[0]:
				return at + i + 1, false
			}
		}
		return len(src), false
	case rest[0] == '\\' && len(rest) > 1:
		return at + 2, false
	}
	return at + 1, false
}

// blank writes as many spaces for a character as it counts in UTF-16.
func blank(out *strings.Builder, comment string) {
	for _, r := range comment {
		switch {
		case r < utf8.RuneSelf:
			out.WriteByte(byte(r))
		case r > 0xffff:
			out.WriteString("  ")
		default:
			out.WriteByte(' ')
		}
	}
}
