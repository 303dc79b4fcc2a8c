package asl

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// Problem is one thing wrong with a definition.
type Problem struct {
	Path   string // where, as in /States/Review/Catch/0/Next
	Detail string // what is wrong and what would be right
}

// DefinitionError is everything wrong with a definition, in reading order.
type DefinitionError struct{ Problems []Problem }

// Error puts each problem on a line of its own.
func (e *DefinitionError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Path + " " + p.Detail
	}
	return strings.Join(lines, "\n")
}

// Machine is a checked definition. It is immutable and may be shared by engines.
type Machine struct {
	definition []byte
	hash       string
	comment    string
	timeout    int64 // seconds, 0 when not given
	flow       *flow
}

// Hash identifies the definition's bytes.
func (m *Machine) Hash() string { return m.hash }

// Comment is what the definition says of itself.
func (m *Machine) Comment() string { return m.comment }

// flow is a set of states with a start: the machine, a branch of a Parallel or the processor of a Map.
type flow struct {
	path    string
	startAt string
	order   []string // as written
	states  map[string]*state
}

// state is one state of any type; fields that its type does not have are zero.
type state struct {
	name    string
	kind    string // Type
	path    string
	comment string
	next    string
	end     bool

	inputPath, outputPath ioPath
	resultPath            ioPath
	parameters            *template // Parameters, or ItemSelector of a Map
	resultSelector        *template
	retry                 []retrier
	catch                 []catcher

	function      string // Task
	callback      bool
	timeout       seconds
	heartbeat     seconds
	choices       []choice // Choice
	fallback      string
	wait          seconds // Wait
	timestamp     string
	timestampPath *path
	result        any // Pass
	hasResult     bool
	failError     text // Fail
	failCause     text
	branches      []*flow // Parallel; of a Map, its one processor
	itemsPath     ioPath
	concurrency   int
}

// ioPath is an InputPath, OutputPath, ResultPath or ItemsPath: absent (the whole), null (nothing) or a path.
type ioPath struct {
	null bool
	path *path
}

// seconds is a number of seconds, given or found on a path.
type seconds struct {
	given bool
	n     int64
	path  *path
}

// text is a string, given or computed.
type text struct {
	given bool
	value string
	expr  *expr
}

type retrier struct {
	errors   []string
	interval int64
	most     int64
	backoff  float64
	maxDelay int64 // 0 when not given
	jitter   bool
}

type catcher struct {
	errors     []string
	resultPath ioPath
	next       string
	comment    string
}

// StateInfo describes one state, for tests and drawings. It holds nothing that is found out only while running.
type StateInfo struct {
	Path     string // where it is written, as in /States/Review
	Name     string
	Type     string
	Comment  string
	Function string   // of a Task
	Callback bool     // a Task that waits for its token
	Timeout  bool     // a Task with TimeoutSeconds or TimeoutSecondsPath
	Next     []string // every state that may follow within the same scope: Next, choices, Default, catches
	End      bool     // ends its scope
	Retry    []string // error names, in order
	Catch    []CatchInfo
}

// CatchInfo describes one catcher.
type CatchInfo struct {
	Errors  []string
	Next    string
	Comment string
}

// States lists every state, nested ones after the state that holds them, in the order they are written.
func (m *Machine) States() []StateInfo {
	var out []StateInfo
	m.flow.walk(func(s *state) { out = append(out, s.info()) })
	return out
}

func (f *flow) walk(visit func(*state)) {
	for _, name := range f.order {
		s := f.states[name]
		visit(s)
		for _, b := range s.branches {
			b.walk(visit)
		}
	}
}

func (s *state) info() StateInfo {
	i := StateInfo{
		Path: s.path, Name: s.name, Type: s.kind, Comment: s.comment, Function: s.function, Callback: s.callback,
		Timeout: s.timeout.given, Next: s.following(), End: s.end || s.kind == "Succeed" || s.kind == "Fail",
	}
	for _, r := range s.retry {
		i.Retry = append(i.Retry, r.errors...)
	}
	for _, c := range s.catch {
		i.Catch = append(i.Catch, CatchInfo{Errors: slices.Clone(c.errors), Next: c.next, Comment: c.comment})
	}
	return i
}

// following lists the states that may come next, without repetition.
func (s *state) following() []string {
	var out []string
	add := func(name string) {
		if name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	add(s.next)
	for _, c := range s.choices {
		add(c.next)
	}
	add(s.fallback)
	for _, c := range s.catch {
		add(c.next)
	}
	return out
}

// Functions lists the names of the functions that the machine invokes, sorted.
func (m *Machine) Functions() []string {
	set := map[string]bool{}
	m.flow.walk(func(s *state) {
		if s.function != "" {
			set[s.function] = true
		}
	})
	return sortedKeys(set)
}

// ErrorNames lists every error name in a Retry or Catch, sorted, so that a test can hold the machine and the task code equal.
func (m *Machine) ErrorNames() []string {
	set := map[string]bool{}
	m.flow.walk(func(s *state) {
		for _, r := range s.retry {
			for _, e := range r.errors {
				set[e] = true
			}
		}
		for _, c := range s.catch {
			for _, e := range c.errors {
				set[e] = true
			}
		}
	})
	return sortedKeys(set)
}

func hashOf(def []byte) string {
	sum := sha256.Sum256(def)
	return hex.EncodeToString(sum[:])
}

// matches says whether one of a retrier's or catcher's names covers an error.
func matches(names []string, errName string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		switch {
		case errName == errRuntime:
			return false // nothing catches it
		case n == errName:
			return true
		case n == errAll:
			return errName != errDataLimit
		case n == errTaskFailed:
			return errName != errTimeout && errName != errHeartbeat && errName != errDataLimit
		case n == errTimeout:
			return errName == errHeartbeat // "or fails to send a heartbeat", says the developer guide
		}
		return false
	})
}

func (p ioPath) String() string {
	switch {
	case p.null:
		return "null"
	case p.path == nil:
		return "$"
	}
	return p.path.text
}

// apply gives what the path names in v: all of it when absent, {} when null.
func (p ioPath) apply(field string, v any, s *scope) (any, error) {
	switch {
	case p.null:
		return map[string]any{}, nil
	case p.path == nil:
		return v, nil
	}
	root := v
	if p.path.context {
		root = s.context()
	}
	found, ok := p.path.find(root)
	if !ok {
		return nil, failf(errRuntime, "Invalid path '%s': %s names nothing in '%s'", p.path.text, field, brief(root))
	}
	return found, nil
}
