package axml

import "strings"

// lookAhead bounds how far one expression is followed when that may be in vain, so that the whole stays linear.
const lookAhead = 512

// value reads what follows an attribute's "=".
func (l *lexer) value(a *Attr) {
	a.ValuePos = l.cursor.at(l.pos)
	if l.pos < len(l.src) && (l.src[l.pos] == '"' || l.src[l.pos] == '\'') {
		l.quoted(a)
		return
	}
	start := l.pos
	for l.pos < len(l.src) && !isSpace(l.src[l.pos]) && l.src[l.pos] != '>' && !strings.HasPrefix(l.src[l.pos:], "/>") {
		if end := l.mustacheHere(); end > 0 {
			l.pos = end
			continue
		}
		l.pos++
	}
	a.Value = l.src[start:l.pos]
	l.report(Warning, "template-unquoted-value", a.ValuePos, "the value of "+a.Name+" has no quotes", `write `+a.Name+`="…"`)
}

// quoted reads a value in quotes. A quote inside {{ }} belongs to the expression when it opens a string there.
func (l *lexer) quoted(a *Attr) {
	a.Quote = l.src[l.pos]
	l.pos++
	start := l.pos
	a.ValuePos = l.cursor.at(start)
	end := l.quoteAfter(start, a.Quote)
	for i := start; i < end; {
		next := strings.Index(l.src[i:end], "{{")
		if next < 0 {
			break
		}
		i += next
		close := l.mustache(i, min(len(l.src), end+lookAhead))
		switch {
		case close > 0 && close <= end:
			i = close
		case strings.Contains(l.src[i+2:end], "}}"): // an apostrophe led the other reading astray
			i += 4 + strings.Index(l.src[i+2:end], "}}")
		case close > 0 && opensString(l.src[i+2:end]) && strings.Count(l.src[i:close], string(a.Quote))%2 == 0 && !strings.Contains(l.src[i:close], "\n"):
			i = close
			end = l.quoteAfter(close, a.Quote)
		default:
			l.report(Warning, "template-unclosed-expression", l.cursor.at(i), `"{{" is not closed within the value of `+a.Name, `close the expression with "}}"`)
			i = end
		}
	}
	a.Value = l.src[start:end]
	l.pos = min(end+1, len(l.src))
	if end == len(l.src) {
		l.report(Error, "template-unclosed-value", a.ValuePos, "the value of "+a.Name+" is never closed", "end it with "+string(a.Quote))
	} else if n := strings.Index(a.Value, "<"); n >= 0 && strings.Contains(a.Value[:n], "\n") && !Dynamic(a.Value[:n]) {
		l.report(Warning, "template-unclosed-value", a.ValuePos, "the value of "+a.Name+" runs over several lines and into another tag", "look for a missing "+string(a.Quote))
	}
}

// quoteAfter is where the next quote stands, or the end of the file.
func (l *lexer) quoteAfter(from int, quote byte) int {
	if !l.noQuote[quote] {
		if n := strings.IndexByte(l.src[from:], quote); n >= 0 {
			return from + n
		}
		l.noQuote[quote] = true
	}
	return len(l.src)
}

// opensString says whether a quote that follows this much of an expression opens a string in it: after an operand it
// would not be JavaScript, so there it closes the attribute.
func opensString(before string) bool {
	before = strings.TrimRight(before, " \t")
	return before == "" || strings.IndexByte("?:=+(,[&|!<>", before[len(before)-1]) >= 0
}

// mustache finds the end (after its "}}") of the expression that begins at i, or -1. Strings and object literals in it
// are stepped over; when that leads nowhere the next "}}" counts, as long as no tag closes and no expression begins before.
func (l *lexer) mustache(i, limit int) int {
	if end := l.strictMustache(i+2, min(limit, i+lookAhead)); end > 0 {
		return end
	}
	for j := i + 2; j+1 < limit; j++ {
		switch l.src[j : j+2] {
		case "}}":
			for j+2 < limit && l.src[j+2] == '}' {
				j++
			}
			return j + 2
		case "{{", "</":
			return -1
		}
	}
	return -1
}

func (l *lexer) strictMustache(j, limit int) int {
	depth := 0
	for ; j < limit; j++ {
		switch c := l.src[j]; c {
		case '\'', '"', '`':
			n := strings.IndexByte(l.src[j+1:limit], c)
			if n >= 0 && !strings.Contains(l.src[j+1:j+1+n], "\n") {
				j += n + 1
			}
		case '{':
			depth++
		case '}':
			if depth > 0 {
				depth--
			} else if j+1 < limit && l.src[j+1] == '}' {
				return j + 2
			}
		case '<':
			if j+1 < limit && l.src[j+1] == '/' {
				return -1
			}
		}
	}
	return -1
}
