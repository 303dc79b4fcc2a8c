// Package style reads a style sheet (*.acss, *.css, *.less) as far as rules need it: declarations, selectors and
// at-rules with their places.
//
// It follows CSS Syntax Level 3 for comments, strings, escapes and blocks and knows no property; what is right or wrong is
// decided in package compat. Standard library only.
package style

import (
	"strings"
	"unicode/utf8"
)

// Pos is a place in the sheet, 1-based; columns count characters.
type Pos struct {
	Line   int
	Column int
}

// Declaration is a property with its value.
type Declaration struct {
	Pos
	Property string // lower case
	Value    string // comments taken out, strings kept as written
	Block    int    // declarations of one block have one number
}

// Prelude is what stands before a block or a semicolon: a selector, or an at-rule with its name.
type Prelude struct {
	Pos
	Text string
}

// Sheet is a style sheet read, in document order.
type Sheet struct {
	Declarations []Declaration
	Selectors    []Prelude
	AtRules      []Prelude
	Unclosed     *Pos // of the first block, string or comment without an end
}

// Parse reads a sheet. It takes time linear in len(src) and never panics; what it does not understand it leaves out.
func Parse(src []byte) *Sheet {
	r := &reader{src: strings.TrimPrefix(string(src), "\ufeff"), line: 1, column: 1, end: -1, sheet: &Sheet{}}
	r.read()
	return r.sheet
}

type reader struct {
	src          string
	pos          int
	line, column int
	sheet        *Sheet
	text         strings.Builder // what was read since the last ; { or }
	start        Pos             // of its first character
	blocks       []block         // open ones
	count        int             // of blocks so far
	parens       int
	end          int // where the next address may end
}

type block struct {
	number int
	at     Pos
}

func (r *reader) here() Pos { return Pos{r.line, r.column} }

// take moves over n bytes.
func (r *reader) take(n int) string {
	part := r.src[r.pos : r.pos+n]
	if lines := strings.Count(part, "\n"); lines > 0 {
		r.line += lines
		r.column = 1 + utf8.RuneCountInString(part[strings.LastIndexByte(part, '\n')+1:])
	} else {
		r.column += utf8.RuneCountInString(part)
	}
	r.pos += n
	return part
}

func (r *reader) spaces() {
	n := r.pos
	for n < len(r.src) && strings.IndexByte(" \t\r\n\f", r.src[n]) >= 0 {
		n++
	}
	r.take(n - r.pos)
}

func (r *reader) add(text string) { r.text.WriteString(text) }

func (r *reader) unclosed(at Pos) {
	if r.sheet.Unclosed == nil {
		r.sheet.Unclosed = &at
	}
}

func (r *reader) read() {
	for {
		if r.text.Len() == 0 {
			r.spaces()
			r.start = r.here()
		}
		if r.pos >= len(r.src) {
			break
		}
		r.next()
	}
	r.declaration()
	if len(r.blocks) > 0 {
		r.unclosed(r.blocks[len(r.blocks)-1].at)
	}
}

func (r *reader) next() {
	rest := r.src[r.pos:]
	switch c := rest[0]; {
	case strings.HasPrefix(rest, "/*"):
		r.comment(rest)
	case r.text.Len() == 0 && strings.HasPrefix(rest, "//"): // Less; in CSS a mistake that means the same
		n := strings.IndexByte(rest, '\n')
		if n < 0 {
			n = len(rest)
		}
		r.take(n)
	case c == '"' || c == '\'':
		r.string(c)
	case c == '\\' && len(rest) > 1:
		_, size := utf8.DecodeRuneInString(rest[1:])
		r.add(r.take(1 + size))
	case c == '(':
		r.parens++
		r.add(r.take(1))
		r.address()
	case c == ')':
		r.parens = max(0, r.parens-1)
		r.add(r.take(1))
	case c == ';' && r.parens == 0:
		r.take(1)
		r.declaration()
	case c == '{':
		at := r.here()
		r.take(1)
		r.open(at)
	case c == '}':
		r.take(1)
		r.declaration()
		if len(r.blocks) > 0 {
			r.blocks = r.blocks[:len(r.blocks)-1]
		}
	default:
		r.add(r.take(r.plain(rest)))
	}
}

// plain is how far nothing special stands.
func (r *reader) plain(rest string) int {
	if n := strings.IndexAny(rest[1:], "/\"'\\();{}"); n >= 0 {
		return n + 1
	}
	return len(rest)
}

func (r *reader) comment(rest string) {
	at := r.here()
	n := strings.Index(rest[2:], "*/")
	if n < 0 {
		r.unclosed(at)
		r.take(len(rest))
		return
	}
	r.take(n + 4)
	if r.text.Len() > 0 {
		r.add(" ")
	}
}

// string reads to the closing quote. One that reaches the end of its line is closed there, as browsers do.
func (r *reader) string(quote byte) {
	at := r.here()
	i := r.pos + 1
	for ; i < len(r.src) && r.src[i] != quote && r.src[i] != '\n'; i++ {
		if r.src[i] == '\\' && i+1 < len(r.src) {
			i++
		}
	}
	if i >= len(r.src) || r.src[i] == '\n' {
		r.unclosed(at)
	} else {
		i++
	}
	r.add(r.take(i - r.pos))
}

// address reads what follows "url(" without quotes, in which // is no comment and ; is no end.
func (r *reader) address() {
	text := r.text.String()
	if len(text) < 4 || !strings.EqualFold(text[len(text)-4:], "url(") {
		return
	}
	r.spaces()
	if r.end < r.pos { // looked for once, however many addresses have no end
		if n := strings.IndexAny(r.src[r.pos:], ")\"'\n"); n >= 0 {
			r.end = r.pos + n
		} else {
			r.end = len(r.src)
		}
	}
	if r.end < len(r.src) && r.src[r.end] == ')' {
		r.add(r.take(r.end - r.pos))
	}
}

func (r *reader) flush() (string, Pos) {
	text := strings.TrimSpace(r.text.String())
	r.text.Reset()
	r.parens = 0
	return text, r.start
}

func (r *reader) open(brace Pos) {
	text, at := r.flush()
	switch {
	case strings.HasPrefix(text, "@"):
		r.sheet.AtRules = append(r.sheet.AtRules, Prelude{at, text})
	case text != "":
		r.sheet.Selectors = append(r.sheet.Selectors, Prelude{at, text})
	}
	r.count++
	r.blocks = append(r.blocks, block{r.count, brace})
}

func (r *reader) declaration() {
	text, at := r.flush()
	if strings.HasPrefix(text, "@") {
		r.sheet.AtRules = append(r.sheet.AtRules, Prelude{at, text})
		return
	}
	property, value, ok := strings.Cut(text, ":")
	property = strings.ToLower(strings.TrimSpace(property))
	if !ok || property == "" || len(r.blocks) == 0 || strings.ContainsAny(property, " .#&()\n") {
		return
	}
	r.sheet.Declarations = append(r.sheet.Declarations, Declaration{at, property, strings.TrimSpace(value), r.blocks[len(r.blocks)-1].number})
}
