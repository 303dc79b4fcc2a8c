package smoke_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/build/intake"
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
	} {
		files[fmt.Sprintf("p%02d/p.js", i)] = fmt.Sprintf("Page({onLoad(){ if (!(%s)) throw new Error('it is not so') }})", truth)
	}
	in := input(files)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		in.Project.Pages = append(in.Project.Pages, intake.Page{Path: strings.TrimSuffix(file, ".js")})
	}
	lines, thrown, err := smoke.Runner{}.Lines(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		if !strings.HasSuffix(line, "  []") {
			t.Errorf("%s: %s\n%s", line, thrown[i], files[strings.Fields(line)[0]+".js"])
		}
	}
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
