package script

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/token"
)

// enter runs f in a new scope with everything that the statements declare, nested functions left out.
func (w *walker) enter(list []ast.Statement, params *ast.ParameterList, f func()) {
	w.scopes = append(w.scopes, map[string]bool{"arguments": true})
	if params != nil {
		w.declarations(params, 0)
	}
	for _, s := range list {
		w.declarations(s, 0)
	}
	f()
	w.scopes = w.scopes[:len(w.scopes)-1]
}

func (w *walker) declare(id *ast.Identifier) { w.scopes[len(w.scopes)-1][id.Name.String()] = true }

func (w *walker) declarations(n ast.Node, depth int) {
	if depth > maxDepth {
		return
	}
	switch n := n.(type) {
	case *ast.Binding:
		w.targets(n.Target, 0)
	case *ast.ForDeclaration:
		w.targets(n.Target, 0)
	case *ast.CatchStatement:
		if n.Parameter != nil {
			w.targets(n.Parameter, 0)
		}
	case *ast.ParameterList:
		if n.Rest != nil {
			w.targets(n.Rest, 0)
		}
	case *ast.FunctionDeclaration:
		if n.Function.Name != nil {
			w.declare(n.Function.Name)
		}
		return
	case *ast.ClassDeclaration:
		if n.Class.Name != nil {
			w.declare(n.Class.Name)
		}
		return
	case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral, *ast.ClassLiteral:
		return
	}
	children(n, func(c ast.Node) { w.declarations(c, depth+1) })
}

// targets declares the names of a pattern.
func (w *walker) targets(n ast.Node, depth int) {
	if depth > maxDepth {
		return
	}
	switch n := n.(type) {
	case *ast.Identifier:
		w.declare(n)
	case *ast.PropertyShort:
		w.declare(&n.Name)
	case *ast.PropertyKeyed:
		w.targets(n.Value, depth+1)
	case *ast.AssignExpression:
		w.targets(n.Left, depth+1)
	case *ast.ObjectPattern, *ast.ArrayPattern, *ast.Binding:
		children(n, func(c ast.Node) { w.targets(c, depth+1) })
	}
}

func (w *walker) free(name string) bool {
	for i := len(w.scopes) - 1; i >= 0; i-- {
		if w.scopes[i][name] {
			return false
		}
	}
	return true
}

// constants finds names that hold one known string, or "my" itself, in the whole file.
func (w *walker) constants(p *ast.Program) {
	seen := map[string]int{}
	var find func(ast.Node, int)
	find = func(n ast.Node, depth int) {
		if depth > maxDepth {
			return
		}
		switch n := n.(type) {
		case *ast.Binding:
			if id, ok := n.Target.(*ast.Identifier); ok && n.Initializer != nil {
				w.constant(id.Name.String(), n.Initializer, seen)
			}
		case *ast.AssignExpression:
			if id, ok := n.Left.(*ast.Identifier); ok {
				seen[id.Name.String()] += 2 // assigned again: not constant
			}
		}
		children(n, func(c ast.Node) { find(c, depth+1) })
	}
	for _, s := range p.Body {
		find(s, 0)
	}
	for name, n := range seen {
		if n > 1 {
			delete(w.strings, name)
			delete(w.aliases, name)
		}
	}
}

func (w *walker) constant(name string, value ast.Expression, seen map[string]int) {
	seen[name]++
	switch v := value.(type) {
	case *ast.StringLiteral, *ast.TemplateLiteral, *ast.BinaryExpression:
		if t, ok := w.text(v); ok {
			w.strings[name] = t
		}
	case *ast.Identifier:
		if v.Name == "my" {
			w.aliases[name] = true
		}
	}
}

// maxText is how much of a string is kept: no address is longer, and sums of strings would grow without end.
const maxText = 2048

// text is what is known of a string expression from its beginning.
func (w *walker) text(e ast.Expression) (Text, bool) {
	t, ok := w.known(e)
	if len(t.Value) > maxText {
		t.Value, t.Complete = t.Value[:maxText], false
	}
	return t, ok
}

func (w *walker) known(e ast.Expression) (Text, bool) {
	switch e := e.(type) {
	case *ast.StringLiteral:
		at, _ := w.at(e.Idx)
		return Text{at, e.Value.String(), true}, true
	case *ast.Identifier:
		t, ok := w.strings[e.Name.String()]
		return t, ok
	case *ast.TemplateLiteral:
		return w.template(e)
	case *ast.BinaryExpression:
		if e.Operator != token.PLUS {
			return Text{}, false
		}
		left, ok := w.text(e.Left)
		if !ok || !left.Complete {
			return left, ok
		}
		if right, ok := w.text(e.Right); ok {
			return Text{left.Pos, left.Value + right.Value, right.Complete}, true
		}
		if id, ok := e.Right.(*ast.Identifier); ok && id.Name == "undefined" {
			return Text{left.Pos, left.Value + "undefined", true}, true
		}
		left.Complete = false
		return left, true
	}
	return Text{}, false
}

func (w *walker) template(e *ast.TemplateLiteral) (Text, bool) {
	if e.Tag != nil || len(e.Elements) == 0 {
		return Text{}, false
	}
	at, _ := w.at(e.OpenQuote)
	t := Text{Pos: at, Complete: true}
	for i, element := range e.Elements {
		t.Value += element.Parsed.String()
		if i < len(e.Expressions) {
			inner, ok := w.text(e.Expressions[i])
			t.Value += inner.Value
			if t.Complete = ok && inner.Complete; !t.Complete {
				break
			}
		}
	}
	return t, t.Value != ""
}

// chain reads a.b["c"] as its root name and the members below it. The root is "" when it is something else.
func (w *walker) chain(e ast.Expression) (root string, members []string) {
	for range 16 {
		switch n := e.(type) {
		case *ast.Identifier:
			name := n.Name.String()
			if w.aliases[name] {
				name = "my"
			} else if !w.free(name) {
				return "", nil
			}
			return name, reversed(members)
		case *ast.DotExpression:
			members = append(members, n.Identifier.Name.String())
			e = n.Left
		case *ast.BracketExpression:
			key, ok := n.Member.(*ast.StringLiteral)
			if !ok {
				members = nil // what is below is unknown
			} else {
				members = append(members, key.Value.String())
			}
			e = n.Left
		case *ast.Optional:
			e = n.Expression
		case *ast.OptionalChain:
			e = n.Expression
		default:
			return "", nil
		}
	}
	return "", nil
}

func reversed(list []string) []string {
	for i, j := 0, len(list)-1; i < j; i, j = i+1, j-1 {
		list[i], list[j] = list[j], list[i]
	}
	return list
}

func join(root string, members []string) string {
	return strings.Join(append([]string{root}, members...), ".")
}

func head(name string) string {
	first, _, _ := strings.Cut(name, ".")
	return first
}
