package smoke

import (
	"fmt"
	"path"
	"strings"

	"github.com/dop251/goja"
)

// The function that each script is wrapped in, as CommonJS does.
const (
	wrapBefore = "(function(exports,require,module){"
	wrapAfter  = "\n})"
)

// require gives a module's exports; a script error comes back as it was thrown.
func (w *world) require(file string) (goja.Value, error) {
	if m, ok := w.modules[file]; ok {
		return m.Get("exports"), nil
	}
	src := string(w.job.Scripts[file])
	module := w.vm.NewObject()
	exports := w.vm.NewObject()
	_ = module.Set("exports", exports)
	w.modules[file] = module
	if strings.HasSuffix(file, ".json") {
		v, err := w.value(src)
		if err != nil {
			return nil, fmt.Errorf("%s is not JSON", file)
		}
		return v, module.Set("exports", v)
	}
	program, ok := w.programs[file]
	if !ok {
		var err error
		if program, err = compileScript(file, wrapBefore+src+wrapAfter); err != nil {
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
	switch e := err.(type) {
	case *goja.Exception:
		panic(e.Value())
	case *goja.InterruptedError:
		panic(e)
	case *goja.StackOverflowError: // which scripts may catch, as on phones
		v := w.vm.NewGoError(e)
		w.endless[v] = e
		panic(v)
	}
	panic(w.vm.NewGoError(err))
}
