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

// api is how the prelude asks what an API is: [kind, sample as JSON or "", methods], or undefined.
func (w *world) api(from apis) native {
	return func(call goja.FunctionCall) goja.Value {
		a := from[call.Argument(0).String()]
		if a == nil {
			return goja.Undefined()
		}
		return w.vm.NewArray(a.Kind, string(a.Sample), w.methods(a))
	}
}

func (w *world) methods(a *api) goja.Value {
	names := make([]any, len(a.Methods))
	for i, name := range a.Methods {
		names[i] = w.vm.ToValue(name)
	}
	return w.vm.NewArray(names...)
}

// native is a function as the engine calls it: what it throws goes on to the script. By way of goja.Callable promises would
// settle in the middle of a look at "my".
type native = func(goja.FunctionCall) goja.Value

// lazy is the object "my". A page uses a few of hundreds of APIs, and a world is made for every run: all of them took longer
// than most pages run, so that each is made when a script first looks at it.
//
// To scripts it is an object like any other. While it is lazy, all that its target has is what an assignment makes, and own
// knows the names. What needs more than that opens it: all is made, and from then on the target answers for itself, because
// the engine's proxies are not objects like any other when there are accessors that cannot be changed.
type lazy struct {
	*world
	from   apis
	make   native
	target *goja.Object
	my     *goja.Object
	own    map[string]bool
	traps  goja.ProxyTrapConfig
}

// lazy is how the prelude makes "my", of a function that makes one API.
func (w *world) lazy(from apis) native {
	reflect := w.reflect()
	return func(call goja.FunctionCall) goja.Value {
		l := &lazy{world: w, from: from, target: w.vm.NewObject(), own: map[string]bool{}}
		l.make, _ = call.Argument(0).Export().(native)
		l.traps = goja.ProxyTrapConfig{
			Get: func(o *goja.Object, name string, receiver goja.Value) goja.Value {
				if l.fill(name) {
					return o.Get(name)
				}
				if !reflect("has", o, name).ToBoolean() {
					return nil // so that the engine says of a call which name there is not
				}
				return reflect("get", o, name, receiver)
			},
			Set: func(o *goja.Object, name string, value, receiver goja.Value) bool {
				if l.fill(name) && receiver == goja.Value(l.my) {
					return o.Set(name, value) == nil
				}
				return reflect("set", o, name, value, receiver).ToBoolean()
			},
			Has: func(o *goja.Object, name string) bool {
				return l.fill(name) || reflect("has", o, name).ToBoolean()
			},
			GetOwnPropertyDescriptor: func(o *goja.Object, name string) goja.PropertyDescriptor {
				if !l.fill(name) {
					return goja.PropertyDescriptor{}
				}
				return goja.PropertyDescriptor{Value: o.Get(name), Writable: goja.FLAG_TRUE, Configurable: goja.FLAG_TRUE, Enumerable: goja.FLAG_TRUE}
			},
			DefineProperty: func(_ *goja.Object, name string, d goja.PropertyDescriptor) bool { return l.define(name, d) },
			DeleteProperty: func(o *goja.Object, name string) bool {
				return l.open() && reflect("deleteProperty", o, name).ToBoolean()
			},
			OwnKeys:           func(o *goja.Object) *goja.Object { l.open(); return reflect("ownKeys", o).ToObject(w.vm) },
			PreventExtensions: func(o *goja.Object) bool { return l.open() && reflect("preventExtensions", o).ToBoolean() },
			SetPrototypeOf: func(o *goja.Object, to *goja.Object) bool {
				return !l.above(to) && reflect("setPrototypeOf", o, to).ToBoolean()
			},
		}
		l.my = w.vm.ToValue(w.vm.NewProxy(l.target, &l.traps)).ToObject(w.vm)
		return l.my
	}
}

// reflect calls functions of Reflect as they were before any script ran.
func (w *world) reflect() func(name string, args ...any) goja.Value {
	functions := map[string]native{}
	object := w.vm.Get("Reflect").ToObject(w.vm)
	for _, name := range []string{"get", "set", "has", "deleteProperty", "ownKeys", "preventExtensions", "setPrototypeOf"} {
		functions[name], _ = object.Get(name).Export().(native)
	}
	return func(name string, args ...any) goja.Value {
		values := make([]goja.Value, len(args))
		for i, a := range args {
			values[i] = w.vm.ToValue(a)
		}
		return functions[name](goja.FunctionCall{Arguments: values})
	}
}

// fill makes an API before a script sees anything of it, and says whether "my" has the name itself.
func (l *lazy) fill(name string) bool {
	if !l.own[name] && l.from[name] != nil && name != "" && !strings.Contains(name, ".") {
		l.put(l.target, name, l.value(name))
		l.own[name] = true
	}
	return l.own[name]
}

// value makes an API and what is below it.
func (l *lazy) value(name string) goja.Value {
	a := l.from[name]
	v := l.make(goja.FunctionCall{Arguments: []goja.Value{l.vm.ToValue(name), l.vm.ToValue(a.Kind), l.vm.ToValue(string(a.Sample)), l.methods(a)}})
	if o, ok := v.(*goja.Object); ok {
		for _, n := range a.below {
			l.put(o, n[len(name)+1:], l.value(n))
		}
	}
	return v
}

// put makes a property as a literal does, whatever scripts did to the prototypes and whatever a function has of that name.
func (l *lazy) put(o *goja.Object, name string, v goja.Value) {
	if err := o.DefineDataProperty(name, v, goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_TRUE); err != nil {
		l.rethrow(err)
	}
}

// open makes all that there is, in the order of the catalogue and before what scripts added, and ends the traps.
func (l *lazy) open() bool {
	names, values := l.target.GetOwnPropertyNames(), map[string]goja.Value{}
	for _, name := range names {
		values[name] = l.target.Get(name)
	}
	all := slices.Concat(l.from[""].below, names)
	for _, name := range all {
		if values[name] == nil {
			values[name] = l.value(name)
		}
	}
	for _, name := range names {
		_ = l.target.Delete(name)
	}
	for _, name := range all {
		l.put(l.target, name, values[name])
	}
	l.traps = goja.ProxyTrapConfig{SetPrototypeOf: l.traps.SetPrototypeOf}
	return true
}

func (l *lazy) define(name string, d goja.PropertyDescriptor) bool {
	l.fill(name)
	if d.Value != nil && d.Writable == goja.FLAG_TRUE && d.Configurable == goja.FLAG_TRUE && d.Enumerable == goja.FLAG_TRUE {
		l.own[name] = true
	} else {
		l.open()
	}
	if d.Getter != nil || d.Setter != nil {
		return l.target.DefineAccessorProperty(name, d.Getter, d.Setter, d.Configurable, d.Enumerable) == nil
	}
	return l.target.DefineDataProperty(name, d.Value, d.Writable, d.Configurable, d.Enumerable) == nil
}

// above says whether an object inherits from "my". The engine does not look through proxies, and a circle of them ends it.
func (l *lazy) above(o *goja.Object) bool {
	for ; o != nil && o != l.my; o = o.Prototype() {
		if o.ExportType() == l.my.ExportType() { // a script's own proxy
			return false
		}
	}
	return o != nil
}
