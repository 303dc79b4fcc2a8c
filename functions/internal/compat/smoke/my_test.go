package smoke_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/smoke"
)

// TestMyIsAnObject looks at "my" in the ways of frameworks that wrap all of it, before anything else has: each is true of an
// object that has its functions from the start.
func TestMyIsAnObject(t *testing.T) {
	files := map[string]string{}
	for i, truth := range []string{
		"Object.keys(my).includes('request') && Object.keys(my).includes('ap') && !Object.keys(my).some((k) => k.includes('.') || !k)",
		"my.hasOwnProperty('request') && !my.hasOwnProperty('nothing') && !my.hasOwnProperty('') && !my.hasOwnProperty('ap.faceVerify')",
		"'request' in my && !('nothing' in my) && my.nothing === undefined && my['ap.faceVerify'] === undefined && my[''] === undefined",
		"(() => { const seen = []; for (const k in my) seen.push(k); return seen.includes('getStorageSync') && seen.length === Object.keys(my).length })()",
		"typeof Object.assign({}, my).request === 'function' && typeof {...my}.ap.faceVerify === 'function'",
		"Object.entries(my).every(([k, v]) => my[k] === v)",
		"(() => { delete my.request; return my.request === undefined && !('request' in my) && !Object.keys(my).includes('request') })()",
		"(() => { my.request = 1; return my.request === 1 && Object.keys(my).filter((k) => k === 'request').length === 1 })()",
		"(() => { Object.defineProperty(my, 'request', {value: 2, configurable: true}); return my.request === 2 && Object.keys(my).includes('request') })()",
		"(() => { Object.defineProperty(my, 'ask', {get() { return this === my && this.request }, configurable: true}); return my.ask === my.request && typeof my.ask === 'function' })()",
		"(() => { let got; Object.defineProperty(my, 'told', {set(v) { got = [this, v] }, configurable: true}); my.told = 3; return got[0] === my && got[1] === 3 && my.told === undefined })()",
		"(() => { const d = Object.getOwnPropertyDescriptor(my, 'request'); return d.value === my.request && d.writable && d.enumerable && d.configurable && !('get' in d) })()",
		"(() => { Object.defineProperty(my, 'x', {get: () => 4, configurable: true}); const d = Object.getOwnPropertyDescriptor(my, 'x'); return d.get() === 4 && !('value' in d) && !d.enumerable })()",
		"Object.isFrozen(Object.freeze(my)) && typeof my.request === 'function'",
		"Object.getOwnPropertyDescriptor(my, 'nothing') === undefined && Object.getPrototypeOf(my) === Object.prototype && Object.isExtensible(my)",
		"(() => { const child = Object.create(my); child.request = 5; return my.request !== 5 && typeof child.getStorage === 'function' && Object.keys(child).length === 1 })()",
		"Object.prototype.toString.call(my) === '[object Object]' && typeof my === 'object' && my.toString === Object.prototype.toString",
		"my.request === my.request && my.ap === my.ap && Reflect.ownKeys(my).length === new Set(Reflect.ownKeys(my)).size",
		"my[Symbol.iterator] === undefined && (my[Symbol.for('x')] = 6) === 6 && my[Symbol.for('x')] === 6 && Object.keys(my).length > 100",
		"(my[0] = 7) === 7 && my[0] === 7 && my['0'] === 7",
		"typeof JSON.stringify(my) === 'string' && my.SDKVersion.split('.').length > 1",
		"my.canIUse('request') && my.canIUse('ap.faceVerify') && my.canIUse('button') && !my.canIUse('nothing') && !my.canIUse('ap') && !my.canIUse('')",
		"(() => { try { my.nothing() } catch (e) { return e instanceof TypeError } })()",
		// What frameworks do to all of it, and what they leave of it.
		"(() => { for (const k in my) if (typeof my[k] === 'function') my[k] = ((f) => function () { return f.apply(this, arguments) })(my[k]); return my.canIUse('request') && typeof my.ap.faceVerify === 'function' })()",
		"(() => { for (const k of Object.keys(my)) { const f = my[k]; Object.defineProperty(my, k, {get: () => f, enumerable: true, configurable: false}) } return Object.keys(my).length > 100 && my.request === Object.assign({}, my).request })()",
		"(() => { Object.defineProperty(my, 'ask', {get: () => 1}); return Object.keys(my).length > 100 && my.hasOwnProperty('ask') && Object.getOwnPropertyDescriptor(my, 'ask').get() === 1 && Object.isFrozen(Object.freeze(my)) })()",
		"Reflect.defineProperty(my, 'ask', {get: () => 1}) && my.ask === 1 && !Reflect.deleteProperty(my, 'ask')",
		"Object.defineProperties(my, {ask: {get: () => 1}, told: {value: 2}, request: {get: () => 3}}) === my && my.ask + my.told + my.request === 6",
		"(() => { Object.defineProperty(my, 'x', {get: undefined, configurable: true}); return 'x' in my && my.x === undefined && 'get' in Object.getOwnPropertyDescriptor(my, 'x') })()",
		"(() => { Object.defineProperty(my, 'x', {}); const d = Object.getOwnPropertyDescriptor(my, 'x'); return 'x' in my && !d.writable && !d.enumerable && !d.configurable })()",
		"(() => { Object.defineProperty(my, 'request', {value: 2}); my.request = 3; return my.request === 3 && Object.keys(my).includes('request') })()",
		"(() => { Object.defineProperty(my, 'request', {enumerable: false}); return typeof my.request === 'function' && !Object.keys(my).includes('request') })()",
		"(() => { const plain = Object.keys(my); return plain.join() === [...plain].sort((a, b) => (a < b ? -1 : 1)).join() })()",
		"(() => { my.x = 1; my.request = 2; my.x = 3; const keys = Object.keys(my); return my.x === 3 && keys.pop() === 'x' && keys.indexOf('request') === keys.indexOf('reportCustomError') + 1 })()",
		"(() => { const p = new Proxy(my, {get: (o, k) => { const f = Reflect.get(o, k); return typeof f === 'function' ? f.bind(o) : f }}); return p.canIUse('request') && Object.keys(p).length > 100 && 'request' in p && {...p}.ap.faceVerify })() !== undefined",
		"(() => { const all = Object.defineProperties({}, Object.getOwnPropertyDescriptors(my)), {request, ...rest} = my; return request === all.request && !('request' in rest) && rest.alert === all.alert })()",
		"(() => { const o = {}; return Reflect.set(my, 'request', 1, o) && o.request === 1 && typeof my.request === 'function' && !Reflect.set(my, 'request', 1, 2) })()",
		// What scripts do to all objects: it was done after "my" was made.
		"(() => { Object.defineProperty(Object.prototype, 'self', {get() { return this }, configurable: true}); return my.self === my })()",
		"(() => { Object.defineProperty(Object.prototype, 'request', {get: () => 1, set() { throw new Error('set') }, configurable: true}); my.request = 2; return my.request === 2 && typeof my.getStorage === 'function' })()",
		"(() => { Object.defineProperty(Object.prototype, 'request', {value: 1, configurable: true}); return typeof my.request === 'function' && (my.request = 2) === my.request })()",
		"(() => { Object.prototype.get = () => {}; my.request = 1; const there = my.request === 1 && typeof my.ap.faceVerify === 'function'; return delete Object.prototype.get && there })()",
		"(() => { Object.hasOwn = Object.defineProperty = () => { throw new Error('theirs') }; Array.prototype[Symbol.iterator] = function* () {}; String.prototype.slice = () => ''; return typeof my.ap.faceVerify === 'function' })()",
		"(() => { const mine = Object; globalThis.Object = null; const there = typeof my.ap.faceVerify === 'function'; globalThis.Object = mine; return there })()",
		"(() => { Object.setPrototypeOf(my, {request: 1, x: 2}); return typeof my.request === 'function' && my.x === 2 && my.toString && Object.setPrototypeOf(my, null).toString === undefined })()",
		"(() => { try { Object.setPrototypeOf(my, Object.create(my)) } catch (e) { return e instanceof TypeError && my.nothing === undefined && !Reflect.setPrototypeOf(my, my) } })()",
		"(() => { let told = ''; Promise.resolve(my).then(Object.keys).then(() => told += 'k'); Promise.resolve().then(() => told += 1).then(() => told += 2); setTimeout(() => { if (told !== '1k2') throw new Error(told) }, 1); return true })()",
		"(() => { let told = ''; Object.defineProperty(my, 'x', {get: () => 1, configurable: true}); Promise.resolve().then(() => my).then(() => told += 'm'); Promise.resolve().then(() => told += 1).then(() => told += 2).then(() => told += 3); setTimeout(() => { if (told !== '1m23') throw new Error(told) }, 1); return true })()",
	} {
		files[fmt.Sprintf("p%02d/p.js", i)] = fmt.Sprintf("Page({onLoad(){ if (!(%s)) throw new Error('it is not so') }})", truth)
	}
	in := input(files)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		in.Project.Pages = append(in.Project.Pages, intake.Page{Path: strings.TrimSuffix(file, ".js")})
	}
	fine(t, in)
	agree(t, in)
}

// fine holds every run to end without a failure.
func fine(t *testing.T, in compat.Input) {
	t.Helper()
	lines, thrown, err := smoke.Runner{}.Lines(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		if !strings.HasSuffix(line, "  []") {
			t.Errorf("%s: %s\n%s", line, thrown[i], in.Built[strings.Fields(line)[0]+".js"])
		}
	}
}

// TestNamesAnAppAdds: an app may name its APIs as it likes, also as what every object and every function has.
func TestNamesAnAppAdds(t *testing.T) {
	in := input(map[string]string{"a/a.js": `function is(truth, what) { if (!truth) throw new Error(what + ' is not so') }
Page({onLoad() {
  for (const name of ['request', 'request.length', 'request.name', 'request.caller', 'toString', 'constructor.x', 'valueOf.x', '__proto__', 'scan.__proto__', 'ap', 'ap.faceVerify', 'a.b.c.d', 'call.x']) {
    is(typeof name.split('.').reduce((o, k) => o[k], my) === 'function', name); is(my.canIUse(name), 'canIUse of ' + name);
  }
  is(typeof my.SDKVersion === 'string', 'what is below a text');
  is(!my.canIUse('valueOf') && !my.canIUse('a.b') && !my.canIUse('hasOwnProperty'), 'canIUse of what is only above');
  is(Object.x === undefined && Object.prototype.valueOf.x === undefined, 'that other objects are as they were');
  is(Object.getPrototypeOf(my) === Object.prototype && Object.keys(my).includes('__proto__') && Object.keys(my.scan).join() === '__proto__', 'that a prototype is no API');
  is(my.getSystemInfo === undefined && !('env' in my) && !my.canIUse('env.x'), 'what is removed');
  my.toString({fail() { throw new Error('it went to the network') }});
}})`})
	in.Runtime.APIs.Extra = strings.Fields("request.length request.name request.caller toString constructor.x valueOf.x SDKVersion.x __proto__ scan.__proto__ ap a.b.c.d call.x")
	in.Runtime.APIs.Removed = []string{"getSystemInfo", "env"}
	fine(t, in)
	agree(t, in)
}

// TestAMissingFunctionIsNamed: the name tells a merchant which API the app lacks.
func TestAMissingFunctionIsNamed(t *testing.T) {
	_, thrown, err := smoke.Runner{}.Lines(context.Background(), input(map[string]string{"a/a.js": "Page({onLoad(){my.sendMtop({})}})"}))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(thrown[0], "'sendMtop'") {
		t.Errorf("it says %q", thrown[0])
	}
}
