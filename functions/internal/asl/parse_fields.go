package asl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// where says which parts of the context object mean something at a place.
type where struct{ inMap, token bool }

// contextFields are the paths below $$ that exist, without indices.
var contextFields = []string{
	"$$.Execution.Id", "$$.Execution.Input", "$$.Execution.Name", "$$.Execution.StartTime",
	"$$.State.EnteredTime", "$$.State.Name", "$$.State.RetryCount",
	"$$.StateMachine.Id", "$$.StateMachine.Name",
	"$$.Task.Token", "$$.Map.Item.Index", "$$.Map.Item.Value",
}

// checkContext refuses context paths that name nothing, or nothing at this place.
func checkContext(q *path, w where) error {
	if !q.context {
		return nil
	}
	for _, known := range contextFields {
		names := strings.Split(known, ".")[1:]
		if len(q.steps) < len(names) || !slices.EqualFunc(q.steps[:len(names)], names, func(s step, n string) bool {
			return s.kind == stepName && s.name == n
		}) {
			continue
		}
		deeper := len(q.steps) > len(names) && names[len(names)-1] != "Input" && names[len(names)-1] != "Value"
		switch {
		case deeper:
			return fmt.Errorf("%s names nothing below %s", q.text, known)
		case names[0] == "Task" && !w.token:
			return fmt.Errorf("%s exists only in the Parameters of a task with %s", q.text, resourceInvokeToken)
		case names[0] == "Map" && !w.inMap:
			return fmt.Errorf("%s exists only in a Map", q.text)
		}
		return nil
	}
	return fmt.Errorf("%s is not in the context object; known are %s", q.text, strings.Join(contextFields, ", "))
}

// ioPath reads a path that may be absent or null.
func (p *parser) ioPath(n node, key string, w where) ioPath {
	v, ok := n.vals[key]
	switch {
	case !ok:
		return ioPath{}
	case v == nil:
		return ioPath{null: true}
	}
	s, ok := v.(string)
	if !ok {
		p.badf(n.at(key), "must be a path such as $.name, or null, not %s", kindOf(plain(v)))
		return ioPath{}
	}
	q, err := parsePath(s)
	if err == nil {
		err = checkContext(q, w)
	}
	if err != nil {
		p.badf(n.at(key), "%v", err)
		return ioPath{}
	}
	return ioPath{path: q}
}

// resultPath reads a ResultPath, which must be a Reference Path.
func (p *parser) resultPath(n node) ioPath {
	r := p.ioPath(n, "ResultPath", where{})
	if r.path != nil && !r.path.reference() {
		p.badf(n.at("ResultPath"), "%q must be a reference path: names and indices only, from the input", r.path.text)
	}
	return r
}

func (p *parser) referencePath(n node, key string) *path {
	v, ok := n.vals[key]
	if !ok {
		return nil
	}
	s, ok := v.(string)
	if !ok {
		p.badf(n.at(key), "must be a reference path such as $.name, not %s", kindOf(plain(v)))
		return nil
	}
	q, err := parsePath(s)
	switch {
	case err != nil:
		p.badf(n.at(key), "%v", err)
	case !q.reference():
		p.badf(n.at(key), "%q must be a reference path: names and indices only, from the input", s)
	}
	return q
}

// seconds reads key or keyPath.
func (p *parser) seconds(n node, key string, least int64) seconds {
	var s seconds
	if n.has(key) {
		s = seconds{given: true, n: p.integer(n, key, least, maxSeconds)}
	}
	if n.has(key + "Path") {
		if s.given && n.vals["Type"] != "Wait" {
			p.badf(n.at(key+"Path"), "cannot be given together with %s; keep one", key)
		}
		s = seconds{given: true, path: p.referencePath(n, key+"Path")}
	}
	return s
}

// text reads key as a string, or keyPath as a path or intrinsic that gives one.
func (p *parser) text(n node, key string, w where) text {
	t := text{given: n.has(key), value: p.optional(n, key)}
	if !n.has(key + "Path") {
		return t
	}
	if t.given {
		p.badf(n.at(key+"Path"), "cannot be given together with %s; keep one", key)
	}
	s := p.required(n, key+"Path", "write a path such as $.name")
	if s == "" {
		return t
	}
	e, err := p.expr(s, w)
	if err != nil {
		p.badf(n.at(key+"Path"), "%v", err)
	}
	return text{given: true, expr: &e}
}

// expr compiles a path or an intrinsic and checks the context paths in it.
func (p *parser) expr(s string, w where) (expr, error) {
	e, err := parseExpr(s)
	if err != nil {
		return e, err
	}
	e.paths(func(q *path) {
		if err == nil {
			err = checkContext(q, w)
		}
	})
	return e, err
}

// template reads a payload template, or gives nil when it is absent.
func (p *parser) template(n node, key string, w where) *template {
	v, ok := n.vals[key]
	if !ok {
		return nil
	}
	if _, ok := v.(*object); !ok {
		p.badf(n.at(key), "must be an object, not %s", kindOf(plain(v)))
		return nil
	}
	return p.fill(n.at(key), v, w)
}

func (p *parser) fill(path string, v any, w where) *template {
	switch v := v.(type) {
	case *object:
		t := &template{kind: 'o'}
		for _, k := range v.keys {
			t.fields = append(t.fields, p.fillField(node{v, path}, k, w))
		}
		return t
	case []any:
		t := &template{kind: 'a'}
		for i, x := range v {
			t.items = append(t.items, p.fill(fmt.Sprintf("%s/%d", path, i), x, w))
		}
		return t
	case string:
		// A path in a field that does not end in .$ would be passed on as text, which nobody means.
		if strings.HasPrefix(v, "$.") || strings.HasPrefix(v, "$$.") || strings.HasPrefix(v, "States.") && strings.HasSuffix(v, ")") {
			p.badf(path, "%q would be passed on as text; end the field's name in .$ to compute it", v)
		}
	}
	return &template{kind: 'l', lit: plain(v)}
}

func (p *parser) fillField(n node, key string, w where) templateField {
	name, computed := strings.CutSuffix(key, ".$")
	if !computed {
		return templateField{key, p.fill(n.at(key), n.vals[key], w)}
	}
	t := &template{kind: 'e', expr: &expr{}}
	s, ok := n.vals[key].(string)
	switch {
	case !ok:
		p.badf(n.at(key), "must be a path or an intrinsic, not %s; drop .$ to pass a value on as it is", kindOf(plain(n.vals[key])))
	case name == "":
		p.badf(n.at(key), "has no name before .$")
	case n.has(name):
		p.badf(n.at(key), "gives %q a second time; keep one of %s and %s", name, name, key)
	default:
		e, err := p.expr(s, w)
		if err != nil {
			p.badf(n.at(key), "%v", err)
		}
		t.expr = &e
	}
	return templateField{name, t}
}

// float reads a JSON number.
func float(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}
