package script_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/compat/script"
)

var builtins = map[string]bool{"my": true, "Page": true, "Component": true, "App": true, "require": true, "console": true, "exports": true, "module": true, "undefined": true, "RegExp": true, "Object": true, "String": true, "Promise": true, "Mixin": true}

// facts writes what a script uses as lines "line:column kind …", marks guarded uses with "?" and calls with "()".
func facts(s *script.Script) []string {
	var out []string
	add := func(p script.Pos, format string, args ...any) {
		out = append(out, fmt.Sprintf("%d:%d ", p.Line, p.Column)+fmt.Sprintf(format, args...))
	}
	mark := func(called, guarded bool) string {
		return map[bool]string{true: "()"}[called] + map[bool]string{true: "?"}[guarded]
	}
	for _, a := range s.APIs {
		extra := ""
		if a.URL != nil {
			extra = " " + a.URL.Value + map[bool]string{false: "…"}[a.URL.Complete]
		}
		if a.NoFail {
			extra += " no-fail"
		}
		add(a.Pos, "my.%s%s%s", a.Name, mark(a.Called, a.Guarded), extra)
	}
	for _, g := range s.Globals {
		if !builtins[g.Name] {
			add(g.Pos, "global %s%s", g.Name, mark(g.Called, g.Guarded))
		}
	}
	for _, f := range s.Features {
		if f.Kind == script.RegExp || slices.Contains([]string{"Object.fromEntries", "replaceAll", "flat"}, f.Name) {
			add(f.Pos, "%s %s%s", f.Kind, f.Name, mark(false, f.Guarded))
		}
	}
	for _, i := range s.Imports {
		add(i.Pos, "import %s", i.Specifier)
	}
	return out
}

func TestParse(t *testing.T) {
	tests := []struct {
		name, src string
		want      []string
	}{
		{"call", "my.getLocation({})", []string{"1:1 my.getLocation() no-fail"}},
		{"fail handled", "my.getLocation({ fail() {} })\nmy.getLocation({}).catch(() => {})\nasync () => { await my.getLocation({}) }", []string{"1:1 my.getLocation()", "2:1 my.getLocation()", "3:21 my.getLocation()"}},
		{"comment and string are not calls", "// my.nope()\nconst s = 'my.nope()'; /* wx.x */ `wx.${s}`", nil},
		{"can I use", "if (my.canIUse('getLocation.object.type')) my.getLocation()\nmy.getLocation()", []string{"1:5 my.canIUse()", "1:44 my.getLocation()?", "2:1 my.getLocation()"}},
		{"early return", "function f() {\n  if (!my.canIUse('foo')) return\n  my.foo()\n}\nmy.foo()", []string{"2:8 my.canIUse()", "3:3 my.foo()?", "5:1 my.foo()"}},
		{"answer kept", "const ok = my.canIUse('foo'); Page({ go() { if (ok) my.foo() } })", []string{"1:12 my.canIUse()", "1:53 my.foo()?"}},
		{"truth test", "if (my.foo) { my.foo() } else { my.bar() }", []string{"1:15 my.foo()?", "1:33 my.bar()"}},
		{"and, or, ternary, optional", "my.a && my.a(); my.b ? my.b() : 0; my.c?.(); my.d()", []string{"1:9 my.a()?", "1:24 my.b()?", "1:36 my.c()?", "1:46 my.d()"}},
		{"typeof", "typeof my.foo === 'function' && my.foo(); typeof window !== 'undefined' ? window.x : 0", []string{"1:33 my.foo()?", "1:75 global window?"}},
		{"alias and destructuring", "const m = my; m.foo(); const { bar, baz: qux } = my;", []string{"1:15 my.foo()", "1:32 my.bar", "1:37 my.baz"}},
		{"brackets", "my['foo'](); my[x].y(); my.ap.b.c", []string{"1:1 my.foo()", "1:25 my.ap.b.c", "1:17 global x"}},
		{"free names", "window.a = 1; function f(window) { return window.b }\nlet document = {}; document.c()", []string{"1:1 global window"}},
		{"var in a function hides", "function f() { if (1) { var window } window.a } window.b", []string{"1:49 global window"}},
		{"catch and destructured parameters", "try {} catch (window) { window.a } (({ document, x: [localStorage] }) => [document, localStorage])", nil},
		{"used in a comparison", "if (window.innerWidth > 5) { window.x }", []string{"1:5 global window", "1:30 global window?"}},
		{"called in a test", "if (localStorage.getItem('x')) {}", []string{"1:5 global localStorage"}},
		{"url forms", "const B = 'https://a.b';\nmy.request({ url: B + '/c', fail })\nmy.request({ url: `${B}/d/${id}`, fail })\nmy.request({ url: 'https://a.b/' + undefined, fail })", []string{
			"2:1 my.request() https://a.b/c", "3:1 my.request() https://a.b/d/…", "4:1 my.request() https://a.b/undefined", "2:29 global fail", "3:29 global id", "3:35 global fail", "4:47 global fail"}},
		{"options in a variable", "my.request(options)", []string{"1:1 my.request()", "1:12 global options"}},
		{"regular expressions", `/(?<=a)b/; /[(?<=]/; /(?<y>\d)/; /a.b/s; new RegExp("(?<!a)b"); /\p{L}/u; /\\p{L}/; re(/x/g)`, []string{
			"1:85 global re()", "1:1 regexp lookbehind", "1:22 regexp named-groups", "1:34 regexp flag-s", "1:42 regexp lookbehind", "1:65 regexp unicode-property"}},
		{"built-ins", "Object.fromEntries(x); if (Object.fromEntries) Object.fromEntries(y); 'a'.replaceAll('a', 'b'); [1].flat()", []string{
			"1:20 global x", "1:67 global y", "1:1 static Object.fromEntries", "1:48 static Object.fromEntries?", "1:75 method replaceAll", "1:101 method flat"}},
		{"polyfill", "if (!String.prototype.replaceAll) { String.prototype.replaceAll = f } 'a'.replaceAll('a', 'b')", []string{"1:67 global f", "1:75 method replaceAll?"}},
		{"modules", "import a from './a'\nconst b = require('../b')\nimport('./c')\nexport { d } from 'd'", []string{"1:15 import ./a", "4:19 import d", "2:19 import ../b", "3:8 import ./c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, problems := script.Parse("a.js", []byte(tt.src))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			if diff := cmp.Diff(tt.want, facts(s)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestTypeScript(t *testing.T) {
	s, problems := script.Parse("a.ts", []byte("interface A { b: string }\nenum E { A }\nconst x: A = { b: '购物' };\nlet y = <any>my; class C { #p = 1; static { my.foo(x!.b) } }\nasync function* g() { for await (const z of g()) yield z }\nlet n = null; n ??= 10n ** 2n"))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if diff := cmp.Diff([]string{"4:45 my.foo()"}, facts(s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDefinitions(t *testing.T) {
	tests := []struct{ name, src, want string }{
		{"page", "Page({ data: {}, onLoad() {}, go: () => 1, 'on-x'() {} })", "Page data,go,on-x,onLoad"},
		{"component", "Component({ props: {}, methods: { tap() {} } })", "Component tap"},
		{"spread is open", "Page({ ...base, go() {} })", "Page go open"},
		{"mixins are open", "Component({ mixins: [m], methods: {} })", "Component  open"},
		{"factory is open", "Page(make())", "Page  open"},
		{"methods from elsewhere are open", "Component({ methods })", "Component  open"},
		{"own function of that name", "function Page() {} Page({ a() {} })", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, problems := script.Parse("a.js", []byte(tt.src))
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			got := ""
			for _, d := range s.Definitions {
				got += d.Kind + " " + strings.Join(slices.Sorted(maps.Keys(d.Methods)), ",")
				if d.Open {
					got += " open"
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	tests := []struct {
		name, src string
		line      int
		syntax    bool
	}{
		{"syntax", "let a = 1\nlet b = = 2", 2, true},
		{"brackets without end", strings.Repeat("[", 100_000), 1, false},
		{"prefixes without end", strings.Repeat("!", 100_000) + "a", 1, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, problems := script.Parse("a.js", []byte(tt.src))
			if s != nil || len(problems) == 0 || problems[0].Line != tt.line || problems[0].Syntax != tt.syntax {
				t.Errorf("got %v %+v", s, problems)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("const {a} = my; if (my.canIUse('b')) my.b?.({url: `x${a}`, ...c}); export default class { #d = /(?<=e)f/s }")
	f.Fuzz(func(t *testing.T, src string) {
		if s, _ := script.Parse("a.ts", []byte(src)); s != nil {
			lines := strings.Count(src, "\n") + 1 + strings.Count(src, "\r") + strings.Count(src, "\u2028") + strings.Count(src, "\u2029")
			for _, a := range s.APIs {
				if a.Line < 1 || a.Line > lines || a.Column < 1 {
					t.Fatalf("%+v is not in the source", a)
				}
			}
		}
	})
}
