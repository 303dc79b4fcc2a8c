package script

import (
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/token"
)

// maxDepth is how deep a tree is followed; a chain of a thousand additions is deep, but nothing written by hand is deeper.
const maxDepth = 20_000

// walker visits a program once and collects what it uses. Names are resolved per function, not per block: a name that a
// function declares anywhere counts as its own, so that in doubt nothing is reported.
type walker struct {
	out        *Script
	lowered    *loweredScript
	scopes     []map[string]bool
	guards     map[string]int  // names that a test around the current node has asked for
	everywhere map[string]bool // names asked for in a way that cannot be followed: taken as asked everywhere
	aliases    map[string]bool // variables that are "my"
	strings    map[string]Text // constants that hold a known string
	handled    map[ast.Node]bool
	callees    map[ast.Node]bool
	parts      map[ast.Node]bool // of longer sums
	inTest     int
	conditions int
	depth      int
	truncated  bool
}

func newWalker(name string, l *loweredScript) *walker {
	return &walker{
		out: &Script{File: name}, lowered: l, guards: map[string]int{}, everywhere: map[string]bool{}, aliases: map[string]bool{},
		strings: map[string]Text{}, handled: map[ast.Node]bool{}, callees: map[ast.Node]bool{}, parts: map[ast.Node]bool{},
	}
}

func (w *walker) program(p *ast.Program) {
	w.constants(p)
	w.enter(p.Body, nil, func() { w.statements(p.Body) })
}

// result settles what only the whole file can say.
func (w *walker) result() *Script {
	for i, use := range w.out.APIs {
		w.out.APIs[i].Guarded = use.Guarded || w.everywhere["my."+use.Name] || w.everywhere["my."+head(use.Name)]
	}
	for i, use := range w.out.Globals {
		w.out.Globals[i].Guarded = use.Guarded || w.everywhere[use.Name]
	}
	for i, use := range w.out.Features {
		w.out.Features[i].Guarded = use.Guarded || w.everywhere[use.Name]
	}
	return w.out
}

// at gives a node's place in the source; false for what the compiler added.
func (w *walker) at(idx file.Idx) (Pos, bool) {
	offset := int(idx) - 1
	if offset < 0 || offset >= len(w.lowered.code) {
		return Pos{1, 1}, false
	}
	return w.lowered.source(offset)
}

func (w *walker) visit(n ast.Node) {
	if w.depth++; w.depth > maxDepth {
		w.truncated = true
		w.depth--
		return
	}
	defer func() { w.depth-- }()
	switch n := n.(type) {
	case *ast.FunctionLiteral:
		w.function(n.ParameterList, n.Body.List, n.Body, n.Name)
	case *ast.ArrowFunctionLiteral:
		w.arrow(n)
	case *ast.BlockStatement:
		w.statements(n.List)
	case *ast.IfStatement:
		w.guarded(n.Test, n.Consequent, n.Alternate)
	case *ast.ConditionalExpression:
		w.guarded(n.Test, n.Consequent, n.Alternate)
	case *ast.BinaryExpression:
		w.binary(n)
	case *ast.UnaryExpression:
		w.unary(n)
	case *ast.Identifier:
		w.identifier(n, w.callees[n])
	case *ast.PropertyShort:
		w.identifier(&n.Name, false)
		children(n, w.visit)
	case *ast.DotExpression, *ast.BracketExpression:
		w.member(n.(ast.Expression), false)
	case *ast.Optional:
		w.optional(n)
	case *ast.CallExpression:
		w.call(n)
	case *ast.NewExpression:
		w.construct(n)
	case *ast.AssignExpression:
		w.assign(n)
	case *ast.Binding:
		w.binding(n)
	case *ast.AwaitExpression, *ast.ReturnStatement:
		children(n, func(c ast.Node) { w.handled[c] = true; w.visit(c) })
	default:
		w.rest(n)
	}
}

// rest visits what has no rule of its own.
func (w *walker) rest(n ast.Node) {
	switch n := n.(type) {
	case *ast.StringLiteral, *ast.TemplateLiteral:
		w.literal(n.(ast.Expression))
	case *ast.RegExpLiteral:
		w.regexp(n.Idx, n.Pattern, n.Flags)
	}
	children(n, w.visit)
}

// statements visits a list in which "if (!test) return" guards what follows.
func (w *walker) statements(list []ast.Statement) {
	var kept []string
	for _, s := range list {
		w.visit(s)
		if branch, ok := s.(*ast.IfStatement); ok && branch.Alternate == nil && leaves(branch.Consequent) {
			names := w.asked(branch.Test)
			w.guard(names, 1)
			kept = append(kept, names...)
		}
	}
	w.guard(kept, -1)
}

// leaves says whether what follows a statement is not reached after it.
func leaves(s ast.Statement) bool {
	switch s := s.(type) {
	case *ast.ReturnStatement, *ast.ThrowStatement, *ast.BranchStatement:
		return true
	case *ast.BlockStatement:
		return len(s.List) > 0 && leaves(s.List[len(s.List)-1])
	}
	return false
}

func (w *walker) guarded(test ast.Expression, branches ...ast.Node) {
	w.test(test)
	names := w.asked(test)
	w.guard(names, 1)
	w.conditions++
	for _, b := range branches {
		if b != nil {
			w.visit(b)
		}
	}
	w.conditions--
	w.guard(names, -1)
}

func (w *walker) test(e ast.Node) {
	w.inTest++
	w.visit(e)
	w.inTest--
}

func (w *walker) guard(names []string, by int) {
	for _, name := range names {
		w.guards[name] += by
	}
}

func (w *walker) binary(n *ast.BinaryExpression) {
	switch n.Operator {
	case token.LOGICAL_AND, token.LOGICAL_OR, token.COALESCE:
		w.guarded(n.Left, n.Right)
	default:
		if !absent(n.Left) && !absent(n.Right) {
			defer w.outsideTest()()
		}
		if left, ok := n.Left.(*ast.BinaryExpression); ok {
			w.parts[left] = true // of a sum only the whole is read
		}
		children(n, w.visit)
		if !w.parts[n] {
			w.literal(n)
		}
	}
}

// absent says whether a comparison with e asks if something is there.
func absent(e ast.Expression) bool {
	switch e := e.(type) {
	case *ast.NullLiteral:
		return true
	case *ast.Identifier:
		return e.Name == "undefined"
	case *ast.UnaryExpression:
		return e.Operator == token.VOID
	}
	return false
}

func (w *walker) unary(n *ast.UnaryExpression) {
	switch n.Operator {
	case token.TYPEOF, token.NOT, token.VOID:
		if _, bare := n.Operand.(*ast.Identifier); bare && n.Operator == token.TYPEOF {
			return // typeof never throws
		}
		w.test(n.Operand)
	default:
		w.visit(n.Operand)
	}
}

func (w *walker) optional(n *ast.Optional) {
	if root, chain := w.chain(n.Expression); root != "" {
		name := join(root, chain)
		w.guard([]string{name}, 1)
		defer w.guard([]string{name}, -1)
	}
	w.visit(n.Expression)
}

func (w *walker) arrow(n *ast.ArrowFunctionLiteral) {
	switch body := n.Body.(type) {
	case *ast.BlockStatement:
		w.function(n.ParameterList, body.List, body, nil)
	case *ast.ExpressionBody:
		w.handled[body.Expression] = true // the value is returned
		w.function(n.ParameterList, nil, body.Expression, nil)
	}
}

// function visits a function in a scope of its own. Guards reach into functions made under them.
func (w *walker) function(params *ast.ParameterList, list []ast.Statement, body ast.Node, name *ast.Identifier) {
	inTest := w.inTest
	w.inTest = 0
	w.enter(list, params, func() {
		if name != nil {
			w.declare(name)
		}
		children(params, w.visit)
		w.visit(body)
	})
	w.inTest = inTest
}
