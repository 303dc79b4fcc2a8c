package axml

import (
	"cmp"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Parse reads a template. It always gives a document, of whatever could be understood, takes time linear in len(src)
// and never panics. Problems come in the order of the file. File is for messages and Document.File only.
func Parse(file string, src []byte) (*Document, []Problem) {
	p := &parser{lexer: newLexer(src), doc: &Document{File: file}, open: map[string]int{}}
	if !utf8.Valid(src) {
		p.lexer.report(Error, "template-not-utf8", Position{Line: 1, Column: 1}, "the file is not UTF-8", "save it with the UTF-8 encoding")
	}
	for {
		t := p.lexer.next()
		switch t.kind {
		case textToken:
			p.add(Node{Text: t.text, Pos: t.pos})
		case commentToken:
			p.add(Node{Text: t.text, Comment: true, Pos: t.pos})
		case openToken:
			p.begin(t)
		case closeToken:
			p.end(t)
		case endToken:
			p.unclosed(0, "the file")
			slices.SortStableFunc(p.lexer.problems, func(a, b Problem) int { return cmp.Compare(a.Offset, b.Offset) })
			return p.doc, p.lexer.problems
		}
	}
}

type parser struct {
	lexer   *lexer
	doc     *Document
	stack   []*Element     // open elements
	open    map[string]int // name → how many of it are open, so that a stray end costs nothing
	tooDeep bool
}

// parent is where the next node goes.
func (p *parser) parent() *Element {
	if len(p.stack) == 0 {
		return nil
	}
	return p.stack[min(len(p.stack), MaxDepth)-1]
}

func (p *parser) add(n Node) {
	if parent := p.parent(); parent != nil {
		parent.Children = append(parent.Children, n)
		return
	}
	p.doc.Nodes = append(p.doc.Nodes, n)
}

func (p *parser) begin(t token) {
	e := &Element{Name: t.text, Attrs: t.attrs, Parent: p.parent(), Pos: t.pos, SelfClosing: t.selfClosing}
	p.duplicates(e)
	p.add(Node{Element: e, Pos: t.pos})
	p.doc.Elements = append(p.doc.Elements, e)
	if t.selfClosing {
		return
	}
	if len(p.stack) == MaxDepth && !p.tooDeep {
		p.tooDeep = true
		p.lexer.report(Warning, "template-too-deep", t.pos, fmt.Sprintf("elements nest deeper than %d", MaxDepth), "split the page into components")
	}
	p.stack = append(p.stack, e)
	p.open[e.Name]++
}

func (p *parser) duplicates(e *Element) {
	if len(e.Attrs) < 2 {
		return
	}
	seen := make(map[string]bool, len(e.Attrs))
	for _, a := range e.Attrs {
		if seen[a.Name] {
			p.lexer.report(Warning, "template-duplicate-attribute", a.Pos, "<"+e.Name+"> has "+a.Name+" twice; the first counts", "keep one of them")
		}
		seen[a.Name] = true
	}
}

func (p *parser) end(t token) {
	if p.open[t.text] == 0 {
		p.lexer.report(Warning, "template-stray-end", t.pos, "</"+t.text+"> closes nothing", "remove it, or open <"+t.text+"> before")
		return
	}
	i := len(p.stack) - 1
	for p.stack[i].Name != t.text {
		i--
	}
	p.unclosed(i+1, fmt.Sprintf("</%s> in line %d", t.text, t.pos.Line))
	p.pop()
}

// unclosed closes what is open from depth on and says so.
func (p *parser) unclosed(depth int, before string) {
	for len(p.stack) > depth {
		e := p.pop()
		p.lexer.report(Warning, "template-unclosed-element", e.Pos, "<"+e.Name+"> is not closed before "+before+" ends it", "close it with </"+e.Name+`>, or write "/>"`)
	}
}

func (p *parser) pop() *Element {
	e := p.stack[len(p.stack)-1]
	p.stack = p.stack[:len(p.stack)-1]
	p.open[e.Name]--
	return e
}
