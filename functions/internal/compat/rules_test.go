package compat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat"
)

// TestRules holds for every rule what it finds, and next to it what looks alike and must not be found.
func TestRules(t *testing.T) {
	const js, axml, acss = "pages/index/index.js", "pages/index/index.axml", "pages/index/index.acss"
	page := func(body string) string { return "Page({ tap() { " + body + " } })" }
	tests := []struct {
		name, file, src string
		want            []string
		also            map[string]string
	}{
		{name: "nothing wrong"},
		{name: "syntax error", file: js, src: "Page({\n  tap( {} })", want: []string{"fail syntax-error " + js + ":2:11"}},
		{name: "page not registered", file: js, src: "console.log(1)", want: []string{"fail page-not-registered " + js + ":1:1"}},
		{name: "page registered by the app's runtime", file: js, src: "(my.jsonp = my.jsonp || []).push(['x'])", also: map[string]string{"app.js": "import './common/vendor'\nApp({})", "common/vendor.js": "my.jsonp.push = (o) => Page(o)"}},
		{name: "packages in a bundle are judged mildly", file: js, src: "import '../../common/vendor'\nimport '../../b'\nimport '../../c'\nPage({ tap() {} })", want: []string{"fail forbidden-global c.js:1:25", "warn forbidden-global b.js:1:37", "warn forbidden-global common/vendor.js:1:1"},
			also: map[string]string{"common/vendor.js": "window.a = 1", "b.js": "function __webpack_require__() { }; window.a = 1", "c.js": "(my.webpackJsonp = []); window.a = 1"}},
		{name: "page registered by a module", file: js, src: "import make from '../../make'\nmake({})", also: map[string]string{"make.js": "export default (p) => Page(p)"}},

		{name: "unknown API", file: js, src: page("my.getLocatoin({ fail() {} })"), want: []string{"warn api-unknown " + js + ":1:16"}},
		{name: "unknown API behind a guard", file: js, src: page("if (my.canIUse('getLocatoin')) my.getLocatoin({ fail() {} })")},
		{name: "known API", file: js, src: page("my.getLocation({}); my.env.platform; my.ap.openCardList({})")},
		{name: "API that a module sets", file: js, src: "import '../../sdk'\n" + page("my.cloudy.call('x'); my.cloud.x()"), want: []string{"warn api-unknown " + js + ":2:37"}, also: map[string]string{"sdk.js": "const { a } = {}; my.cloudy = a; my.cloudy.call = a"}},
		{name: "API in a comment or a string", file: js, src: page("/* my.nope() */ return 'my.nope()'")},
		{name: "deprecated API", file: js, src: page("my.httpRequest(this.o)"), want: []string{"info api-deprecated " + js + ":1:16"}},

		{name: "helpers of templates use the program", file: axml, src: `<import-sjs name="h" from="./h.sjs"/><view/>`, want: []string{"fail sjs-isolated g.sjs:1:11", "fail sjs-isolated pages/index/h.sjs:2:24"},
			also: map[string]string{"pages/index/h.sjs": "import g from '/g.sjs'\nexport const a = () => my.env.platform + g", "g.sjs": "const a = getApp()\nexport default a"}},
		{name: "helpers of templates on their own", file: axml, src: `<import-sjs name="h" from="./h.sjs"/><view/>`,
			also: map[string]string{"pages/index/h.sjs": "const my = { env: 1 }; export default { a: (x) => Math.round(x) + my.env, f: /* my.env */ (s) => s.replace(/a/g, 'window') }", "unused.sjs": "my.env"}},

		{name: "other platforms and browsers", file: js, src: page("wx.login(); window.a; eval('1')"), want: []string{"fail forbidden-global " + js + ":1:16", "fail forbidden-global " + js + ":1:28", "fail forbidden-global " + js + ":1:38"}},
		{name: "other platforms behind some condition", file: js, src: "import { isWeChat } from '../../env'\n" + page("return isWeChat ? wx : my"), also: map[string]string{"env.js": ""}, want: []string{"warn forbidden-global " + js + ":2:34"}},
		{name: "names of one's own", file: js, src: "import wx from '../../w'\n" + page("wx.login(); const window = {}; window.a; this.document; ({ localStorage: 1 })"), also: map[string]string{"w.js": "module.exports = {}"}},
		{name: "behind typeof", file: js, src: page("if (typeof window !== 'undefined') { window.a }")},
		{name: "someone else's module is judged mildly", file: js, src: "import 'lib'\nPage({ tap() {} })", want: []string{"warn forbidden-global node_modules/lib/index.js:1:1"}, also: map[string]string{"node_modules/lib/index.js": "window.a = 1"}},
		{name: "modules that nothing imports are not judged", file: "server.js", src: "window.a; wx.b()"},
		{name: "scripts made at run time", file: js, src: page("Function('return 1')()"), want: []string{"warn dynamic-code " + js + ":1:16"}},
		{name: "Function as a name", file: js, src: page("return this.f instanceof Function")},

		{name: "lookbehind", file: js, src: page("return /(?<=a)b/.test('ab')"), want: []string{"fail script-regexp " + js + ":1:23 on ios-12"}},
		{name: "lookahead", file: js, src: page("return /(?=a)b/.test('ab')")},
		{name: "newer built-in", file: js, src: page("return Object.fromEntries([])"), want: []string{"warn script-builtin " + js + ":1:23 on ios-12"}},
		{name: "guarded built-in", file: js, src: page("return Object.fromEntries ? Object.fromEntries([]) : {}")},
		{name: "newer method", file: js, src: page("return 'a'.replaceAll('a', 'b')"), want: []string{"warn script-builtin " + js + ":1:27 on ios-12"}},
		{name: "newer global", file: js, src: page("return BigInt(1)"), want: []string{"warn script-builtin " + js + ":1:23 on ios-12"}},
		{name: "syntax that the build lowers", file: js, src: page("return this?.a ?? 1")},

		{name: "host not listed", file: js, src: page("my.request({ url: 'https://other.example.com/a', fail() {} })"), want: []string{"fail host-not-listed " + js + ":1:16"}},
		{name: "host listed", file: js, src: page("my.request({ url: 'https://api.example.com/a', fail() {} })")},
		{name: "host listed, put together", file: js, src: "const B = 'https://api.example.com';\n" + page("my.request({ url: `${B}/a/${this.id}`, fail() {} })")},
		{name: "plain http", file: js, src: page("my.request({ url: 'http://api.example.com/a', fail() {} })"), want: []string{"fail url-plain " + js + ":1:16"}},
		{name: "LAN", file: js, src: page("my.request({ url: 'https://192.168.1.7:8080/a', fail() {} })"), want: []string{"fail url-private " + js + ":1:16"}},
		{name: "localhost kept for later", file: js, src: "const B = 'http://localhost:3000';\n" + page("return B"), want: []string{"warn url-private " + js + ":1:11"}},
		{name: "undefined in an address", file: js, src: page("my.request({ url: 'https://api.example.com/' + undefined, fail() {} })"), want: []string{"fail url-undefined " + js + ":1:16"}},
		{name: "undefined as part of a word", file: js, src: page("my.request({ url: 'https://api.example.com/undefined-things', fail() {} })")},
		{name: "literal host not listed", file: js, src: page("return 'https://cdn.example.com/a'"), want: []string{"info host-not-listed " + js + ":1:23"}},
		{name: "namespace", file: js, src: page("return 'http://www.w3.org/2000/svg'")},
		{name: "request without fail", file: js, src: page("my.request({ url: 'https://api.example.com/a' })"), want: []string{"warn request-without-fail " + js + ":1:16 on offline"}},
		{name: "request awaited", file: js, src: "Page({ async tap() { await my.request({ url: 'https://api.example.com/a' }) } })"},

		{name: "undeclared page", file: js, src: page("my.navigateTo({ url: '/pages/nope/nope?id=1' })"), want: []string{"fail page-undeclared " + js + ":1:37"}},
		{name: "declared page", file: js, src: page("my.redirectTo({ url: '../index/index?id=' + this.id }); my.switchTab({ url: '/pages/menu/menu' })")},
		{name: "computed page", file: js, src: page("my.navigateTo({ url: '/pages/' + this.name })")},
		{name: "a tab by navigateTo", file: js, src: page("my.navigateTo({ url: '/pages/menu/menu' })"), want: []string{"warn navigation-to-a-tab " + js + ":1:37"}},
		{name: "no tab by switchTab", file: js, src: page("my.switchTab({ url: '/pages/index/index' })"), want: []string{"warn navigation-not-a-tab " + js + ":1:36"}},
		{name: "undeclared tab", file: "app.json", src: `{"pages": ["pages/index/index"], "tabBar": {"items": [{"pagePath": "pages/gone/gone"}]}}`, want: []string{"fail page-undeclared app.json"}},

		{name: "handler without a method", file: axml, src: `<view onTap="nope"/>`, want: []string{"warn handler-missing " + axml + ":1:7"}},
		{name: "handler computed", file: axml, src: `<view onTap="{{ok ? 'a' : 'b'}}"/>`},
		{name: "handler of a page made elsewhere", file: js, src: "Page({ ...base })\nimport base from '../../w'", also: map[string]string{"w.js": "export default {}", axml: `<view onTap="nope"/>`}},
		{name: "unknown component", file: axml, src: `<veiw onTap="tap"/>`, want: []string{"warn component-unknown " + axml + ":1:1"}},
		{name: "declared component", file: axml, src: `<card onTap="tap"/>`, also: map[string]string{"pages/index/index.json": `{"usingComponents": {"card": "/card/card"}}`, "card/card.js": "Component({})", "card/card.axml": "<view/>"}},
		{name: "component of the host", file: axml, src: `<card/>`, also: map[string]string{"pages/index/index.json": `{"usingComponents": {"card": "plugin://x/card"}}`}},
		{name: "missing component", file: "pages/index/index.json", src: `{"usingComponents": {"card": "/card/card"}}`, want: []string{"fail component-missing pages/index/index.json"}},
		{name: "unclosed element", file: axml, src: `<view onTap="tap"><text></view>`, want: []string{"warn template-unclosed-element " + axml + ":1:19"}},
		{name: "WeChat's attributes", file: axml, src: `<view wx:if="{{a}}" bindtap="tap"/>`, want: []string{"warn foreign-attribute " + axml + ":1:7", "warn foreign-attribute " + axml + ":1:21"}},
		{name: "attribute misspelt", file: axml, src: `<scroll-view scrol-y="{{true}}"/><view calss="a"/>`, want: []string{"warn attribute-unknown " + axml + ":1:14", "warn attribute-unknown " + axml + ":1:40"}},
		{name: "what a component's slot gives", file: axml, src: `<view slot="row" slot-scope="x">{{x.n}}</view>`},
		{name: "documented attributes", file: axml, src: `<textarea confirm-type="send"/><picker title="a"/><picker-view immediate-change/><scroll-view disable-lower-scroll="out-of-bounds" disable-upper-scroll="out-of-bounds"/><rich-text space="nbsp"/><cover-view penetrateGuesture/>`},
		{name: "attribute unknown", file: axml, src: `<image alt="a"/>`, want: []string{"info attribute-unknown " + axml + ":1:8"}},
		{name: "attributes of every kind", file: axml, src: `<slider activeColor="red" background-color="blue" id="a" data-x="1" aria-label="b" onChange="tap" catchTap="tap" a:if="{{x}}" a:key="*this"/><block a:for="{{l}}"/>`},
		{name: "attributes of one's own component", file: axml, src: `<button whatever="1"/>`, also: map[string]string{"pages/index/index.json": `{"usingComponents": {"button": "/card/card"}}`, "card/card.js": "Component({})", "card/card.axml": "<view/>"}},
		{name: "missing image", file: axml, src: `<image src="/images/nope.png"/>`, want: []string{"warn image-missing " + axml + ":1:13"}},
		{name: "images that are there or elsewhere", file: axml, src: `<image src="/images/logo.png"/><image src="../../images/logo.png"/><image src="{{a}}"/><image src="https://cdn.example.com/a.png"/><image src="data:image/png;base64,AA"/>`},
		{name: "image over http", file: axml, src: `<image src="http://cdn.example.com/a.png"/>`, want: []string{"warn url-plain " + axml + ":1:13"}},
		{name: "navigator", file: axml, src: `<navigator url="/pages/nope/nope"/><navigator url="/pages/index/index?a={{b}}"/><navigator url="/pages/{{b}}"/>`, want: []string{"fail page-undeclared " + axml + ":1:17"}},
		{name: "web-view not listed", file: axml, src: `<web-view src="https://evil.example.net/a"/>`, want: []string{"fail host-not-listed " + axml + ":1:16"}},
		{name: "web-view listed", file: axml, src: `<web-view src="https://www.example.com/a?b={{c}}"/>`},
		{name: "missing include", file: axml, src: `<include src="./nope.axml"/><import-sjs name="f" from="./nope.sjs"/>`, want: []string{"fail template-reference " + axml + ":1:1", "fail template-reference " + axml + ":1:29"}},
		{name: "include", file: axml, src: `<include src="./part"/>`, also: map[string]string{"pages/index/part.axml": "<view/>"}},

		{name: "flex gap", file: acss, src: ".a { display: flex; gap: 4px }", want: []string{"warn style-feature " + acss + ":1:21 on ios-12"}},
		{name: "grid gap", file: acss, src: ".a { display: grid; gap: 4px }"},
		{name: "newer property", file: acss, src: ".a { aspect-ratio: 1 }", want: []string{"warn style-feature " + acss + ":1:6 on ios-12"}},
		{name: "with a prefix that helps", file: acss, src: ".a { -webkit-backdrop-filter: blur(1px); backdrop-filter: blur(1px) }"},
		{name: "without the prefix", file: acss, src: ".a { backdrop-filter: blur(1px) }", want: []string{"warn style-feature " + acss + ":1:6 on ios-12"}},
		{name: "one engine's own property", file: acss, src: ".a { -webkit-overflow-scrolling: touch; --mine: 1 }"},
		{name: "newer function", file: acss, src: ".a { width: clamp(1px, 2vw, 3px) }", want: []string{"warn style-feature " + acss + ":1:6 on ios-12"}},
		{name: "newer function after a plain value", file: acss, src: ".a { width: 2px; width: clamp(1px, 2vw, 3px) }"},
		{name: "newer selector", file: acss, src: ".a:is(.b) { color: red }", want: []string{"warn style-feature " + acss + ":1:1 on ios-12"}},
		{name: "in a comment or a string", file: acss, src: "/* aspect-ratio: 1 */ .a::before { content: 'aspect-ratio: clamp(1)' }"},
		{name: "too wide", file: acss, src: ".a { width: 340px } .b { width: 300px } .c { width: 750rpx } .d { max-width: 900px }", want: []string{"warn style-too-wide " + acss + ":1:6 on small-phone"}},
		{name: "unclosed style", file: acss, src: ".a { color: red", want: []string{"warn style-unclosed " + acss + ":1:4"}},
		{name: "missing import", file: acss, src: `@import "./nope.acss"; .a { color: red }`, want: []string{"fail style-import " + acss + ":1:1"}},
		{name: "imported style is judged", file: acss, src: `@import "./b.acss";`, also: map[string]string{"pages/index/b.acss": ".a { aspect-ratio: 1 }"}, want: []string{"warn style-feature pages/index/b.acss:1:6 on ios-12"}},
		{name: "background in a variable", file: acss, src: "@pic: './a.png'; .a { background: url(@pic); background-image: url(\"@{pic}\") }"},
		{name: "missing background", file: acss, src: ".a { background: url(./nope.png) }", want: []string{"warn image-missing " + acss + ":1:6"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			over := map[string]string{}
			if tt.file != "" {
				over[tt.file] = tt.src
			}
			for name, src := range tt.also {
				over[name] = src
			}
			r := run(t, input(t, over))
			if diff := cmp.Diff(tt.want, lines(r)); diff != "" {
				t.Errorf("(-want +got):\n%s%+v", diff, r.Findings)
			}
			for _, f := range r.Findings {
				if f.Message == "" || strings.Contains(f.Message, "%!") || f.Severity != compat.Info && f.Advice == "" {
					t.Errorf("says too little: %+v", f)
				}
			}
		})
	}
}

func TestAppsDiffer(t *testing.T) {
	call := map[string]string{"pages/index/index.js": "Page({ tap() { my.faceLogin({}); my.scan({}); my.getLocation({}) } })"}
	in := input(t, call)
	in.Runtime.APIs.Extra = []string{"faceLogin"}
	in.Runtime.APIs.Removed = []string{"scan"}
	in.Runtime.APIs.Since = map[string]string{"getLocation": "2.8.0"}
	want := []string{"fail api-removed pages/index/index.js:1:34", "warn api-newer pages/index/index.js:1:47 on library-2.6.0"}
	if diff := cmp.Diff(want, lines(run(t, in))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	in.Runtime.APIs.Since["getLocation"] = "3.0"
	if got := lines(run(t, in))[1]; got != "fail api-newer pages/index/index.js:1:47 on library-2.6.0,library-2.9.40" {
		t.Error(got)
	}
	in.Runtime.APIs.Since["getLocation"] = "2.6.0"
	if got := lines(run(t, in)); len(got) != 1 {
		t.Error(got)
	}
}

func TestNoDomainsConfigured(t *testing.T) {
	in := input(t, map[string]string{"pages/index/index.js": "Page({ tap() { my.request({ url: 'https://api.example.com/a', fail() {} }) } })"})
	in.ServerDomains = nil
	if diff := cmp.Diff([]string{"warn host-not-listed pages/index/index.js:1:16"}, lines(run(t, in))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
