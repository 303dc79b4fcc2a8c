package smoke_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/smoke"
)

// hostiles are scripts of a page that would take the machine, the time or the data of whoever runs them. What ends in a
// failure is marked; the others are tame here and need not fail.
var hostiles = []struct {
	name, src string
	fails     bool
}{
	{"a loop while loaded", "for(;;){}", true},
	{"a loop in a life", "Page({onLoad(){for(;;){}}})", true},
	{"a loop in a timer", "Page({onLoad(){setTimeout(()=>{for(;;);},5)}})", true},
	{"a loop in a getter", "Page({get data(){for(;;);}})", true},
	{"a loop in a reply", "Page({onLoad(){my.request({success(){for(;;);}})}})", true},
	{"a loop that waits for a clock", "while(Date.now()<9e15);", true},
	{"a loop in a sort", "[3,2,1].sort(()=>{for(;;);})", true},
	{"a loop in a proxy", "Page(new Proxy({},{ownKeys(){for(;;);},get(){for(;;);}}))", true},
	{"a loop in what is thrown", "throw {get message(){for(;;);}}", true},
	{"a loop in finally", "try{null.x}finally{for(;;);}", true},
	{"a generator without end", "for(var x of (function*(){for(;;)yield 1})());", true},
	{"memory", "var a=[];for(;;)a.push(new Array(1e7).fill(1))", true},
	{"memory in objects", "var a={};for(var i=0;;i++)a['k'+i]={a:a}", true},
	{"memory in one call", "new Array(2**31).fill(1)", true},
	{"memory in a buffer", "new ArrayBuffer(2**33);Page({})", true},
	{"memory in buffers", "var a=[];for(;;)a.push(new Uint8Array(1e8).fill(1))", true},
	{"memory in a string", "var s='ab';for(;;)s+=s", true},
	{"memory in one string", "'ab'.repeat(2**31);Page({})", true},
	{"memory in padding", "'a'.padStart(2**31,'bc');Page({})", true},
	{"memory in numbers", "2n**(2n**40n);Page({})", true},
	{"memory in setData", "Page({onLoad(){this.setData({'a[4000000000]':1});var a=[];a.length=4e9;a.fill(1)}})", true},
	{"a native loop", "Array.from({length:2**32});Page({})", true},
	{"a native search", "[].indexOf.call({length:2**53-1},1);Page({})", true},
	{"an expression that goes back", "/^(?:(a+)+)(?=b)\\1$/.test('a'.repeat(60));Page({})", true},
	{"an expression with lookahead", "/(?=(a+)+$)(x+x+)+y/.test('x'.repeat(80)+'a'.repeat(80)+'b');Page({})", false},
	{"recursion", "(function f(){f()})()", true},
	{"recursion in reading", "var o={get a(){return o.a}};o.a", true},
	{"recursion in texts", "var o={toString(){return ''+o}};''+o", true},
	{"recursion in proxies", "var p={};for(var i=0;i<1e6;i++)p=new Proxy(p,{});p.x;Page({})", false},
	{"recursion in JSON", "JSON.parse('['.repeat(5e6)+']'.repeat(5e6));Page({})", false},
	{"recursion in data", "var a=[];for(var i=0;i<2e5;i++)a=[a];Page({data:{a:a}})", false},
	{"a flood of promises", "(function f(){Promise.resolve().then(f)})();Page({})", true},
	{"an async loop", "(async()=>{for(;;)await 0})();Page({})", true},
	{"timers without end", "Page({onLoad(){(function f(){setTimeout(f,0)})()}})", false},
	{"timers that multiply", "Page({onLoad(){(function f(){setTimeout(f,0);setTimeout(f,0)})()}})", false},
	{"prototypes", "Object.prototype.then=function(){for(;;);};Array.prototype.push=null;Object.keys=null;Function.prototype.apply=null;Page({})", false},
	{"prototypes of everything", "for(var k of Object.getOwnPropertyNames(globalThis)){try{var f=globalThis[k];if(f&&f.prototype)for(var m of Object.getOwnPropertyNames(f.prototype))try{f.prototype[m]=()=>{throw 1}}catch(e){}}catch(e){}}Page({onLoad(){}})", false},
	{"without JSON", "JSON.parse=JSON.stringify=null;globalThis.my=null;delete globalThis.setTimeout;Page({})", false},
	{"a setter on all objects", "Object.defineProperty(Object.prototype,'exports',{set(v){throw 1}});Object.defineProperty(Object.prototype,'page',{get(){for(;;);}});Page({})", false},
	{"getters that throw", "Page({get onLoad(){throw 1},get data(){throw 2}})", true},
	{"throws what cannot be read", "throw {get message(){throw 1},toString(){throw 2}}", true},
	{"throws a proxy", "throw new Proxy({},{get(){throw 1}})", true},
	{"throws a symbol", "throw Symbol('x')", true},
	{"rejects with what cannot be read", "Promise.reject({get message(){throw 1}});Page({})", false},
	{"files", "require('fs').readFileSync('/etc/passwd')", true},
	{"files by path", "require('/etc/passwd');Page({})", true},
	{"files above", "require('../../../../../../etc/passwd');Page({})", true},
	{"files by source map", "Page({})\n//# sourceMappingURL=file:///etc/passwd", false},
	{"network", "var s=new XMLHttpRequest();s.open('GET','http://127.0.0.1/')", true},
	{"network by fetch", "fetch('http://127.0.0.1/');Page({})", true},
	{"processes", "require('child_process').execSync('id')", true},
	{"the process", "this.constructor.constructor('return process')().exit(0)", true},
	{"the program around it", "Function('return this')().Go.os.Exit(0)", true},
	{"the parent's memory", "var v=new DataView(new ArrayBuffer(8));v.getInt8(2**40);Page({})", true},
	{"proxies whose every trap throws", "Page(new Proxy({},{get(){throw 1},has(){throw 1},ownKeys(){throw 1},getPrototypeOf(){throw 1},getOwnPropertyDescriptor(){throw 1}}))", true},
	{"a species that never comes", "class A extends Array{static get [Symbol.species](){return function(){for(;;);}}}new A(3).map((x)=>x)", true},
	{"two gigabytes in a buffer", "new Uint8Array(new ArrayBuffer(2**31-1)).fill(1);Page({})", true},
	{"a sort that contradicts itself", "var n=0;Array.from({length:3e4},(_,i)=>i).sort(()=>(n++%3)-1);Page({})", false},
	{"toJSON that gives itself", "var o={toJSON(){return {o:o}}};JSON.stringify(o)", true},
	{"raw strings repeated", "String.raw({raw:{length:2**31}});Page({})", true},
	{"a sparse array joined", "var a=[];a.length=4e9;a.join('xxxxxxxx');Page({})", true},
	{"an expression over a long text", "/^(a|aa)+$(?!x)/.test('a'.repeat(5e4)+'!');Page({})", false},
	{"a chain of generators", "function*g(n){if(n)yield*g(n-1);yield n}for(var x of g(1e6));", true},
	{"a getter that the runner's replies meet", "Object.defineProperty(Object.prototype,'url',{get(){for(;;);}});Page({onLoad(){my.request({})}})", true},
	{"a promise that is always another", "var t={then(r){r(t)}};Promise.resolve(t);Page({})", true},
	{"a script made at run time", "new Function('for(;;){}')()", true},
	{"a script made too deep", "new Function('return '+'['.repeat(3e6)+']'.repeat(3e6))();Page({})", false},
	{"a script made of labels", "new Function(Array.from({length:1e5},(_,i)=>'l'+i+':').join('')+';')();Page({})", false},
	{"wide JSON", "JSON.parse('['+'{},'.repeat(2e7)+'0]');Page({})", true},
	{"a message without end", "throw new Error('x\\n'.repeat(2e7))", true},
	{"a message that looks like the runner's", "throw new Error('\\n{\"page\":\"b/b\",\"mode\":\"empty\"}\\n')", true},
	{"a flood of output", "for(var i=0;i<1e5;i++)console.log('x'.repeat(1e4));Page({})", false},
	{"a flood of requests", "Page({onLoad(){for(var i=0;i<2e4;i++)my.request({url:'https://h'+i+'.example.com/'+'x'.repeat(1e4),fail(){}})}})", false},
	{"a flood of rejections", "for(var i=0;i<1e5;i++)Promise.reject(new Error('x'.repeat(100)));Page({})", false},
	{"a stack that is never read to its end", "var e=new Error('x');Object.defineProperty(e,'stack',{get(){for(;;);}});throw e", true},
	{"a message that is never a text", "throw {message:{[Symbol.toPrimitive](){for(;;);}}}", true},
	{"an iterator without end for every array", "Array.prototype[Symbol.iterator]=function*(){for(;;)yield 1};Page({onLoad(){setTimeout(()=>{},1)}})", true},
	{"a setter for the first of every list", "Object.defineProperty(Object.prototype,'0',{set(){for(;;);},get(){return {}}});Page({onLoad(){my.request({url:'x'})}})", false},
	{"a map that never answers", "Map.prototype.get=Map.prototype.has=()=>{for(;;);};Page({data:{a:1},onLoad(){my.canIUse('x')}})", true},
	{"own ways to look at what there is", "for(var k of Object.getOwnPropertyNames(Reflect))Reflect[k]=()=>{for(;;);};Array.prototype.indexOf=String.prototype.slice=()=>{for(;;);};Page({onLoad(){my.canIUse('x');Object.keys(my)}})", false},
	{"exports that throw when they are read", "Object.defineProperty(module,'exports',{get(){throw 1}});Page({})", false},
	{"exports that are never read to their end", "Object.defineProperty(module,'exports',{get(){for(;;);}});Page({})", true},
	{"data in a circle of proxies", "var p=new Proxy({},{get(){return p},ownKeys(){return ['a']},getOwnPropertyDescriptor(){return {value:p,enumerable:true,configurable:true}}});Page({data:p,onLoad(){this.setData({'a.a.a':p})}})", false},
	{"a class of its own around the page", "class P{get onLoad(){return new Proxy(function(){},{apply(){for(;;);}})}}Page(new P())", false},
	{"a tagged template that grows", "var f=(s,...v)=>f`${s.concat(s)}${v.concat(v)}`;f`a${1}`", true},
	{"the runner's own names", "Page({});world.pages.length=0;modules=null", true},
}

// TestHostile runs each beside a page whose failure is known: every run comes to an end, the machine is not harmed, what
// is told of a page is short, and the other page's result is kept as it is.
func TestHostile(t *testing.T) {
	for _, h := range hostiles {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			in := input(map[string]string{"a/a.js": h.src, "b/b.js": "Page({onLoad(){null.x}})"})
			found, err := smoke.Runner{Limit: 2 * time.Second, Memory: 256 << 20}.Run(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			failed, kept := false, false
			for _, f := range found {
				hostile := slices.Equal(f.Pages, []string{"a/a"})
				failed = failed || hostile && f.Severity == compat.Fail
				kept = kept || slices.Equal(f.Pages, []string{"b/b"}) && f.Severity == compat.Fail && f.Rule == "smoke-throws" && f.Line == 1
			}
			if failed != h.fails && h.fails {
				t.Errorf("it did not fail: %+v", found)
			}
			if !kept {
				t.Errorf("the other page's result is gone: %+v", found)
			}
			if told, err := json.Marshal(found); err != nil || len(told) > 40_000 {
				t.Errorf("%d bytes are told, %v", len(told), err)
			}
		})
	}
}

// TestAPageFailsNotTheChild: what the engine can end fails as what it is, and costs no child.
func TestAPageFailsNotTheChild(t *testing.T) {
	const deep = "(function f(){return f()})()"
	tests := []struct{ src, want string }{
		{"throw Object.create(null)", "page an object without a message"},
		{"throw {toString(){for(;;);}}", "page an object without a message"},
		{"throw {toString(){return " + deep + "}}", "page an object without a message"},
		{"throw {get message(){return " + deep + "}}", "page a value that cannot be read"},
		{"throw new (class extends GoError{get value(){for(;;);}})()", "page "},
		{"throw Object.create(new Proxy({},{getPrototypeOf(){for(;;);}}))", "page an object without a message"},
		{"Object.defineProperty(module,'exports',{get(){return " + deep + "}});Page({})", "page it calls itself without end"},
		{"require('../m.js');Page({})", "page it calls itself without end"},
		{"Object.setPrototypeOf(my,Object.create(my));Page({})", "page 'setPrototypeOf' on proxy: trap returned falsish"},
		{"Page({onLoad(){for(;;)Object.keys(my)}})", "time it did not come to an end"},
		{"Page({onLoad(){for(;;)my.request=my.scan}})", "time it did not come to an end"},
		{"Page({onLoad(){(function f(){my.request;f()})()}})", "onLoad it calls itself without end"},
		{"Page({onLoad(){Promise.resolve(my).then(Object.keys).then(()=>{for(;;);})}})", "time it did not come to an end"},
	}
	for _, test := range tests {
		t.Run(test.src, func(t *testing.T) {
			t.Parallel()
			in := input(map[string]string{"a/a.js": test.src, "m.js": deep})
			lines, thrown, err := smoke.Runner{Limit: 2 * time.Second}.Lines(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			message, _, _ := strings.Cut(thrown[0], " at ")
			if got := strings.Fields(lines[0])[2] + " " + message; got != test.want {
				t.Errorf("it ends as %q, want %q", got, test.want)
			}
		})
	}
}
