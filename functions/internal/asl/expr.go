package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// expr is what may stand where a value is computed: a path, an intrinsic function, or (as an argument) a literal.
type expr struct {
	text string
	path *path
	fn   *intrinsic
	args []expr
	lit  any // when path and fn are nil
}

// maxCalls is how deep intrinsics may be nested.
const maxCalls = 10

// parseExpr compiles a path or an intrinsic.
func parseExpr(text string) (expr, error) {
	if strings.HasPrefix(text, "$") {
		p, err := parsePath(text)
		return expr{text: text, path: p}, err
	}
	if !strings.HasPrefix(text, "States.") {
		return expr{}, fmt.Errorf("%q is neither a path such as $.name nor an intrinsic such as States.Format('{}', $.name)", text)
	}
	p := &exprParser{rest: text}
	e, err := p.arg(0)
	if err == nil && strings.TrimSpace(p.rest) != "" {
		err = fmt.Errorf("%q is left over", p.rest)
	}
	if err != nil {
		return expr{}, fmt.Errorf("%q is not an intrinsic: %w", text, err)
	}
	e.text = text
	return e, nil
}

type exprParser struct{ rest string }

func (p *exprParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// arg reads one argument: a call, a path, a quoted string, a number, true, false or null.
func (p *exprParser) arg(depth int) (expr, error) {
	p.space()
	switch {
	case depth > maxCalls:
		return expr{}, fmt.Errorf("intrinsics are nested deeper than %d", maxCalls)
	case p.rest == "":
		return expr{}, errors.New("it ends where an argument should be")
	case strings.HasPrefix(p.rest, "States."):
		return p.call(depth)
	case p.rest[0] == '\'':
		s, err := p.quoted()
		return expr{lit: s}, err
	}
	text := p.rest[:p.plainEnd()]
	p.rest = p.rest[len(text):]
	text = strings.TrimRight(text, " \t\r\n")
	if strings.HasPrefix(text, "$") {
		path, err := parsePath(text)
		return expr{path: path}, err
	}
	switch text {
	case "true", "false":
		return expr{lit: text == "true"}, nil
	case "null":
		return expr{}, nil
	}
	n, err := decode([]byte(text))
	if _, ok := n.(json.Number); err != nil || !ok {
		return expr{}, fmt.Errorf("%q is not an argument; write a path, 'text', a number, true, false, null or a call", text)
	}
	return expr{lit: n}, nil
}

// plainEnd finds the end of a path or literal: a comma or closing parenthesis outside brackets.
func (p *exprParser) plainEnd() int {
	var quote rune
	in := false
	for i, r := range p.rest {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case in && (r == '\'' || r == '"'):
			quote = r
		case r == '[':
			in = true
		case r == ']':
			in = false
		case !in && (r == ',' || r == ')'):
			return i
		}
	}
	return len(p.rest)
}

// quoted reads 'text'; a backslash keeps the next of ' { } \ as it is. Escaped braces stay escaped for States.Format.
func (p *exprParser) quoted() (string, error) {
	var b strings.Builder
	escaped := false
	for i, r := range p.rest[1:] {
		switch {
		case escaped:
			if !strings.ContainsRune(`'{}\`, r) {
				return "", fmt.Errorf(`\%c is not an escape; only \' \{ \} and \\ are`, r)
			}
			if r != '\'' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		case r == '\'':
			p.rest = p.rest[1+i+1:]
			return b.String(), nil
		default:
			b.WriteRune(r)
		}
	}
	return "", errors.New("a closing ' is missing")
}

// unescape drops the backslashes that quoted kept.
var unescape = strings.NewReplacer(`\\`, `\`, `\{`, `{`, `\}`, `}`)

// call reads States.Name(arg, …).
func (p *exprParser) call(depth int) (expr, error) {
	open := strings.IndexByte(p.rest, '(')
	if open < 0 {
		return expr{}, fmt.Errorf("( is missing after %s", p.rest)
	}
	name := p.rest[:open]
	fn, ok := intrinsics[name]
	if !ok {
		return expr{}, fmt.Errorf("there is no intrinsic %s%s", name, nearest(name, sortedKeys(intrinsics)))
	}
	p.rest = p.rest[open+1:]
	e := expr{fn: fn}
	for p.space(); !strings.HasPrefix(p.rest, ")"); p.space() {
		if len(e.args) > 0 {
			if !strings.HasPrefix(p.rest, ",") {
				return expr{}, fmt.Errorf("a comma or ) is missing in the arguments of %s", name)
			}
			p.rest = p.rest[1:]
		}
		a, err := p.arg(depth + 1)
		if err != nil {
			return expr{}, err
		}
		e.args = append(e.args, a)
	}
	p.rest = p.rest[1:]
	if n := len(e.args); n < fn.min || n > fn.max {
		return expr{}, fmt.Errorf("%s takes %s, not %d", name, fn.arity(), n)
	}
	return e, e.settle()
}

// settle checks what can be known of a call's literals, and takes their escapes away.
func (e *expr) settle() error {
	for i := range e.args {
		s, ok := e.args[i].lit.(string)
		if !ok {
			continue
		}
		if i == 0 && e.fn.name == "States.Format" {
			if n := len(formatParts(s)) - 1; n != len(e.args)-1 {
				return fmt.Errorf("States.Format has %d {} and %d values; give one value for each {}", n, len(e.args)-1)
			}
			continue
		}
		e.args[i].lit = unescape.Replace(s)
	}
	return nil
}

// paths calls f for every path in the expression.
func (e expr) paths(f func(*path)) {
	if e.path != nil {
		f(e.path)
	}
	for _, a := range e.args {
		a.paths(f)
	}
}

// scope is what expressions are evaluated in.
type scope struct {
	input   any                   // $
	context func() map[string]any // $$, made only when asked for
	random  func(p []byte)        // for States.UUID and States.MathRandom
}

// eval computes the expression. field is the field it stands in, for the sentence of an error.
func (e expr) eval(s *scope, field string) (any, error) {
	switch {
	case e.path != nil:
		root := s.input
		if e.path.context {
			root = s.context()
		}
		v, ok := e.path.find(root)
		if !ok {
			return nil, failf(errRuntime, "The JSONPath '%s' specified for the field '%s' could not be found in the input '%s'", e.path.text, field, brief(root))
		}
		return v, nil
	case e.fn != nil:
		args := make([]any, len(e.args))
		for i, a := range e.args {
			var err error
			if args[i], err = a.eval(s, field); err != nil {
				return nil, err
			}
		}
		v, err := e.fn.call(s, args)
		if err != nil {
			return nil, failf(errIntrinsic, "%s in the field '%s': %v", e.fn.name, field, err)
		}
		return v, nil
	}
	return e.lit, nil
}

// template is a compiled payload template: Parameters, ResultSelector or ItemSelector.
type template struct {
	fields []templateField // of an object
	items  []*template     // of an array
	expr   *expr           // of a .$ field
	lit    any             // of anything else
	kind   byte            // 'o', 'a', 'e' or 'l'
}

type templateField struct {
	name string
	tmpl *template
}

// eval fills the template in.
func (t *template) eval(s *scope, field string) (any, error) {
	switch t.kind {
	case 'o':
		m := make(map[string]any, len(t.fields))
		for _, f := range t.fields {
			v, err := f.tmpl.eval(s, f.name)
			if err != nil {
				return nil, err
			}
			m[f.name] = v
		}
		return m, nil
	case 'a':
		a := make([]any, len(t.items))
		for i, x := range t.items {
			v, err := x.eval(s, field)
			if err != nil {
				return nil, err
			}
			a[i] = v
		}
		return a, nil
	case 'e':
		return t.expr.eval(s, field+".$")
	}
	return t.lit, nil
}

// paths calls f for every path in the template.
func (t *template) paths(f func(*path)) {
	if t.expr != nil {
		t.expr.paths(f)
	}
	for _, x := range t.fields {
		x.tmpl.paths(f)
	}
	for _, x := range t.items {
		x.paths(f)
	}
}

// arity says how many arguments an intrinsic takes.
func (f *intrinsic) arity() string {
	switch {
	case f.max == math.MaxInt:
		return fmt.Sprintf("at least %d arguments", f.min)
	case f.min == f.max:
		return fmt.Sprintf("%d arguments", f.min)
	}
	return fmt.Sprintf("%d to %d arguments", f.min, f.max)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// nearest says which of the known names was probably meant, or nothing.
func nearest(name string, known []string) string {
	fold := strings.ToLower(name)
	for _, k := range known {
		if strings.ToLower(k) == fold || strings.TrimSuffix(strings.ToLower(k), "s") == strings.TrimSuffix(fold, "s") {
			return "; write " + k
		}
	}
	return "; known are " + strings.Join(known, ", ")
}
