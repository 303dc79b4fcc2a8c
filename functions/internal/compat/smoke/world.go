package smoke

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/dop251/goja"
	"github.com/dop251/goja/ast"
	"github.com/dop251/goja/parser"
)

//go:embed prelude.js
var preludeJS string

//go:embed filler.js
var fillerJS string

//go:embed matches.js
var matchesJS string

// matchNames are how built scripts read from the constructor what the last regular expression matched.
var matchNames = []string{"RegExp.$", "RegExp[\"$", "RegExp.last", "RegExp.left", "RegExp.right", "RegExp.input"}

// fillerFor is what is missing of the engine for these scripts.
func fillerFor(scripts map[string][]byte) string {
	for _, src := range scripts {
		if slices.ContainsFunc(matchNames, func(name string) bool { return bytes.Contains(src, []byte(name)) }) {
			return fillerJS + matchesJS
		}
	}
	return fillerJS
}

// runner keeps what the runs of a job share: compiled scripts, and what the world is made of.
type runner struct {
	job      job
	meter    *meter
	programs map[string]*goja.Program
	prelude  *goja.Program
	filler   *goja.Program
	newest   apis
	oldest   apis
	lists    *goja.Program // gives the components
	fixtures string
}

func newRunner(j job, m *meter) (*runner, error) {
	r := &runner{job: j, meter: m, programs: map[string]*goja.Program{}, newest: j.table(j.Newest), oldest: j.table(j.Oldest)}
	fixtures, err := json.Marshal(j.Fixtures)
	if err != nil {
		return nil, err
	}
	r.fixtures = string(fixtures)
	components, err := literal(j.Components)
	if err != nil {
		return nil, err
	}
	for _, c := range []struct {
		to        **goja.Program
		name, src string
	}{{&r.prelude, "prelude.js", preludeJS}, {&r.filler, "filler.js", fillerFor(j.Scripts)}, {&r.lists, "components", components}} {
		if *c.to, err = compile(c.name, c.src); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// parse never follows a source map, which the engine would read from disk.
func parse(name, src string) (*ast.Program, error) {
	return goja.Parse(name, src, parser.WithDisableSourceMaps)
}

func compile(name, src string) (*goja.Program, error) {
	tree, err := parse(name, src)
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(tree, false)
}

// literal writes lists of strings as a script.
func literal(v any) (string, error) {
	data, err := json.Marshal(v)
	return "(" + string(data) + ")", err
}

// world is one fresh runtime.
type world struct {
	*runner
	vm       *goja.Runtime
	object   *goja.Object
	parse    goja.Callable // JSON.parse as it was before any script ran
	modules  map[string]*goja.Object
	rejected map[*goja.Promise]bool
	order    []*goja.Promise
	endless  map[*goja.Object]*goja.StackOverflowError // that came out of modules, by what was thrown instead
	requests []request
	answered bool  // time has passed, so that a reply may have come
	now      int64 // virtual milliseconds
}

func (r *runner) world(p pageJob, mode Mode) (*world, error) {
	w := &world{runner: r, vm: goja.New(), modules: map[string]*goja.Object{}, rejected: map[*goja.Promise]bool{}, endless: map[*goja.Object]*goja.StackOverflowError{}}
	w.vm.SetMaxCallStackSize(4000)
	w.vm.SetRandSource(func() float64 { return 0.5 })
	w.vm.SetTimeSource(w.clock)
	w.vm.SetPromiseRejectionTracker(func(p *goja.Promise, op goja.PromiseRejectionOperation) {
		if w.rejected[p] = op == goja.PromiseRejectionReject; w.rejected[p] {
			w.order = append(w.order, p)
		}
	})
	w.parse, _ = goja.AssertFunction(w.vm.Get("JSON").ToObject(w.vm).Get("parse"))
	from, library := r.newest, r.job.Newest
	if mode == Oldest {
		from, library = r.oldest, r.job.Oldest
	}
	w.object = w.vm.NewObject()
	for name, value := range map[string]any{
		"mode": string(mode), "library": library, "fixtures": r.fixtures, "query": p.Query, "route": p.Path, "requested": w.requested,
		"tabBar": r.job.TabBar, "refs": p.Refs, "api": w.api(from), "lazy": w.lazy(from),
	} {
		_ = w.object.Set(name, value)
	}
	components, err := w.vm.RunProgram(r.lists)
	if err != nil {
		return w, err
	}
	_ = w.object.Set("components", components)
	if _, err := w.vm.RunProgram(r.filler); err != nil {
		return w, err
	}
	f, err := w.vm.RunProgram(r.prelude)
	if err != nil {
		return w, err
	}
	call, _ := goja.AssertFunction(f)
	_, err = call(goja.Undefined(), w.object)
	return w, err
}

// clock stands still but for a millisecond at each look, so that runs repeat and busy waits end.
func (w *world) clock() time.Time {
	w.now++
	return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(w.now) * time.Millisecond)
}

// value reads JSON as script data.
func (w *world) value(text string) (goja.Value, error) {
	return w.parse(goja.Undefined(), w.vm.ToValue(text))
}

// Bounds of what is kept of the requests of one run.
const (
	maxRequests = 20
	maxAddress  = 300 // characters
)

// requested takes note of an address that the mini program asks, and from where.
func (w *world) requested(call goja.FunctionCall) goja.Value {
	if len(w.requests) < maxRequests {
		q := request{API: call.Argument(0).String(), URL: short(call.Argument(1).String(), maxAddress), Answered: w.answered}
		q.File, q.Line, q.Column = w.place(w.vm.CaptureCallStack(0, nil))
		w.requests = append(w.requests, q)
	}
	return goja.Undefined()
}

// place is the first place of a stack that lies in the package: the file is "" when there is none.
func (w *world) place(stack []goja.StackFrame) (file string, line, column int) {
	for _, f := range stack {
		if src, theirs := w.job.Scripts[f.SrcName()]; theirs {
			at := f.Position()
			if at.Line == 1 {
				at.Column = max(1, at.Column-len(wrapBefore))
			}
			return f.SrcName(), at.Line, units(string(src), at.Line, at.Column)
		}
	}
	return "", 0, 0
}

// units is a column counted in UTF-16, as source maps and editors count, of one that the engine counts in bytes: scripts are
// one long line, so that each letter that is not ASCII would lead further away from the place.
func units(src string, line, column int) int {
	for ; line > 1; line-- {
		_, src, _ = strings.Cut(src, "\n")
	}
	n := 1
	for _, r := range src[:max(0, min(len(src), column-1))] {
		n += utf16.RuneLen(r)
	}
	return n
}

func short(s string, most int) string {
	if len(s) <= most { // bytes: runes are no more
		return s
	}
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return strings.Clone(s)
}
