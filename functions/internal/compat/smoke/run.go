package smoke

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/dop251/goja"
	"github.com/dop251/goja/parser"

	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
)

//go:embed prelude.js
var preludeJS string

//go:embed filler.js
var fillerJS string

// Bounds of one run beside its time. An interrupt ends ordinary endless loops; what it cannot end, the parent kills.
const (
	horizon  = 30_000 // virtual milliseconds that timers are followed
	maxSteps = 3000   // timers run
)

const (
	wrapBefore = "(function(exports,require,module){"
	wrapAfter  = "\n})"
)

// runner keeps compiled scripts between the runs of a job.
type runner struct {
	job      job
	time     time.Duration // of one run, until it is interrupted
	programs map[string]*goja.Program
	prelude  *goja.Program
	filler   *goja.Program
}

func newRunner(j job, limit time.Duration) (*runner, error) {
	r := &runner{job: j, time: limit, programs: map[string]*goja.Program{}}
	var err error
	if r.prelude, err = compile("prelude.js", preludeJS); err != nil {
		return nil, err
	}
	r.filler, err = compile("filler.js", fillerJS)
	return r, err
}

// compile never follows a source map, which the engine would read from disk.
func compile(name, src string) (*goja.Program, error) {
	tree, err := goja.Parse(name, src, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, err
	}
	return goja.CompileAST(tree, false)
}

// world is one fresh runtime.
type world struct {
	*runner
	vm       *goja.Runtime
	object   *goja.Object
	modules  map[string]*goja.Object
	rejected map[*goja.Promise]bool
	order    []*goja.Promise
	now      int64 // virtual milliseconds
}

// thrown is an outcome on its way up.
type thrown struct {
	phase string
	err   error
}

func (t *thrown) Error() string { return t.phase + ": " + t.err.Error() }

// run opens one page in one mode.
func (r *runner) run(p pageJob, mode Mode) (out outcome) {
	out = outcome{Page: p.Path, Mode: mode}
	w, err := r.world(p, mode)
	if err == nil {
		stop := time.AfterFunc(r.time, func() { w.vm.Interrupt("time") })
		defer stop.Stop()
		err = w.page(p)
	}
	if err == nil {
		err = w.rejection()
	}
	if err != nil {
		w.describe(&out, err)
	}
	return out
}

func (r *runner) world(p pageJob, mode Mode) (*world, error) {
	w := &world{runner: r, vm: goja.New(), modules: map[string]*goja.Object{}, rejected: map[*goja.Promise]bool{}}
	w.vm.SetMaxCallStackSize(4000)
	w.vm.SetRandSource(func() float64 { return 0.5 })
	w.vm.SetTimeSource(w.clock)
	w.vm.SetPromiseRejectionTracker(func(p *goja.Promise, op goja.PromiseRejectionOperation) {
		if w.rejected[p] = op == goja.PromiseRejectionReject; w.rejected[p] {
			w.order = append(w.order, p)
		}
	})
	w.object = w.vm.NewObject()
	input, err := w.value(r.input(p, mode))
	if err != nil {
		return w, err
	}
	components, err := w.value(r.job.Components)
	if err != nil {
		return w, err
	}
	_ = w.object.Set("input", input)
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

// value hands Go data over as plain script data.
func (w *world) value(v any) (goja.Value, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	parse, ok := goja.AssertFunction(w.vm.Get("JSON").ToObject(w.vm).Get("parse"))
	if !ok {
		return nil, errors.New("no JSON.parse")
	}
	return parse(goja.Undefined(), w.vm.ToValue(string(data)))
}

func (r *runner) input(p pageJob, mode Mode) map[string]any {
	apis := map[string]catalogue.API{}
	library := r.job.Newest
	if mode == Oldest {
		library = r.job.Oldest
	}
	for _, a := range r.job.APIs {
		if profile.Compare(a.Since, library) <= 0 {
			apis[a.Name] = a
		}
	}
	return map[string]any{"apis": apis, "mode": mode, "fixtures": r.job.Fixtures, "query": p.Query, "route": p.Path, "library": library}
}

// page lives a page's life: the app starts, the page opens, time passes, the page closes.
func (w *world) page(p pageJob) error {
	if _, ok := w.job.Scripts["app.js"]; ok {
		if err := w.load("app", "app.js"); err != nil {
			return err
		}
	}
	for _, name := range []string{"onLaunch", "onShow"} {
		launch, _ := w.value(map[string]any{"path": p.Path, "query": map[string]string{}})
		if err := w.call("app "+name, w.object.Get("app"), name, launch); err != nil {
			return err
		}
	}
	for _, c := range p.Components {
		if _, ok := w.job.Scripts[c+".js"]; ok {
			if err := w.load("component", c+".js"); err != nil {
				return err
			}
		}
	}
	if err := w.load("page", p.Path+".js"); err != nil {
		return err
	}
	pages := w.object.Get("pages").ToObject(w.vm)
	if pages.Get("length").ToInteger() == 0 {
		return &thrown{"register", errors.New("the script never called Page")}
	}
	instance, err := w.invoke("page", "open", pages.Get("0"))
	if err != nil {
		return err
	}
	query, err := w.invoke("page", "query")
	if err != nil {
		return err
	}
	for _, name := range []string{"onLoad", "onShow", "onReady", "", "onHide", "onUnload"} {
		if name == "" {
			err = w.timers()
		} else {
			err = w.call(name, instance, name, query)
		}
		if err != nil {
			return err
		}
	}
	return w.timers()
}

func (w *world) load(phase, file string) error {
	if _, err := w.require(file); err != nil {
		return &thrown{phase, err}
	}
	return nil
}

// invoke calls a function of the prelude.
func (w *world) invoke(phase, name string, args ...goja.Value) (goja.Value, error) {
	f, ok := goja.AssertFunction(w.object.Get(name))
	if !ok {
		return nil, fmt.Errorf("the prelude has no %s", name)
	}
	v, err := f(goja.Undefined(), args...)
	if err != nil {
		return nil, &thrown{phase, err}
	}
	return v, nil
}

func (w *world) call(phase string, target goja.Value, name string, args ...goja.Value) error {
	_, err := w.invoke(phase, "call", append([]goja.Value{target, w.vm.ToValue(name)}, args...)...)
	return err
}

func (w *world) timers() error {
	for range maxSteps {
		more, err := w.invoke("timer", "step", w.vm.ToValue(horizon))
		if err != nil {
			return err
		}
		if !more.ToBoolean() {
			return nil
		}
	}
	return nil // a page that never rests is no failure
}

func (w *world) rejection() error {
	for _, p := range w.order {
		if w.rejected[p] {
			return &thrown{"rejection", errors.New(reason(p.Result()))}
		}
	}
	return nil
}

// reason reads what was thrown, which may itself throw, or never end, when it is read.
func reason(v goja.Value) (text string) {
	defer func() {
		if recover() != nil {
			text = "a value that cannot be read"
		}
	}()
	if o, ok := v.(*goja.Object); ok {
		for _, key := range []string{"message", "errorMessage"} {
			if m := o.Get(key); m != nil && !goja.IsUndefined(m) {
				return m.String()
			}
		}
		return "an object without a message"
	}
	return v.String()
}

// require gives a module's exports; a script error comes back as it was thrown.
func (w *world) require(file string) (goja.Value, error) {
	if m, ok := w.modules[file]; ok {
		return m.Get("exports"), nil
	}
	src := w.job.Scripts[file]
	module := w.vm.NewObject()
	exports := w.vm.NewObject()
	_ = module.Set("exports", exports)
	w.modules[file] = module
	if strings.HasSuffix(file, ".json") {
		var data any
		if err := json.Unmarshal([]byte(src), &data); err != nil {
			return nil, fmt.Errorf("%s is not JSON", file)
		}
		v, err := w.value(data)
		_ = module.Set("exports", v)
		return v, err
	}
	program, ok := w.programs[file]
	if !ok {
		var err error
		if program, err = compile(file, wrapBefore+src+wrapAfter); err != nil {
			return nil, err
		}
		w.programs[file] = program
	}
	v, err := w.vm.RunProgram(program)
	if err != nil {
		return nil, err
	}
	f, _ := goja.AssertFunction(v)
	if _, err = f(goja.Undefined(), exports, w.vm.ToValue(w.requirer(file)), module); err != nil {
		delete(w.modules, file)
		return nil, err
	}
	return module.Get("exports"), nil
}

func (w *world) requirer(from string) func(goja.FunctionCall) goja.Value {
	return func(call goja.FunctionCall) goja.Value {
		spec := call.Argument(0).String()
		base := path.Join(path.Dir(from), spec)
		if strings.HasPrefix(spec, "/") {
			base = strings.TrimLeft(path.Clean(spec), "/")
		}
		for _, extension := range []string{"", ".js", ".json", "/index.js"} {
			if _, ok := w.job.Scripts[base+extension]; ok {
				v, err := w.require(base + extension)
				if err != nil {
					w.rethrow(err)
				}
				return v
			}
		}
		panic(w.vm.NewGoError(fmt.Errorf("cannot find module %q", spec)))
	}
}

// rethrow passes an exception of one module on to the module that asked for it.
func (w *world) rethrow(err error) {
	var e *goja.Exception
	if errors.As(err, &e) {
		panic(e.Value())
	}
	var i *goja.InterruptedError
	if errors.As(err, &i) {
		panic(i)
	}
	panic(w.vm.NewGoError(err))
}

// describe writes an error as an outcome with its place in the built package.
func (w *world) describe(out *outcome, err error) {
	out.Phase = "run"
	var t *thrown
	if errors.As(err, &t) {
		out.Phase, err = t.phase, t.err
	}
	out.Message = err.Error()
	var interrupted *goja.InterruptedError
	var exception *goja.Exception
	switch {
	case errors.As(err, &interrupted):
		out.Phase, out.Message = "time", "it did not come to an end"
	case errors.As(err, &exception):
		out.Message = reason(exception.Value())
		for _, f := range exception.Stack() {
			if _, ours := w.job.Scripts[f.SrcName()]; ours {
				out.File, out.Line, out.Column = f.SrcName(), f.Position().Line, f.Position().Column
				if out.Line == 1 {
					out.Column = max(1, out.Column-len(wrapBefore))
				}
				break
			}
		}
	}
	if r := []rune(out.Message); len(r) > 300 {
		out.Message = string(r[:300]) + "…"
	}
}
