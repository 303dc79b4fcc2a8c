package smoke_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
)

// TestMain lets the test program be its own child, as the programs are.
func TestMain(m *testing.M) {
	isolate.Main()
	smoke.Child()
	os.Exit(m.Run())
}

// input is a built mini program of the pages a/a and b/b, the second of which never has a fault.
func input(files map[string]string) compat.Input {
	all := map[string]string{"app.js": "App({onLaunch(){},onShow(){}})", "app.json": "{}", "a/a.js": "Page({})", "b/b.js": "Page({})"}
	maps.Copy(all, files)
	in := compat.Input{Runtime: profile.Default(), Built: map[string][]byte{}, Project: &intake.Project{Pages: []intake.Page{{Path: "a/a"}, {Path: "b/b"}}}}
	for name, src := range all {
		in.Built[name] = []byte(src)
	}
	return in
}

func lines(found []compat.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s %s:%d:%d %s %s", f.Severity, f.Rule, f.File, f.Line, f.Column, strings.Join(f.Pages, ","), strings.Join(f.Profiles, ","))))
	}
	return out
}

// lacking uses what old and new projects take for granted, and throws where it is not there or wrong.
const lacking = `function is(got, want) { if (String(got) !== want) throw new Error(got + ' is not ' + want) }
Page({onLoad() {
  var format = 'yyyy-MM', d = new Date(2020, 5, 1);
  if (/(y+)/.test(format)) format = format.replace(RegExp.$1, (d.getFullYear() + '').substr(4 - RegExp.$1.length));
  is(format, '2020-MM'); is(RegExp.$2, ''); is('a-b'.replace(/(\w)-/g, '$1+'), 'a+b'); is(RegExp.$1, 'a');
  'xay'.match(/a/); is(RegExp.lastMatch + RegExp.leftContext + RegExp.rightContext + RegExp.input, 'axyxay');
  (1234.5).toLocaleString('zh-CN', {minimumFractionDigits: 2}); (1).toLocaleString(undefined, {style: 'currency', currency: 'CNY'});
  is(d.getYear(), '120'); d.setYear(99); is(d.getFullYear(), '1999');
  var o = {}; o.__defineGetter__('x', function () { return 1 }); is(o.x + typeof o.__lookupGetter__('x') + o.__lookupSetter__('x'), '1functionundefined');
  is(new WeakRef(o).deref() === o, 'true'); new FinalizationRegistry(function () {}).register(o);
  console.groupCollapsed('x'); console.dir({}); console.count(); console.timeLog(); console.clear();
  is(typeof Symbol.asyncIterator, 'symbol'); is(Intl.NumberFormat.supportedLocalesOf('en'), 'en'); is(new Intl.ListFormat('en').format(['a']), 'a');
}})`

func TestRun(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing wrong", nil, nil},
		{"throws while loaded", map[string]string{"a/a.js": "nope.b;Page({})"}, []string{"fail smoke-throws a/a.js:1:1 a/a"}},
		{"unresolved module", map[string]string{"a/a.js": "var x=require('./gone.js');Page({})"}, []string{"fail smoke-throws a/a.js:1:14 a/a"}},
		{"throws in a module", map[string]string{"a/a.js": "require('../m.js');Page({})", "m.js": "\nfunction f(){null.x}\nf()"}, []string{"fail smoke-throws m.js:2:19 a/a"}},
		{"modules in a circle", map[string]string{"a/a.js": "require('../m.js');Page({})", "m.js": "exports.x=1;require('./n.js')", "n.js": "if(require('./m.js').x!==1)throw new Error('x')"}, nil},
		{"never registered", map[string]string{"a/a.js": "1"}, []string{"fail smoke-not-registered a/a.js:0:0 a/a"}},
		{"throws whatever is answered", map[string]string{"a/a.js": "Page({onLoad(){null.x}})"}, []string{"fail smoke-throws a/a.js:1:21 a/a"}},
		{"throws behind letters of two and four bytes", map[string]string{"a/a.js": "'\u8d2d'\nPage({data:{t:'\u8d2d\u7269\u8f66',u:'\U0001F600'},onLoad(){null.x}})"}, []string{"fail smoke-throws a/a.js:2:43 a/a"}},
		{"throws on empty replies", map[string]string{"a/a.js": "Page({onLoad(){my.request({success:(r)=>{r.data.list.map((x)=>x)}})}})"}, []string{"warn smoke-throws a/a.js:1:49 a/a"}},
		{"careful with replies", map[string]string{"a/a.js": "Page({onLoad(){my.request({success:(r)=>{(r.data.list||[]).map((x)=>x)}})}})"}, nil},
		{"rejection offline", map[string]string{"a/a.js": "Page({async onLoad(){await my.request({url:'x'})}})"}, []string{"warn smoke-rejection a/a.js:0:0 a/a offline"}},
		{"rejection caught", map[string]string{"a/a.js": "Page({async onLoad(){try{await my.request({url:'x'})}catch(e){}}})"}, nil},
		{"timer", map[string]string{"a/a.js": "Page({onReady(){setTimeout(()=>{null.x},20000);setInterval(()=>{},100)}})"}, []string{"fail smoke-throws a/a.js:1:38 a/a"}},
		{"the app throws", map[string]string{"app.js": "App({onLaunch(){null.x}})"}, []string{"fail smoke-throws app.js:1:22", "fail smoke-throws app.js:1:22"}},
		{"component throws while loaded", map[string]string{"a/a.json": `{"usingComponents":{"c":"/c/c"}}`, "c/c.json": `{"usingComponents":{"d":"/d/d"}}`, "c/c.js": "Component({})", "d/d.js": "null.x"}, []string{"fail smoke-throws d/d.js:1:6 a/a"}},
		{"endless", map[string]string{"a/a.js": "for(;;){}"}, []string{"fail smoke-endless a/a.js:0:0 a/a"}},
		{"the page's data and methods", map[string]string{"a/a.js": `Page({data:{l:[{n:1}]},onLoad(){this.setData({'l[0].n':2,'m.o':3},()=>{if(this.data.l[0].n!==2||this.data.m.o!==3)throw new Error('x')});if(getCurrentPages()[0]!==this||this.route!=='a/a'||!getApp().onLaunch)throw new Error('y')}})`}, nil},
		{"what a page has from the framework", map[string]string{"a/a.js": `Page({onLoad(){this.getOpenerEventChannel().on('x',()=>{}).emit('y');this.createIntersectionObserver().relativeToViewport().observe('#a',()=>{});this.createMediaQueryObserver().observe({},()=>{});this.router.redirectTo({url:'a'});this.$selectComponent('#a').open();this.$selectAllComponents('.a').map((x)=>x.y);my.navigateTo({url:'a',success:(r)=>r.eventChannel.emit('x')});if(this.getTabBar())throw new Error('x')}})`}, nil},
		{"replies that are a text of JSON", map[string]string{"a/a.js": "Page({onLoad(){my.request({dataType:'text',success:(r)=>{if(JSON.parse(r.data).a)this.b=1}})}})"}, nil},
		{"replies that are taken for a text of JSON", map[string]string{"a/a.js": "Page({onLoad(){my.request({success:(r)=>{JSON.parse(r.data).list.map((x)=>x)}})}})"}, []string{"warn smoke-throws a/a.js:1:52 a/a"}},
		{"a text that is no JSON", map[string]string{"a/a.js": "Page({onLoad(){JSON.parse('x')}})"}, []string{"fail smoke-throws a/a.js:1:26 a/a"}},
		{"replies that are JSON", map[string]string{"a/a.js": "Page({onLoad(){my.getOpenUserInfo({success:(r)=>{JSON.parse(r.response).response.nickName.trim()}});my.getPhoneNumber({success:(r)=>{JSON.parse(r.response).response.trim()}})}})"}, nil},
		{"an accessor through a proxy", map[string]string{"a/a.js": `var t={},p=new Proxy(t,{defineProperty(o,k,d){return Reflect.defineProperty(o,k,d)}});if(Object.defineProperty(p,'l',{get(){return 1},set(v){}})!==p||p.l!==1)throw new Error('x');var f=Object.freeze({});try{Object.defineProperty(f,'l',{get(){return 1}});throw new Error('frozen')}catch(e){if(e.message==='frozen')throw e}Page({onLoad(){if(navigator.swuserAgent===undefined)throw new Error('y')}})`}, nil},
		{"a tab bar of one's own", map[string]string{"app.json": `{"pages":["a/a"],"tabBar":{"customize":true,"items":[]}}`, "customize-tab-bar/index.js": "Component({})", "customize-tab-bar/index.axml": "<view/>", "a/a.js": "Page({onShow(){this.getTabBar().setData({selected:0});this.getTabBar().choose(1)}})"}, nil},
		{"the tab bar throws", map[string]string{"app.json": `{"pages":["a/a"],"tabBar":{"customize":true,"items":[]}}`, "customize-tab-bar/index.js": "null.x", "customize-tab-bar/index.axml": "<view/>", "a/a.js": "Page({})"}, []string{"fail smoke-throws customize-tab-bar/index.js:1:6 a/a", "fail smoke-throws customize-tab-bar/index.js:1:6 b/b"}},
		{"an abstract node's component throws", map[string]string{"a/a.json": `{"usingComponents":{"c":"/c/c"}}`, "c/c.json": `{"componentGenerics":{"d":{"default":"/d/d"}}}`, "c/c.js": "Component({})", "d/d.js": "null.x"}, []string{"fail smoke-throws d/d.js:1:6 a/a"}},
		{"what the engine lacks", map[string]string{"a/a.js": lacking}, nil},
		{"calls itself", map[string]string{"a/a.js": "\nPage({onLoad(){this.onLoad()}})"}, []string{"fail smoke-throws a/a.js:2:27 a/a"}},
		{"functions and circles in data", map[string]string{"a/a.js": "var d={f(){return 1}};d.d=d;Page({data:d,onLoad(){if(this.data.f()!==1||this.data===d)throw new Error('x')}})"}, nil},
		{"storage, mixins, globals of phones", map[string]string{"a/a.js": `Page({mixins:[{hi(){return 1}}],onLoad(){my.setStorageSync({key:'k',data:{v:1}});if(my.getStorageSync({key:'k'}).data.v!==1||this.hi()!==1)throw new Error('x');new Intl.NumberFormat('en').format(1);new Date().toGMTString();(1).toLocaleString();my.createSelectorQuery().select('#a').boundingClientRect().exec()}})`}, nil},
		{"no way out", map[string]string{"a/a.js": "Page({onLoad(){if(typeof process!=='undefined'||typeof window!=='undefined'||typeof importScripts!=='undefined')throw new Error('x');require('../../etc/passwd')}})"}, []string{"fail smoke-throws a/a.js:1:141 a/a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, err := smoke.Runner{}.Run(context.Background(), input(tt.files))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, lines(found)); diff != "" {
				t.Errorf("(-want +got):\n%s%+v", diff, found)
			}
		})
	}
}

// TestTheDemoRuns opens every page of the demo with its source maps.
func TestTheDemoRuns(t *testing.T) {
	zip := demo.Archive("1.0.0")
	archive, err := intake.Unpack(bytes.NewReader(zip), int64(len(zip)), intake.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	p, _ := intake.Load(archive)
	built, err := build.Build(context.Background(), p, build.Options{Version: "1.0.0", MiniProgram: "coffee", TargetApp: "demo", Environment: "production", Limits: intake.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	report, err := compat.Run(context.Background(), compat.Input{
		Project: p, Built: built.Files, SourceMaps: built.SourceMaps, PackageBytes: built.Size, Runtime: profile.Default(),
		ServerDomains: []string{"api.coffee.example.com"}, H5Domains: []string{}, Smoke: smoke.Runner{},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Severity != compat.Info {
			t.Errorf("%+v", f)
		}
	}
}

func TestOldestLibraryAndFixtures(t *testing.T) {
	in := input(map[string]string{"a/a.js": "Page({onLoad(q){my.scan({});if(q.id!=='7')throw new Error('query');my.request({url:'https://x/y/z',success:(r)=>{if(r.data.n!==5)throw new Error('reply')}})}})"})
	in.ServerDomains = []string{"x"}
	in.Runtime.APIs.Since = map[string]string{"scan": "2.8.0"}
	in.Runtime.Fixtures = profile.Fixtures{Queries: map[string]string{"a/a": "id=7"}, Replies: []profile.Reply{{URL: "https://x/y", Body: json.RawMessage(`{"n":5}`)}}}
	found, err := smoke.Runner{}.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"warn smoke-throws a/a.js:1:24 a/a library-2.6.0"}, lines(found)); diff != "" {
		t.Errorf("(-want +got):\n%s%+v", diff, found)
	}
}

// TestRequestsAreHeldAgainstTheDomains asks hosts that no rule can read from the script.
func TestRequestsAreHeldAgainstTheDomains(t *testing.T) {
	in := input(map[string]string{
		"util/ask.js": "module.exports = (h, p, success) => my.request({url: ['https:/', h, String(p)].join('/'), success, fail() {}})",
		"a/a.js": `const ask = require('../util/ask'); Page({onLoad(q) {
ask('api.example.com', 'fine'); ask('other.example.com', ''); ask('api.example.com', q.id);
my.httpRequest({url: 'http' + '://' + ['192', '168', 1, 1].join('.'), fail() {}});
ask('api.example.com', '', (r) => { ask('api.example.com', r.data.id) })}})`,
		"b/b.js": "const ask = require('../util/ask'); Page({onShow() { ask('other.example.com', '') }})",
	})
	in.ServerDomains = []string{"api.example.com"}
	in.Runtime.Fixtures.Replies = []profile.Reply{{URL: "https://api.example.com/fine", Body: json.RawMessage(`{}`)}}
	found, err := smoke.Runner{}.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"fail host-not-listed util/ask.js:1:47 a/a", "warn url-undefined util/ask.js:1:47 a/a", "fail url-private a/a.js:3:15 a/a",
		"fail host-not-listed util/ask.js:1:47 b/b",
	}
	if diff := cmp.Diff(want, lines(found)); diff != "" {
		t.Errorf("(-want +got):\n%s%+v", diff, found)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := (smoke.Runner{}).Run(ctx, input(nil)); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
