package asl

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Parse checks a definition and compiles it. The error is a *DefinitionError that lists everything wrong, each with
// its place. Substitutions (${Name}) must have been made before.
func Parse(def []byte) (*Machine, error) {
	if len(def) > maxDefinition {
		return nil, &DefinitionError{[]Problem{{"/", "is larger than 1 MiB, which Step Functions refuses"}}}
	}
	doc, problems := decodeStrict(def)
	p := &parser{problems: problems, names: map[string]string{}}
	if doc == nil && len(problems) > 0 {
		return nil, &DefinitionError{problems}
	}
	m := &Machine{definition: bytes.Clone(def), hash: hashOf(def)}
	p.leftovers("", doc)
	if n, ok := p.object("", doc); ok {
		p.known(n, "Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version")
		m.comment = p.optional(n, "Comment")
		if v, ok := n.vals["Version"]; ok && v != "1.0" {
			p.badf(n.at("Version"), `must be "1.0", the only version`)
		}
		p.queryLanguage(n)
		if n.has("TimeoutSeconds") {
			m.timeout = p.integer(n, "TimeoutSeconds", 1, maxSeconds)
		}
		m.flow = p.flow(n, false)
	}
	if len(p.problems) > 0 {
		return nil, &DefinitionError{p.problems}
	}
	return m, nil
}

// parser collects what is wrong instead of stopping at the first thing.
type parser struct {
	problems []Problem
	names    map[string]string // state name → path of its first use, across all nested scopes
}

// node is an object with the place it is written at.
type node struct {
	*object
	path string
}

func (n node) at(key string) string { return n.path + "/" + key }

func (p *parser) badf(path, format string, args ...any) {
	if path == "" {
		path = "/"
	}
	p.problems = append(p.problems, Problem{path, fmt.Sprintf(format, args...)})
}

func (p *parser) object(path string, v any) (node, bool) {
	o, ok := v.(*object)
	if !ok {
		p.badf(path, "must be an object, not %s", kindOf(plain(v)))
	}
	return node{o, path}, ok
}

// hints say what to write instead of fields that exist in the language but not in the subset.
var hints = map[string]string{
	"Arguments": "belongs to JSONata; write Parameters", "Output": "belongs to JSONata; write ResultSelector and OutputPath",
	"Assign": "is not supported; carry values in the state's data", "Iterator": "is deprecated; write ItemProcessor",
	"Items": "belongs to JSONata; write ItemsPath", "Condition": "belongs to JSONata; write Variable and a comparison",
	"ItemReader":  "belongs to distributed maps, which are not supported",
	"ItemBatcher": "belongs to distributed maps, which are not supported", "ResultWriter": "belongs to distributed maps, which are not supported",
	"ToleratedFailureCount":      "belongs to distributed maps, which are not supported",
	"ToleratedFailurePercentage": "belongs to distributed maps, which are not supported",
	"Credentials":                "is not supported; a task runs with the role of its machine",
}

// known refuses every key that is not in the list, with what was probably meant.
func (p *parser) known(n node, keys ...string) {
	for _, k := range n.keys {
		if slices.Contains(keys, k) {
			continue
		}
		i := slices.IndexFunc(keys, func(x string) bool { return strings.EqualFold(x, k) })
		switch hint := hints[k]; {
		case i >= 0:
			p.badf(n.at(k), "is written %s", keys[i])
		case hint != "":
			p.badf(n.at(k), "%s", hint)
		default:
			p.badf(n.at(k), "is not a field here; known are %s", strings.Join(keys, ", "))
		}
	}
}

func (p *parser) queryLanguage(n node) {
	if v, ok := n.vals["QueryLanguage"]; ok && v != "JSONPath" {
		p.badf(n.at("QueryLanguage"), `must be "JSONPath"; JSONata is not supported`)
	}
}

// optional reads a string that may be absent.
func (p *parser) optional(n node, key string) string {
	v, ok := n.vals[key]
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		p.badf(n.at(key), "must be a string, not %s", kindOf(plain(v)))
	}
	return s
}

// required reads a string that must be there and not be empty.
func (p *parser) required(n node, key, why string) string {
	if !n.has(key) {
		p.badf(n.path, "has no %s; %s", key, why)
		return ""
	}
	s := p.optional(n, key)
	if v, ok := n.vals[key].(string); ok && v == "" {
		p.badf(n.at(key), "must not be empty; %s", why)
	}
	return s
}

func (p *parser) integer(n node, key string, least, most int64) int64 {
	i, ok := number(n.vals[key])
	if !ok || i < least || i > most {
		p.badf(n.at(key), "must be an integer from %d to %d, not %s", least, most, brief(plain(n.vals[key])))
	}
	return i
}

var substitution = regexp.MustCompile(`\$\{[^}]*\}`)

// leftovers refuses substitutions that were not made.
func (p *parser) leftovers(path string, v any) {
	switch v := v.(type) {
	case string:
		if found := substitution.FindString(v); found != "" {
			p.badf(path, "still contains %s; substitute it before", found)
		}
	case []any:
		for i, x := range v {
			p.leftovers(fmt.Sprintf("%s/%d", path, i), x)
		}
	case *object:
		for _, k := range v.keys {
			p.leftovers(path+"/"+k, v.vals[k])
		}
	}
}

// maxName is the longest name of a state.
const maxName = 80

// flow reads StartAt and States, and checks that every state can be reached and leads somewhere.
func (p *parser) flow(n node, inMap bool) *flow {
	f := &flow{path: n.path, states: map[string]*state{}}
	before := len(p.problems)
	f.startAt = p.required(n, "StartAt", "name the state to begin with")
	if !n.has("States") {
		p.badf(n.path, "has no States")
		return f
	}
	states, ok := p.object(n.at("States"), n.vals["States"])
	if !ok {
		return f
	}
	if len(states.keys) == 0 {
		p.badf(states.path, "must have at least one state")
	}
	for _, name := range states.keys {
		at := states.at(name)
		p.name(name, at)
		f.order = append(f.order, name)
		if sn, ok := p.object(at, states.vals[name]); ok {
			f.states[name] = p.state(name, sn, inMap)
		}
	}
	p.targets(n, f)
	// What is wrong above often makes states unreachable; saying so as well would only distract.
	if len(p.problems) == before {
		p.reachable(f)
	}
	return f
}

func (p *parser) name(name, at string) {
	switch n := len([]rune(name)); {
	case n == 0:
		p.badf(at, "a state must have a name")
	case n > maxName:
		p.badf(at, "a state's name has at most %d characters, not %d", maxName, n)
	}
	if first, ok := p.names[name]; ok {
		p.badf(at, "the name is used before, at %s; names are unique in the whole machine", first)
		return
	}
	p.names[name] = at
}

// targets checks that StartAt and everything that leads on names a state of the same scope.
func (p *parser) targets(n node, f *flow) {
	check := func(path, target string) {
		if target == "" || slices.Contains(f.order, target) {
			return
		}
		if other, ok := p.names[target]; ok {
			p.badf(path, "names %q, which is outside this scope, at %s; a state leads only to states beside it", target, other)
			return
		}
		p.badf(path, "names %q, which is no state here%s", target, nearest(target, f.order))
	}
	check(n.at("StartAt"), f.startAt)
	for _, name := range f.order {
		s := f.states[name]
		if s == nil {
			continue
		}
		check(s.path+"/Next", s.next)
		check(s.path+"/Default", s.fallback)
		for i, c := range s.choices {
			check(fmt.Sprintf("%s/Choices/%d/Next", s.path, i), c.next)
		}
		for i, c := range s.catch {
			check(fmt.Sprintf("%s/Catch/%d/Next", s.path, i), c.next)
		}
	}
}

// reachable refuses states that nothing leads to, and scopes that never end.
func (p *parser) reachable(f *flow) {
	seen, ends := map[string]bool{}, false
	for todo := []string{f.startAt}; len(todo) > 0; {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		s := f.states[name]
		if s == nil || seen[name] {
			continue
		}
		seen[name] = true
		ends = ends || s.end || s.kind == "Succeed" || s.kind == "Fail"
		todo = append(todo, s.following()...)
	}
	for _, name := range f.order {
		if s := f.states[name]; s != nil && !seen[name] {
			p.badf(s.path, "cannot be reached from StartAt; lead to it or remove it")
		}
	}
	if !ends && len(seen) > 0 {
		p.badf(f.path+"/States", "never ends; give one state that can be reached \"End\": true, or add a Succeed or Fail")
	}
}
