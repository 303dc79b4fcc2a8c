package axml

import (
	"strings"
	"unicode/utf8"
)

type tokenKind int

const (
	textToken tokenKind = iota
	openToken
	closeToken
	commentToken
	declarationToken // <!DOCTYPE …>, <?xml …?>
	endToken
)

type token struct {
	kind        tokenKind
	text        string // text; the inside of a comment; a tag's name
	attrs       []Attr
	selfClosing bool
	raw         bool // text from a CDATA section
	pos         Position
}

// lexer cuts a template into tokens. Every byte is looked at a bounded number of times.
type lexer struct {
	src      string
	pos      int
	cursor   cursor
	problems []Problem
	noQuote  [256]bool // quotes of which no further one follows
}

func newLexer(src []byte) *lexer {
	l := &lexer{src: string(src)}
	l.cursor = cursor{src: l.src, here: Position{Line: 1, Column: 1}}
	if strings.HasPrefix(l.src, "\ufeff") {
		l.pos = len("\ufeff")
		l.cursor.here.Offset = l.pos // an editor does not show the mark, so it takes no column
	}
	return l
}

func (l *lexer) report(severity, rule string, pos Position, message, advice string) {
	if len(l.problems) < maxProblems {
		l.problems = append(l.problems, Problem{severity, rule, pos, message, advice})
	}
}

func (l *lexer) next() token {
	if l.pos >= len(l.src) {
		return token{kind: endToken, pos: l.cursor.at(len(l.src))}
	}
	if l.src[l.pos] == '<' {
		rest := l.src[l.pos:]
		switch {
		case strings.HasPrefix(rest, "<!--"):
			return l.until(commentToken, "<!--", "-->")
		case strings.HasPrefix(rest, "<![CDATA["):
			t := l.until(textToken, "<![CDATA[", "]]>")
			t.raw = true
			return t
		case strings.HasPrefix(rest, "<!"), strings.HasPrefix(rest, "<?"):
			return l.until(declarationToken, rest[:2], ">")
		case strings.HasPrefix(rest, "</"):
			return l.closeTag()
		case len(rest) > 1 && nameStart(rest[1]):
			return l.openTag()
		}
	}
	return l.text()
}

// until reads a token that ends with a fixed word. One that never ends takes the rest of the file.
func (l *lexer) until(kind tokenKind, begin, end string) token {
	pos := l.cursor.at(l.pos)
	inside := l.src[l.pos+len(begin):]
	n := strings.Index(inside, end)
	if n < 0 {
		l.report(Error, "template-unclosed-tag", pos, begin+" is never closed", "end it with "+end)
		l.pos = len(l.src)
		return token{kind: kind, text: inside, pos: pos}
	}
	l.pos += len(begin) + n + len(end)
	return token{kind: kind, text: inside[:n], pos: pos}
}

func (l *lexer) text() token {
	start := l.pos
	pos := l.cursor.at(start)
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == '<' && l.tagFollows():
			return token{kind: textToken, text: l.src[start:l.pos], pos: pos}
		case c == '<':
			l.report(Warning, "template-stray-character", l.cursor.at(l.pos), `"<" begins no tag`, "write &lt; for a literal one")
			l.pos++
		case c == '{' && strings.HasPrefix(l.src[l.pos:], "{{"):
			if end := l.mustache(l.pos, len(l.src)); end > 0 {
				l.pos = end
				continue
			}
			l.report(Warning, "template-unclosed-expression", l.cursor.at(l.pos), `"{{" is not closed`, `close the expression with "}}"`)
			l.pos += 2
		default:
			l.pos++
		}
	}
	return token{kind: textToken, text: l.src[start:], pos: pos}
}

func (l *lexer) tagFollows() bool {
	if l.pos+1 >= len(l.src) {
		return false
	}
	c := l.src[l.pos+1]
	return nameStart(c) || c == '/' || c == '!' || c == '?'
}

func (l *lexer) closeTag() token {
	pos := l.cursor.at(l.pos)
	l.pos += 2
	name := l.name()
	l.spaces()
	if l.pos < len(l.src) && l.src[l.pos] == '>' {
		l.pos++
		return token{kind: closeToken, text: name, pos: pos}
	}
	l.report(Warning, "template-unclosed-tag", pos, "</"+name+" is not closed", `end it with ">"`)
	if end := strings.IndexAny(l.src[l.pos:], "<>"); end < 0 {
		l.pos = len(l.src)
	} else if l.pos += end; l.src[l.pos] == '>' {
		l.pos++
	}
	return token{kind: closeToken, text: name, pos: pos}
}

func (l *lexer) openTag() token {
	t := token{kind: openToken, pos: l.cursor.at(l.pos)}
	l.pos++
	t.text = l.name()
	for {
		l.spaces()
		if l.pos >= len(l.src) {
			l.report(Error, "template-unclosed-tag", t.pos, "<"+t.text+" never ends", `end the tag with ">" or "/>", and look for a missing quote`)
			return t
		}
		switch c := l.src[l.pos]; {
		case c == '>':
			l.pos++
			return t
		case strings.HasPrefix(l.src[l.pos:], "/>"):
			l.pos += 2
			t.selfClosing = true
			return t
		case c == '<' && l.tagFollows():
			l.report(Error, "template-unclosed-tag", t.pos, "<"+t.text+` is not closed before the next tag begins`, `end the tag with ">" or "/>"`)
			return t
		case strings.IndexByte(`/="'<`, c) >= 0:
			l.report(Warning, "template-stray-character", l.cursor.at(l.pos), "stray "+string(c)+" in <"+t.text+">", "remove it, or quote the whole value")
			l.pos++
		default:
			t.attrs = append(t.attrs, l.attr())
		}
	}
}

func (l *lexer) attr() Attr {
	a := Attr{Pos: l.cursor.at(l.pos)}
	start := l.pos
	for l.pos < len(l.src) && !strings.ContainsRune(" \t\r\n=></\"'", rune(l.src[l.pos])) {
		if end := l.mustacheHere(); end > 0 {
			l.pos = end
			continue
		}
		l.pos++
	}
	a.Name = l.src[start:l.pos]
	after := l.pos
	l.spaces()
	if l.pos >= len(l.src) || l.src[l.pos] != '=' {
		l.pos = after
		return a
	}
	l.pos++
	l.spaces()
	a.HasValue = true
	l.value(&a)
	return a
}

func (l *lexer) mustacheHere() int {
	if !strings.HasPrefix(l.src[l.pos:], "{{") {
		return -1
	}
	return l.mustache(l.pos, min(len(l.src), l.pos+lookAhead))
}

func (l *lexer) name() string {
	start := l.pos
	for l.pos < len(l.src) && (nameStart(l.src[l.pos]) || strings.IndexByte("0123456789-.:", l.src[l.pos]) >= 0) {
		l.pos++
	}
	return l.src[start:l.pos]
}

func (l *lexer) spaces() {
	for l.pos < len(l.src) && isSpace(l.src[l.pos]) {
		l.pos++
	}
}

func nameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || c >= utf8.RuneSelf
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' }
