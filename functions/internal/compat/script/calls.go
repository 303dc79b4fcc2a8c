package script

import (
	"strings"

	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
)

func (w *walker) call(n *ast.CallExpression) {
	w.require(n)
	w.callees[n.Callee] = true
	root, members := w.chain(n.Callee)
	switch {
	case root == "my" && len(members) > 0:
		w.apiCall(n, members)
	case len(members) == 0 && root != "":
		w.definition(n, root)
		if root == "RegExp" {
			w.regexpCall(n.ArgumentList, n.Idx0())
		}
		w.visit(n.Callee)
	default:
		w.callee(n.Callee)
	}
	for _, a := range n.ArgumentList {
		w.handled[a] = true // given to another function
		w.visit(a)
	}
}

func (w *walker) callee(e ast.Expression) {
	switch e.(type) {
	case *ast.DotExpression, *ast.BracketExpression:
		w.member(e, true)
	default:
		w.visit(e)
	}
}

func (w *walker) apiCall(n *ast.CallExpression, members []string) {
	if members[0] == "canIUse" && w.inTest == 0 {
		if name := w.canIUse(n); name != "" { // the answer is kept and used where it cannot be followed
			for _, p := range prefixes("my." + name) {
				w.everywhere[p] = true
			}
		}
	}
	before := len(w.out.APIs)
	_, optional := n.Callee.(*ast.Optional)
	if e, ok := n.Callee.(*ast.Optional); ok {
		w.member(e.Expression, true)
	} else {
		w.member(n.Callee, true)
	}
	if len(w.out.APIs) == before {
		return
	}
	use := &w.out.APIs[before]
	use.Guarded = use.Guarded || optional
	if len(n.ArgumentList) == 0 {
		return
	}
	options, ok := n.ArgumentList[0].(*ast.ObjectLiteral)
	if !ok {
		return
	}
	use.NoFail = !w.handled[n]
	for _, p := range options.Value {
		w.option(use, p)
	}
}

func (w *walker) option(use *APIUse, p ast.Property) {
	name, _ := key(p)
	switch {
	case name == "fail" || name == "complete" || name == "":
		use.NoFail = false
	case name == "url":
		var value ast.Expression
		if keyed, ok := p.(*ast.PropertyKeyed); ok {
			value = keyed.Value
		} else if short, ok := p.(*ast.PropertyShort); ok {
			value = &short.Name
		}
		if t, ok := w.text(value); ok {
			use.URL = &t
		}
	}
}

// require finds literal module names; import and import() have become require by now.
func (w *walker) require(n *ast.CallExpression) {
	id, ok := n.Callee.(*ast.Identifier)
	if !ok || len(n.ArgumentList) == 0 || id.Name != "require" {
		return
	}
	if s, ok := n.ArgumentList[0].(*ast.StringLiteral); ok {
		at, mapped := w.at(s.Idx)
		if !mapped {
			at = Pos{1, 1}
		}
		w.out.Imports = append(w.out.Imports, Import{Pos: at, Specifier: s.Value.String(), Dynamic: w.depth > 8})
	}
}

var definers = map[string]bool{"App": true, "Page": true, "Component": true, "Mixin": true}

// definition reads what App, Page, Component and Mixin are given.
func (w *walker) definition(n *ast.CallExpression, name string) {
	at, mapped := w.at(n.Idx0())
	if !mapped || !definers[name] {
		return
	}
	d := Definition{Pos: at, Kind: name, Methods: map[string]bool{}}
	var object *ast.ObjectLiteral
	if len(n.ArgumentList) > 0 {
		object, _ = n.ArgumentList[0].(*ast.ObjectLiteral)
	}
	if object == nil {
		d.Open = len(n.ArgumentList) > 0
		w.out.Definitions = append(w.out.Definitions, d)
		return
	}
	d.collect(object)
	if name == "Component" {
		d.component(object)
	}
	w.out.Definitions = append(w.out.Definitions, d)
}

func (d *Definition) collect(object *ast.ObjectLiteral) {
	for _, p := range object.Value {
		name, _ := key(p)
		if name == "" || name == "mixins" || name == "behaviors" {
			d.Open = true
		}
		if name != "" {
			d.Methods[name] = true
		}
	}
}

// component: the handlers of a component are the members of its methods.
func (d *Definition) component(object *ast.ObjectLiteral) {
	d.Methods = map[string]bool{}
	for _, p := range object.Value {
		if name, _ := key(p); name != "methods" {
			continue
		}
		keyed, _ := p.(*ast.PropertyKeyed)
		if keyed == nil {
			d.Open = true
			continue
		}
		methods, ok := keyed.Value.(*ast.ObjectLiteral)
		if !ok {
			d.Open = true
			continue
		}
		d.collect(methods)
	}
}

func (w *walker) construct(n *ast.NewExpression) {
	if root, members := w.chain(n.Callee); len(members) == 0 && root != "" {
		w.callees[n.Callee] = true
		if root == "RegExp" {
			w.regexpCall(n.ArgumentList, n.New)
		}
	}
	w.visit(n.Callee)
	for _, a := range n.ArgumentList {
		w.handled[a] = true
		w.visit(a)
	}
}

// regexpCall: the lowering writes newer literals as new RegExp("…"), so both forms come here.
func (w *walker) regexpCall(args []ast.Expression, idx file.Idx) {
	if len(args) == 0 {
		return
	}
	pattern, ok := w.text(args[0])
	if !ok || !pattern.Complete {
		return
	}
	flags := ""
	if len(args) > 1 {
		t, _ := w.text(args[1])
		flags = t.Value
	}
	w.regexp(idx, pattern.Value, flags)
}

// regexp names what a regular expression needs. Classes are stepped over: in [(?<=] nothing looks behind.
func (w *walker) regexp(idx file.Idx, pattern, flags string) {
	at, mapped := w.at(idx)
	if !mapped {
		return
	}
	add := func(name string) { w.feature(RegExp, name, at) }
	class := false
	for i := 0; i < len(pattern); i++ {
		rest := pattern[i:]
		switch {
		case pattern[i] == '\\' && len(rest) > 1:
			if (rest[1] == 'p' || rest[1] == 'P') && strings.ContainsAny(flags, "uv") {
				add("unicode-property")
			}
			i++
		case class:
			class = pattern[i] != ']'
		case pattern[i] == '[':
			class = true
		case strings.HasPrefix(rest, "(?<=") || strings.HasPrefix(rest, "(?<!"):
			add("lookbehind")
		case strings.HasPrefix(rest, "(?<"):
			add("named-groups")
		}
	}
	for _, f := range flags {
		if f == 's' || f == 'd' || f == 'v' {
			add("flag-" + string(f))
		}
	}
}
