package build_test

import (
	"fmt"
	"path"

	"github.com/dop251/goja"
)

// host runs a built tree as the smallest possible super app would: modules by exact relative path, each once.
type host struct {
	vm      *goja.Runtime
	files   map[string][]byte
	modules map[string]goja.Value
	App     map[string]any
	Pages   []map[string]any
}

func newHost(files map[string][]byte) *host {
	h := &host{vm: goja.New(), files: files, modules: map[string]goja.Value{}}
	_ = h.vm.Set("App", func(m map[string]any) { h.App = m })
	_ = h.vm.Set("Page", func(m map[string]any) { h.Pages = append(h.Pages, m) })
	_ = h.vm.Set("Component", func(map[string]any) {})
	return h
}

// eval runs a module and gives its exports.
func (h *host) eval(file string) (goja.Value, error) {
	if module, ok := h.modules[file]; ok {
		return module.ToObject(h.vm).Get("exports"), nil
	}
	src, there := h.files[file]
	if !there {
		return nil, fmt.Errorf("the built tree has no %s", file)
	}
	run, err := h.vm.RunScript(file, "(function(require,module,exports){"+string(src)+"\n})")
	if err != nil {
		return nil, err
	}
	module := h.vm.NewObject()
	exports := h.vm.NewObject()
	_ = module.Set("exports", exports)
	h.modules[file] = module
	require := func(spec string) goja.Value {
		v, err := h.eval(path.Join(path.Dir(file), spec))
		if err != nil {
			panic(h.vm.ToValue(err.Error()))
		}
		return v
	}
	call, _ := goja.AssertFunction(run)
	if _, err := call(exports, h.vm.ToValue(require), module, exports); err != nil {
		return nil, err
	}
	return module.Get("exports"), nil
}
