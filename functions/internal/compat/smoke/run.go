package smoke

import (
	"errors"
	"fmt"
	"strings"

	"github.com/dop251/goja"
)

// Bounds of one run beside its time. An interrupt ends ordinary endless loops; what it cannot end, the parent kills.
const (
	horizon  = 30_000 // virtual milliseconds that timers are followed
	maxSteps = 3000   // timers run

	maxMessage = 300 // characters of what was thrown
)

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
		r.meter.begin(w.vm)
		defer r.meter.end()
		err = w.live(p)
	}
	if err != nil {
		w.describe(&out, err)
	}
	if mode == Empty {
		out.Requests = w.requests
	}
	return out
}

// live opens the page and looks at what it left behind. Reading a value may run a script that throws, that is interrupted or
// that calls itself without end, outside of every call: that is the page's failure too.
func (w *world) live(p pageJob) (err error) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case *goja.InterruptedError:
			err = x
		case *goja.StackOverflowError:
			err = &thrown{"page", x}
		default:
			panic(x)
		}
	}()
	if e := w.vm.Try(func() { err = w.page(p) }); e != nil {
		return &thrown{"page", e}
	}
	if err != nil {
		return err
	}
	return w.rejection()
}

// page lives a page's life: the app starts, the page opens, time passes, the page closes.
func (w *world) page(p pageJob) error {
	if _, ok := w.job.Scripts["app.js"]; ok {
		if err := w.load("app", "app.js"); err != nil {
			return err
		}
	}
	for _, name := range []string{"onLaunch", "onShow"} {
		launch := w.vm.NewObject()
		_ = launch.Set("path", p.Path)
		_ = launch.Set("query", w.vm.NewObject())
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
		w.answered = true
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

// describe writes an error as an outcome with its place in the built package.
func (w *world) describe(out *outcome, err error) {
	out.Phase = "run"
	var t *thrown
	if errors.As(err, &t) {
		out.Phase, err = t.phase, t.err
	}
	// Neither errors.As nor Error: both ask the value that was thrown, whose answer may be a script that throws or never ends.
	if e, ok := err.(*goja.Exception); ok {
		if o, ok := e.Value().(*goja.Object); ok && w.endless[o] != nil {
			err = w.endless[o]
		}
	}
	switch err := err.(type) {
	case *goja.InterruptedError:
		out.Phase, out.Message = "time", "it did not come to an end"
	case *goja.StackOverflowError:
		out.Message = "it calls itself without end"
		out.File, out.Line, out.Column = w.place(err.Stack())
	case *goja.Exception:
		out.Message = reason(err.Value())
		if strings.HasPrefix(out.Message, "invalid character ") || out.Message == "unexpected end of JSON input" { // the engine's own words
			out.Message = "what JSON.parse is given is not JSON (" + out.Message + ")"
		}
		out.File, out.Line, out.Column = w.place(err.Stack())
	default:
		out.Message = err.Error()
	}
	out.Message = short(out.Message, maxMessage)
}
