package asl

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// choice is one rule at the top level of a Choice state.
type choice struct {
	rule rule
	next string
}

// rule is a comparison, or a combination of rules.
type rule struct {
	op       string // And, Or, Not or a comparison
	rules    []rule
	variable *path
	compare  comparison
	operand  any   // literal to compare with
	path     *path // …Path: where to find what to compare with
}

// comparison is how a type of value is read and judged.
type comparison struct {
	kind  string                     // for sentences: "a string", …
	valid func(v any) bool           // whether a value has the type
	judge func(value, with any) bool // given values of the type
}

// comparisons are all operators with a Variable; those for which it makes sense have a …Path twin.
var comparisons = map[string]comparison{}

func init() {
	kinds := map[string]struct {
		kind  string
		valid func(any) bool
		order func(a, b any) int
	}{
		"String":    {"a string", isString, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }},
		"Numeric":   {"a number", isNumber, func(a, b any) int { return compareNumbers(a.(json.Number), b.(json.Number)) }},
		"Timestamp": {"a timestamp such as 2026-01-31T12:00:00Z", isTimestamp, func(a, b any) int { return timeOf(a).Compare(timeOf(b)) }},
	}
	orders := map[string]func(int) bool{
		"Equals": func(c int) bool { return c == 0 }, "LessThan": func(c int) bool { return c < 0 },
		"GreaterThan": func(c int) bool { return c > 0 }, "LessThanEquals": func(c int) bool { return c <= 0 },
		"GreaterThanEquals": func(c int) bool { return c >= 0 },
	}
	for prefix, k := range kinds {
		for suffix, holds := range orders {
			comparisons[prefix+suffix] = comparison{k.kind, k.valid, func(a, b any) bool { return holds(k.order(a, b)) }}
		}
	}
	comparisons["BooleanEquals"] = comparison{"a boolean", isBool, func(a, b any) bool { return a == b }}
	comparisons["StringMatches"] = comparison{"a string", isString, func(a, b any) bool { return wildcard(b.(string), a.(string)) }}
}

// tests are the operators that ask what a value is.
var tests = map[string]func(v any) bool{
	"IsNull": func(v any) bool { return v == nil }, "IsString": isString, "IsNumeric": isNumber, "IsBoolean": isBool,
	"IsTimestamp": isTimestamp, "IsPresent": func(any) bool { return true },
}

func isString(v any) bool    { _, ok := v.(string); return ok }
func isNumber(v any) bool    { _, ok := v.(json.Number); return ok }
func isBool(v any) bool      { _, ok := v.(bool); return ok }
func isTimestamp(v any) bool { s, ok := v.(string); _, is := parseTime(s); return ok && is }

func timeOf(v any) time.Time { t, _ := parseTime(v.(string)); return t }

// compareNumbers compares exactly where both are 64-bit integers, else as doubles as JSON does.
func compareNumbers(a, b json.Number) int {
	x, errX := a.Int64()
	y, errY := b.Int64()
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	f, _ := a.Float64()
	g, _ := b.Float64()
	return cmp.Compare(f, g)
}

// wildcard matches s against a pattern in which * is any text and \ takes the meaning from * and \.
func wildcard(pattern, s string) bool {
	type token struct {
		any bool
		r   rune
	}
	var toks []token
	escaped := false
	for _, r := range pattern {
		switch {
		case r == '\\' && !escaped:
			escaped = true
			continue
		case r == '*' && !escaped:
			toks = append(toks, token{any: true})
		default:
			toks = append(toks, token{r: r})
		}
		escaped = false
	}
	// Greedy with one step back to the last *: linear in practice, never exponential.
	text := []rune(s)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(text) {
		switch {
		case j < len(toks) && toks[j].any:
			star, mark = j, i
			j++
		case j < len(toks) && toks[j].r == text[i]:
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(toks) && toks[j].any {
		j++
	}
	return j == len(toks)
}

func (p *parser) choiceState(n node, s *state, w where) {
	s.fallback = p.optional(n, "Default")
	if n.vals["Default"] == "" {
		p.badf(n.at("Default"), "must name a state")
	}
	list, ok := n.vals["Choices"].([]any)
	if !ok || len(list) == 0 {
		p.badf(n.at("Choices"), "must be an array of at least one rule")
		return
	}
	for i, v := range list {
		o, ok := p.object(fmt.Sprintf("%s/%d", n.at("Choices"), i), v)
		if !ok {
			continue
		}
		next := p.required(o, "Next", "name the state to go to when the rule holds")
		s.choices = append(s.choices, choice{p.rule(o, w, true), next})
	}
}

// operators lists everything that decides a rule.
func operators() []string {
	ops := append(append(sortedKeys(comparisons), sortedKeys(tests)...), "And", "Or", "Not")
	for _, k := range sortedKeys(comparisons) {
		if k != "StringMatches" {
			ops = append(ops, k+"Path")
		}
	}
	return ops
}

func (p *parser) rule(n node, w where, top bool) rule {
	all := operators()
	var ops []string
	for _, k := range n.keys {
		if slices.Contains(all, k) {
			ops = append(ops, k)
		}
	}
	extra := []string{"Comment", "Variable"}
	if top {
		extra = append(extra, "Next")
	} else if n.has("Next") {
		p.badf(n.at("Next"), "belongs to the outermost rule only")
		extra = append(extra, "Next")
	}
	p.known(n, append(extra, all...)...)
	p.optional(n, "Comment")
	if len(ops) != 1 {
		p.badf(n.path, "must have exactly one operator, such as StringEquals, IsPresent, And or Not, not %d", len(ops))
		return rule{}
	}
	r := rule{op: ops[0]}
	switch r.op {
	case "And", "Or", "Not":
		p.combine(n, &r, w)
		return r
	}
	r.variable = p.value(n, "Variable", w)
	switch with := n.vals[r.op]; {
	case tests[r.op] != nil:
		if r.operand = with; !isBool(with) {
			p.badf(n.at(r.op), "must be true or false, not %s", brief(plain(with)))
		}
	case strings.HasSuffix(r.op, "Path"):
		r.compare = comparisons[strings.TrimSuffix(r.op, "Path")]
		r.path = p.value(n, r.op, w)
	default:
		r.compare, r.operand = comparisons[r.op], with
		if !r.compare.valid(with) {
			p.badf(n.at(r.op), "must be %s, not %s", r.compare.kind, brief(plain(with)))
		}
	}
	return r
}

func (p *parser) combine(n node, r *rule, w where) {
	if n.has("Variable") {
		p.badf(n.at("Variable"), "belongs into the rules below %s", r.op)
	}
	list, isList := n.vals[r.op].([]any)
	if r.op == "Not" {
		if o, ok := p.object(n.at("Not"), n.vals["Not"]); ok {
			r.rules = []rule{p.rule(o, w, false)}
		}
		return
	}
	if !isList || len(list) == 0 {
		p.badf(n.at(r.op), "must be an array of at least one rule")
	}
	for i, v := range list {
		if o, ok := p.object(fmt.Sprintf("%s/%d", n.at(r.op), i), v); ok {
			r.rules = append(r.rules, p.rule(o, w, false))
		}
	}
}

// value reads a path to one value, of the input or the context.
func (p *parser) value(n node, key string, w where) *path {
	s := p.required(n, key, "write a path such as $.name")
	if s == "" {
		return nil
	}
	q, err := parsePath(s)
	switch {
	case err != nil:
	case !q.definite():
		err = fmt.Errorf("%q may name many values; write a path to one", s)
	default:
		err = checkContext(q, w)
	}
	if err != nil {
		p.badf(n.at(key), "%v", err)
	}
	return q
}

// holds judges a rule. A variable that is not there fails the execution, unless only its presence is asked for.
func (r *rule) holds(s *scope) (bool, error) {
	switch r.op {
	case "Not":
		ok, err := r.rules[0].holds(s)
		return !ok, err
	case "And", "Or":
		for i := range r.rules {
			if ok, err := r.rules[i].holds(s); err != nil || ok == (r.op == "Or") {
				return ok, err
			}
		}
		return r.op == "And", nil
	}
	v, found := s.find(r.variable)
	if r.op == "IsPresent" {
		return found == r.operand, nil
	}
	if !found {
		return false, failf(errRuntime, "Invalid path '%s': The choice state's condition path references an invalid value.", r.variable.text)
	}
	if test := tests[r.op]; test != nil {
		return test(v) == r.operand, nil
	}
	with := r.operand
	if r.path != nil {
		if with, found = s.find(r.path); !found {
			return false, failf(errRuntime, "Invalid path '%s': The choice state's condition path references an invalid value.", r.path.text)
		}
	}
	return r.compare.valid(v) && r.compare.valid(with) && r.compare.judge(v, with), nil
}

func (s *scope) find(p *path) (any, bool) {
	if p.context {
		return p.find(s.context())
	}
	return p.find(s.input)
}
