package smoke

import (
	"cmp"
	"slices"
	"strings"

	"github.com/dop251/goja"

	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
)

// apis is what a base library has, by name. All that "my" has itself is below "".
type apis map[string]*api

type api struct {
	catalogue.API          // Kind is "" where there are only names below
	below         []string // one part longer
}

func (j job) table(library string) apis {
	t := apis{"": {}}
	for _, a := range j.since(library) {
		a.Kind = cmp.Or(a.Kind, "sync")
		t.at(a.Name).API = a
	}
	return t
}

// at is where a name is kept; what lies above it is made on the way.
func (t apis) at(name string) *api {
	if t[name] == nil {
		t[name] = &api{}
		above := t.at(name[:max(0, strings.LastIndexByte(name, '.'))])
		above.below = append(above.below, name)
	}
	return t[name]
}

// since lists the APIs that a base library has.
func (j job) since(library string) []catalogue.API {
	return slices.DeleteFunc(slices.Clone(j.APIs), func(a catalogue.API) bool { return profile.Compare(a.Since, library) > 0 })
}

// api is how the prelude asks what is at a name: most are never asked for, and making them all would take longer than
// most pages run.
func (w *world) api(from apis) func(goja.FunctionCall) goja.Value {
	list := func(names []string) goja.Value {
		values := make([]any, len(names))
		for i, name := range names {
			values[i] = w.vm.ToValue(name)
		}
		return w.vm.NewArray(values...)
	}
	return func(call goja.FunctionCall) goja.Value {
		a := from[call.Argument(0).String()]
		if a == nil {
			return goja.Undefined()
		}
		return w.vm.NewArray(a.Kind, string(a.Sample), list(a.Methods), list(a.below))
	}
}

// lazy makes the object "my" of one that is empty: before a script sees anything of a name, fill puts it there. To scripts it
// is an object like any other. Setting a name goes by way of GetOwnPropertyDescriptor and DefineProperty.
func (w *world) lazy(from apis) func(goja.FunctionCall) goja.Value {
	reflect := w.reflect()
	return func(call goja.FunctionCall) goja.Value {
		put, _ := goja.AssertFunction(call.Argument(1))
		fill, accessors := w.once(from, put), false
		all := func() {
			for _, name := range from[""].below {
				fill(name)
			}
		}
		return w.vm.ToValue(w.vm.NewProxy(call.Argument(0).ToObject(w.vm), &goja.ProxyTrapConfig{
			Get: func(o *goja.Object, name string, receiver goja.Value) goja.Value {
				fill(name)
				if accessors && reflect("has", o, w.vm.ToValue(name)).ToBoolean() {
					return reflect("get", o, w.vm.ToValue(name), receiver)
				}
				return o.Get(name) // nil when it is missing, so that the engine says of a call which name there is not
			},
			Has: func(o *goja.Object, name string) bool {
				fill(name)
				return reflect("has", o, w.vm.ToValue(name)).ToBoolean()
			},
			DeleteProperty: func(o *goja.Object, name string) bool {
				fill(name)
				return reflect("deleteProperty", o, w.vm.ToValue(name)).ToBoolean()
			},
			DefineProperty: func(o *goja.Object, name string, d goja.PropertyDescriptor) bool {
				fill(name)
				accessors = accessors || d.Getter != nil || d.Setter != nil
				return define(o, name, d)
			},
			GetOwnPropertyDescriptor: func(o *goja.Object, name string) goja.PropertyDescriptor {
				fill(name)
				return descriptor(reflect("getOwnPropertyDescriptor", o, w.vm.ToValue(name)))
			},
			OwnKeys: func(o *goja.Object) *goja.Object {
				all()
				return reflect("ownKeys", o).ToObject(w.vm)
			},
			PreventExtensions: func(o *goja.Object) bool {
				all()
				return reflect("preventExtensions", o).ToBoolean()
			},
		}))
	}
}

// once puts an API where it belongs when its name is first seen.
func (w *world) once(from apis, put goja.Callable) func(name string) {
	seen := map[string]bool{}
	return func(name string) {
		if from[name] == nil || seen[name] || name == "" || strings.Contains(name, ".") {
			return
		}
		seen[name] = true
		if _, err := put(goja.Undefined(), w.vm.ToValue(name)); err != nil {
			w.rethrow(err)
		}
	}
}

func define(o *goja.Object, name string, d goja.PropertyDescriptor) bool {
	if d.Getter != nil || d.Setter != nil {
		return o.DefineAccessorProperty(name, d.Getter, d.Setter, d.Configurable, d.Enumerable) == nil
	}
	return o.DefineDataProperty(name, d.Value, d.Writable, d.Configurable, d.Enumerable) == nil
}

// descriptor is what Reflect.getOwnPropertyDescriptor gave; of undefined it is empty.
func descriptor(v goja.Value) (d goja.PropertyDescriptor) {
	now, ok := v.(*goja.Object)
	if !ok {
		return d
	}
	flag := func(key string) goja.Flag { return goja.ToFlag(now.Get(key).ToBoolean()) }
	d = goja.PropertyDescriptor{Value: now.Get("value"), Getter: now.Get("get"), Setter: now.Get("set"), Configurable: flag("configurable"), Enumerable: flag("enumerable")}
	if d.Value != nil {
		d.Writable = flag("writable")
	}
	return d
}

// reflect calls functions of Reflect as they were before any script ran.
func (w *world) reflect() func(name string, args ...goja.Value) goja.Value {
	functions := map[string]goja.Callable{}
	object := w.vm.Get("Reflect").ToObject(w.vm)
	for _, name := range []string{"get", "has", "deleteProperty", "getOwnPropertyDescriptor", "ownKeys", "preventExtensions"} {
		functions[name], _ = goja.AssertFunction(object.Get(name))
	}
	return func(name string, args ...goja.Value) goja.Value {
		v, err := functions[name](goja.Undefined(), args...)
		if err != nil {
			w.rethrow(err)
		}
		return v
	}
}
