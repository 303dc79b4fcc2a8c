package script

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

// asked lists what a test asks for: "my.getLocation" of my.canIUse("getLocation.object.type"), of typeof my.getLocation
// and of my.getLocation itself; "window" of typeof window.
func (w *walker) asked(test ast.Node) []string {
	var names []string
	var find func(ast.Node, int)
	find = func(n ast.Node, depth int) {
		if depth > 64 {
			return
		}
		switch n := n.(type) {
		case *ast.FunctionLiteral, *ast.ArrowFunctionLiteral:
			return
		case *ast.CallExpression:
			if name := w.canIUse(n); name != "" {
				names = append(names, prefixes("my."+name)...)
			}
		case *ast.Identifier:
			if w.free(n.Name.String()) {
				names = append(names, n.Name.String())
			}
		case *ast.DotExpression, *ast.BracketExpression:
			if root, members := w.chain(n.(ast.Expression)); root != "" && len(members) > 0 {
				names = append(names, prefixes(join(root, members))...)
				if method, ok := prototypeMethod(join(root, members)); ok {
					names = append(names, method)
				}
				return
			}
		}
		children(n, func(c ast.Node) { find(c, depth+1) })
	}
	find(test, 0)
	return names
}

// prefixes of a.b.c are a.b and a.b.c; asking for a member asks for what holds it. "my" alone asks for nothing.
func prefixes(name string) []string {
	var list []string
	for i, c := range name {
		if c == '.' && strings.Contains(name[:i], ".") {
			list = append(list, name[:i])
		}
	}
	if root, _, _ := strings.Cut(name, "."); root != "my" {
		list = append(list, root)
	}
	return append(list, name)
}

func (w *walker) canIUse(n *ast.CallExpression) string {
	root, members := w.chain(n.Callee)
	if root != "my" || len(members) != 1 || members[0] != "canIUse" || len(n.ArgumentList) == 0 {
		return ""
	}
	t, _ := w.text(n.ArgumentList[0])
	return t.Value
}

func (w *walker) isGuarded(name string) bool {
	for _, p := range prefixes(name) {
		if w.guards[p] > 0 {
			return true
		}
	}
	return false
}

func (w *walker) identifier(n *ast.Identifier, called bool) {
	name := n.Name.String()
	at, ok := w.at(n.Idx)
	if !ok || w.aliases[name] || !w.free(name) || w.inTest > 0 && !called {
		return
	}
	w.out.Globals = append(w.out.Globals, GlobalUse{Pos: at, Name: name, Called: called, Guarded: w.guards[name] > 0, Conditional: w.conditions > 0})
}

// member reports the longest chain once and then looks at what else is inside.
func (w *walker) member(n ast.Expression, called bool) {
	root, members := w.chain(n)
	at, mapped := w.at(n.Idx0())
	switch {
	case root == "my" && len(members) > 0:
		if mapped && (called || w.inTest == 0) {
			name := strings.Join(members, ".")
			w.out.APIs = append(w.out.APIs, APIUse{Pos: at, Name: name, Called: called, Guarded: w.isGuarded("my." + name)})
		}
		w.inside(n)
		return
	case root != "" && len(members) > 0:
		if mapped {
			w.feature(Static, root+"."+members[0], at)
		}
		w.method(n, called)
		if called {
			defer w.outsideTest()()
		}
		w.inside(n)
		return
	}
	if call, ok := receiver(n).(*ast.CallExpression); ok {
		w.handled[call] = true // something follows the call: .then, .catch, a member of what it gives
	}
	w.method(n, called)
	children(n, w.visit)
}

func (w *walker) method(n ast.Expression, called bool) {
	if dot, ok := n.(*ast.DotExpression); ok && called {
		if at, ok := w.at(dot.Identifier.Idx); ok {
			w.feature(Method, dot.Identifier.Name.String(), at)
		}
	}
}

// outsideTest suspends a test: what is called there, or compared, is used and not asked for.
func (w *walker) outsideTest() (back func()) {
	inTest := w.inTest
	w.inTest = 0
	return func() { w.inTest = inTest }
}

func receiver(n ast.Expression) ast.Expression {
	switch n := n.(type) {
	case *ast.DotExpression:
		return n.Left
	case *ast.BracketExpression:
		return n.Left
	}
	return nil
}

// inside visits the root of a chain and its computed members; the chain itself has been reported already.
func (w *walker) inside(e ast.Expression) {
	for e != nil {
		switch n := e.(type) {
		case *ast.DotExpression:
			e = n.Left
		case *ast.BracketExpression:
			w.visit(n.Member)
			e = n.Left
		case *ast.Optional:
			e = n.Expression
		case *ast.OptionalChain:
			e = n.Expression
		default:
			w.visit(e)
			return
		}
	}
}

func (w *walker) feature(kind FeatureKind, name string, at Pos) {
	if kind == Static && w.inTest > 0 {
		return
	}
	w.out.Features = append(w.out.Features, FeatureUse{Pos: at, Kind: kind, Name: name, Guarded: w.guards[name] > 0})
}

// assign: what a script puts into "my" or a built-in itself (a polyfill) counts as there everywhere.
func (w *walker) assign(n *ast.AssignExpression) {
	if root, members := w.chain(n.Left); root != "" && len(members) > 0 {
		w.everywhere[join(root, members)] = true
		if root == "my" {
			w.out.Provides = append(w.out.Provides, strings.Join(members, "."))
		}
		if method, ok := prototypeMethod(join(root, members)); ok {
			w.everywhere[method] = true
		}
		w.inside(n.Left)
		w.visit(n.Right)
		return
	}
	children(n, w.visit)
}

// prototypeMethod is how a method is guarded, whatever it is a method of: "replaceAll" of String.prototype.replaceAll.
func prototypeMethod(name string) (string, bool) {
	_, method, ok := strings.Cut(name, ".prototype.")
	return method, ok
}

// binding: const { request } = my mentions my.request.
func (w *walker) binding(n *ast.Binding) {
	pattern, ok := n.Target.(*ast.ObjectPattern)
	if root, members := w.chain(n.Initializer); ok && root == "my" && len(members) == 0 {
		for _, p := range pattern.Properties {
			name, idx := key(p)
			if at, mapped := w.at(idx); mapped && name != "" {
				w.out.APIs = append(w.out.APIs, APIUse{Pos: at, Name: name, Guarded: w.isGuarded("my." + name)})
			}
		}
		return
	}
	if id, ok := n.Initializer.(*ast.Identifier); ok && id.Name == "my" {
		return
	}
	if n.Initializer != nil {
		w.handled[n.Initializer] = true // kept in a variable: what happens to it is not followed
	}
	children(n, w.visit)
}

// key is a property's name, "" when it is computed.
func key(p ast.Property) (string, file.Idx) {
	switch p := p.(type) {
	case *ast.PropertyShort:
		return p.Name.Name.String(), p.Name.Idx
	case *ast.PropertyKeyed:
		if s, ok := p.Key.(*ast.StringLiteral); ok && !p.Computed {
			return s.Value.String(), s.Idx
		}
	}
	return "", 0
}

// literal keeps strings that begin like an address. Of a sum only the whole is kept.
func (w *walker) literal(e ast.Expression) {
	t, ok := w.text(e)
	if !ok || !strings.Contains(t.Value, "://") || t.Line == 0 {
		return
	}
	if n := len(w.out.Literals); n > 0 && w.out.Literals[n-1].Pos == t.Pos {
		w.out.Literals[n-1] = t
		return
	}
	w.out.Literals = append(w.out.Literals, t)
}
