// Package axml reads mini program templates (*.axml): markup in which {{ }} may hold anything, quotes and tags included.
//
// It finds elements, attributes, text and what is wrong with them, with positions. It does not evaluate expressions,
// knows no component and follows no import; packages build and compat do. Standard library only.
package axml

import (
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep elements may nest. Deeper ones are reported once and kept as children of the element at the
// limit, so that whoever walks a Document may recurse.
const MaxDepth = 256

// maxProblems keeps a hostile file from growing a report without end.
const maxProblems = 200

// Position is a place in a template. Columns count characters; a tab counts one.
type Position struct {
	Offset int // bytes from the file's beginning
	Line   int // 1-based
	Column int // 1-based
}

// Severities of a Problem.
const (
	Error   = "error"   // the structure is lost: the template cannot be built
	Warning = "warning" // understood in one particular way, which may not be the author's
)

// Problem is something wrong with a template.
type Problem struct {
	Severity string
	Rule     string // stable: "template-unclosed-element", …
	Position
	Message string // what is wrong
	Advice  string // what would be right
}

// Document is a template read. Elements are in document order, parents before children.
type Document struct {
	File     string
	Nodes    []Node
	Elements []*Element
}

// Node is an element, or else text or a comment.
type Node struct {
	Element *Element
	Text    string // as written, between elements; the inside of a comment
	Comment bool
	Pos     Position
}

// Element is a tag with what it holds.
type Element struct {
	Name        string
	Attrs       []Attr
	Children    []Node
	Parent      *Element // nil at the top
	Pos         Position // of its "<"
	SelfClosing bool
}

// Attr is an attribute as written.
type Attr struct {
	Name     string // case kept; "{{...props}}" for a spread
	Value    string // without its quotes, {{ }} untouched
	HasValue bool
	Quote    byte // '"', '\'' or 0
	Pos      Position
	ValuePos Position
}

// Attr finds an attribute by its name. Of duplicates the first counts.
func (e *Element) Attr(name string) (Attr, bool) {
	for _, a := range e.Attrs {
		if a.Name == name {
			return a, true
		}
	}
	return Attr{}, false
}

// Value is an attribute's value, "" without one.
func (e *Element) Value(name string) string {
	a, _ := e.Attr(name)
	return a.Value
}

// Dynamic says whether s holds {{ }}, so that its value is known only when the page runs.
func Dynamic(s string) bool { return strings.Contains(s, "{{") }

// cursor turns rising offsets into positions in one pass over the file.
type cursor struct {
	src  string
	here Position
}

func (c *cursor) at(offset int) Position {
	part := c.src[c.here.Offset:offset]
	if n := strings.Count(part, "\n"); n > 0 {
		c.here.Line += n
		c.here.Column = 1
		part = part[strings.LastIndexByte(part, '\n')+1:]
	}
	c.here.Column += utf8.RuneCountInString(part)
	c.here.Offset = offset
	return c.here
}
