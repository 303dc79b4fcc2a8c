package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// stepKind is one kind of movement in a path.
type stepKind int

const (
	stepName  stepKind = iota // .name or ['name']
	stepIndex                 // [0] or [-1]
	stepWild                  // .* or [*]
	stepSlice                 // [from:to]
	stepDeep                  // ..name or ..*
)

type step struct {
	kind     stepKind
	name     string // stepName, stepDeep ("" is every value)
	index    int    // stepIndex, and the start of a stepSlice
	end      int    // end of a stepSlice
	from, to bool   // which ends of a stepSlice were given
}

// path is a compiled JSONPath. Filters, unions and functions are not part of the subset.
type path struct {
	text    string
	context bool // starts at the context object: $$
	steps   []step
}

// definite says whether the path names at most one value.
func (p *path) definite() bool {
	return !slices.ContainsFunc(p.steps, func(s step) bool {
		return s.kind == stepWild || s.kind == stepSlice || s.kind == stepDeep
	})
}

// reference says whether the path is a Reference Path: names and plain indices only, from the input.
func (p *path) reference() bool {
	return !p.context && p.definite() && !slices.ContainsFunc(p.steps, func(s step) bool {
		return s.kind == stepIndex && s.index < 0
	})
}

// parsePath compiles a JSONPath; the error says what would be right.
func parsePath(text string) (*path, error) {
	p := &path{text: text}
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return nil, fmt.Errorf("%q is not a path; it starts with $, as in $.name", text)
	}
	if after, ok := strings.CutPrefix(rest, "$"); ok {
		p.context, rest = true, after
	}
	for rest != "" {
		var s step
		var err error
		switch {
		case strings.HasPrefix(rest, ".."):
			s, rest, err = dotted(rest[2:])
			if s.kind == stepWild {
				s.name = ""
			}
			s.kind = stepDeep
		case rest[0] == '.':
			s, rest, err = dotted(rest[1:])
		case rest[0] == '[':
			s, rest, err = bracketed(rest)
		default:
			err = fmt.Errorf("%q cannot follow; write .name or [index]", rest)
		}
		if err != nil {
			return nil, fmt.Errorf("%q is not a path: %w", text, err)
		}
		// Two deep scans would visit every pair of nested values.
		if s.kind == stepDeep && !p.definite() {
			return nil, fmt.Errorf("%q is not a path: .. must be its only wildcard so far", text)
		}
		p.steps = append(p.steps, s)
	}
	return p, nil
}

// dotted reads a name or * after a dot.
func dotted(s string) (step, string, error) {
	if after, ok := strings.CutPrefix(s, "*"); ok {
		return step{kind: stepWild}, after, nil
	}
	end := strings.IndexFunc(s, func(r rune) bool {
		return r != '_' && r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		return step{}, s, errors.New("a name must follow the dot; write others than letters, digits, _ and - as ['name']")
	}
	if end < len(s) && s[end] == '(' {
		return step{}, s, errors.New("functions on paths are not supported; use an intrinsic such as States.ArrayLength")
	}
	return step{kind: stepName, name: s[:end]}, s[end:], nil
}

// bracketed reads ['name'], [0], [-1], [*] or [0:2].
func bracketed(s string) (step, string, error) {
	if strings.HasPrefix(s, "['") || strings.HasPrefix(s, `["`) {
		quote := s[1]
		end := strings.IndexByte(s[2:], quote)
		if end < 0 || !strings.HasPrefix(s[2+end+1:], "]") || end == 0 || strings.Contains(s[2:2+end], `\`) {
			return step{}, s, errors.New("a quoted name is written ['name'], without backslashes, one name only")
		}
		return step{kind: stepName, name: s[2 : 2+end]}, s[2+end+2:], nil
	}
	end := strings.IndexByte(s, ']')
	if end < 0 {
		return step{}, s, errors.New("a ] is missing")
	}
	inside, rest := s[1:end], s[end+1:]
	if inside == "*" {
		return step{kind: stepWild}, rest, nil
	}
	if from, to, ok := strings.Cut(inside, ":"); ok {
		st := step{kind: stepSlice, from: from != "", to: to != ""}
		var err1, err2 error
		if st.from {
			st.index, err1 = index(from)
		}
		if st.to {
			st.end, err2 = index(to)
		}
		return st, rest, errors.Join(err1, err2)
	}
	if strings.HasPrefix(inside, "?") {
		return step{}, s, errors.New("filters are not supported; use a Choice or a Map")
	}
	n, err := index(inside)
	return step{kind: stepIndex, index: n}, rest, err
}

func index(s string) (int, error) {
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil || strings.HasPrefix(s, "+") {
		return 0, fmt.Errorf("[%s] is not supported; write an index as in [0], a name as in ['name'], [*] or [0:2]", s)
	}
	return int(n), nil
}

// find gives the value a definite path names, or all values of an indefinite one as an array. It is false when a
// definite path names nothing.
func (p *path) find(root any) (any, bool) {
	found := []any{root}
	for _, s := range p.steps {
		var next []any
		for _, v := range found {
			next = s.from1(v, next)
		}
		found = next
	}
	if !p.definite() {
		if found == nil {
			found = []any{}
		}
		return found, true
	}
	if len(found) == 0 {
		return nil, false
	}
	return found[0], true
}

// from1 appends what one step finds at v.
func (s step) from1(v any, to []any) []any {
	switch s.kind {
	case stepName:
		if m, ok := v.(map[string]any); ok {
			if x, ok := m[s.name]; ok {
				return append(to, x)
			}
		}
	case stepIndex:
		if a, ok := v.([]any); ok {
			if i := fromEnd(s.index, len(a)); i >= 0 && i < len(a) {
				return append(to, a[i])
			}
		}
	case stepWild:
		return append(to, children(v)...)
	case stepSlice:
		if a, ok := v.([]any); ok {
			from, end := 0, len(a)
			if s.from {
				from = min(max(fromEnd(s.index, len(a)), 0), len(a))
			}
			if s.to {
				end = min(max(fromEnd(s.end, len(a)), 0), len(a))
			}
			if from < end {
				return append(to, a[from:end]...)
			}
		}
	case stepDeep:
		if s.name != "" {
			to = step{kind: stepName, name: s.name}.from1(v, to)
		}
		for _, c := range children(v) {
			if s.name == "" {
				to = append(to, c)
			}
			to = s.from1(c, to)
		}
	}
	return to
}

func fromEnd(i, n int) int {
	if i < 0 {
		return n + i
	}
	return i
}

// children gives the values directly below v; those of an object in the order of its keys, which is the only stable one.
func children(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		out := make([]any, len(keys))
		for i, k := range keys {
			out[i] = v[k]
		}
		return out
	}
	return nil
}

// put gives a copy of root in which a reference path names v, with missing objects made on the way.
func (p *path) put(root, v any) (any, error) {
	return putAt(p, p.steps, root, v)
}

func putAt(p *path, steps []step, at, v any) (any, error) {
	if len(steps) == 0 {
		return v, nil
	}
	s := steps[0]
	switch s.kind {
	case stepName:
		m, ok := at.(map[string]any)
		if !ok && at != nil {
			return nil, failf(errResultPath, "ResultPath %s needs an object at %q, but %s is there", p.text, s.name, kindOf(at))
		}
		below, err := putAt(p, steps[1:], m[s.name], v)
		if err != nil {
			return nil, err
		}
		out := make(map[string]any, len(m)+1)
		for k, x := range m {
			out[k] = x
		}
		out[s.name] = below
		return out, nil
	default:
		a, ok := at.([]any)
		if !ok || s.index >= len(a) {
			return nil, failf(errResultPath, "ResultPath %s needs an array with an element %d, but %s is there", p.text, s.index, kindOf(at))
		}
		below, err := putAt(p, steps[1:], a[s.index], v)
		if err != nil {
			return nil, err
		}
		out := slices.Clone(a)
		out[s.index] = below
		return out, nil
	}
}

// number reads a JSON number as an integer, if it is one.
func number(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}
