package build_test

import (
	"fmt"
	"strings"
	"testing"

	"slipway/functions/internal/build"
)

// Each case changes the smallest project and expects one diagnostic, with its place.
func TestDiagnostics(t *testing.T) {
	for name, tc := range map[string]struct {
		change map[string]string
		want   string // severity rule file:line
	}{
		"page without files":           {map[string]string{"app.json": "{\"pages\": [\n\"pages/home/home\",\n\"pages/gone/gone\"]}"}, "error missing-page app.json:3"},
		"page without script":          {map[string]string{"pages/home/home.js": "-"}, "error page-without-script app.json:1"},
		"page without template":        {map[string]string{"pages/home/home.axml": "-"}, "warning page-without-template app.json:1"},
		"page twice":                   {map[string]string{"app.json": `{"pages": ["pages/home/home", "pages/home/home"]}`}, "warning duplicate-page app.json:1"},
		"page with slash":              {map[string]string{"app.json": `{"pages": ["/pages/home/home"]}`}, "warning page-path app.json:1"},
		"page outside":                 {map[string]string{"app.json": `{"pages": ["pages/home/home", "../../etc/passwd"]}`}, "error bad-page app.json:1"},
		"page is a number":             {map[string]string{"app.json": `{"pages": ["pages/home/home", 7]}`}, "error bad-config app.json:1"},
		"no pages":                     {map[string]string{"app.json": `{}`}, "error no-pages app.json:1"},
		"no app script":                {map[string]string{"app.js": "-"}, "error no-app-script app.json:1"},
		"comments in JSON":             {map[string]string{"app.json": "{ // pages\n\"pages\": [\"pages/home/home\"] }"}, "warning lenient-json app.json:1"},
		"trailing comma":               {map[string]string{"pages/home/home.json": `{"defaultTitle": "x",}`}, "warning lenient-json pages/home/home.json:1"},
		"byte order mark":              {map[string]string{"app.json": "\ufeff{\"pages\": [\"pages/home/home\"]}"}, "warning lenient-json app.json:1"},
		"empty JSON":                   {map[string]string{"pages/home/home.json": " \n"}, "warning lenient-json pages/home/home.json:1"},
		"broken page JSON":             {map[string]string{"pages/home/home.json": "{\n\"a\": }"}, "error bad-json pages/home/home.json:2"},
		"page JSON is a list":          {map[string]string{"pages/home/home.json": "[]"}, "error bad-config pages/home/home.json:1"},
		"deep JSON":                    {map[string]string{"pages/home/home.json": strings.Repeat("[", 5000)}, "error bad-json pages/home/home.json:1"},
		"large JSON":                   {map[string]string{"pages/home/home.json": `{"a":"` + lorem(2<<20) + `"}`}, "error config-too-large pages/home/home.json:1"},
		"script not UTF-8":             {map[string]string{"app.js": "App({})\n// \xc4\xe3"}, "error not-utf8 app.js:2"},
		"template not UTF-8":           {map[string]string{"pages/home/home.axml": "<view>\xff</view>"}, "error not-utf8 pages/home/home.axml:1"},
		"style not UTF-8":              {map[string]string{"app.acss": "\xff"}, "error not-utf8 app.acss:1"},
		"template never closed":        {map[string]string{"pages/home/home.axml": "<view>\n<text>"}, "warning template-unclosed-element pages/home/home.axml:1"},
		"template import missing":      {map[string]string{"pages/home/home.axml": "<view/>\n<import src=\"./x.axml\"/>"}, "warning missing-template-file pages/home/home.axml:2"},
		"templates include each other": {map[string]string{"pages/home/home.axml": "<include src=\"./b.axml\"/>", "pages/home/b.axml": "<view>\n<include src=\"./home\"/></view>"}, "warning circular-include pages/home/home.axml:1"},
		"template includes itself":     {map[string]string{"pages/home/home.axml": "<view/>\n<include src=\"./home.axml\"/>"}, "warning circular-include pages/home/home.axml:2"},
		"sjs missing":                  {map[string]string{"pages/home/home.axml": `<import-sjs from="./x.sjs" name="x"/>`}, "error missing-template-file pages/home/home.axml:1"},
		"syntax error":                 {map[string]string{"app.js": "App({\n  a: ,\n})"}, "error script-error app.js:2"},
		"type error is none":           {map[string]string{"app.js": "-", "app.ts": "const a: number = 'x'; App({a} as any"}, "error script-error app.ts:1"},
		"module missing":               {map[string]string{"app.js": "App({})\nrequire('lodash')"}, "error unresolved-module app.js:2"},
		"disk by absolute path":        {map[string]string{"app.js": "import '/etc/passwd'; App({})"}, "error unresolved-module app.js:1"},
		"disk by climbing":             {map[string]string{"app.js": "import '../../../../../../etc/passwd'; App({})"}, "error unresolved-module app.js:1"},
		"disk by URL":                  {map[string]string{"app.js": "import 'file:///etc/passwd'; App({})"}, "error unresolved-module app.js:1"},
		"disk by data":                 {map[string]string{"app.js": "import 'data:text/javascript,1'; App({})"}, "error unresolved-module app.js:1"},
		"the builder's own source":     {map[string]string{"app.js": "import './build.go'; App({})"}, "error unresolved-module app.js:1"},
		"network":                      {map[string]string{"app.js": "import 'https://example.com/x.js'; App({})"}, "error unresolved-module app.js:1"},
		"node's own module":            {map[string]string{"app.js": "require('fs'); App({})"}, "error unresolved-module app.js:1"},
		"missing export":               {map[string]string{"app.js": "import a from './a'\nimport { gone, there } from './a'\nApp({a, gone, there})", "a.js": "export const there = 1; export default 2"}, "warning missing-export app.js:2"},
		"picture as module":            {map[string]string{"app.js": "import a from './a.png'; App({a})", "a.png": "x"}, "error not-a-script app.js:1"},
		"computed require":             {map[string]string{"app.js": "App({}); require('./' + Date.now())"}, "warning computed-import app.js:1"},
		"assignment to constant":       {map[string]string{"app.js": "const a = 1\na = 2\nApp({})"}, "error script-error app.js:2"},
		"style import missing":         {map[string]string{"app.acss": "\n@import './x.acss';"}, "error missing-style app.acss:2"},
		"style import from disk":       {map[string]string{"app.acss": "@import '/etc/hostname';"}, "error missing-style app.acss:1"},
		"style import by climbing":     {map[string]string{"app.acss": "@import '../../../../etc/x.css';"}, "error missing-style app.acss:1"},
		"style from the network":       {map[string]string{"app.acss": "@import 'https://example.com/x.css';"}, "error remote-style app.acss:1"},
		"styles import each other":     {map[string]string{"app.acss": "@import './b.acss';", "b.acss": "\n@import './app.acss';"}, "warning circular-import b.acss:2"},
		"less import each other":       {map[string]string{"app.less": "@import './b';", "b.less": "// @import 'x'\n@import (reference) url('./app');"}, "warning circular-import b.less:2"},
		"less imports itself":          {map[string]string{"app.less": "\n@import './app.less'; .a{b:c}"}, "warning circular-import app.less:2"},
		"less in a longer circle":      {map[string]string{"pages/home/home.less": "@import '/b';", "b.less": "\n@import './c';", "c.less": "@import './d';\n\n@import './b.less';", "d.less": ""}, "warning circular-import c.less:3"},
		"less without an end":          {map[string]string{"app.less": "@import (multiple) './b';", "b.less": "@import (multiple) './app';"}, "error style-error app.less:1"},
		"less and acss":                {map[string]string{"app.acss": "@import './b.less';", "b.less": "\n@import (css) './app.acss';"}, "warning circular-import b.less:2"},
		"scss":                         {map[string]string{"pages/home/home.scss": "a{b{c:d}}"}, "error style-language pages/home/home.scss:1"},
		"sass":                         {map[string]string{"app.sass": "a\n  b: c"}, "error style-language app.sass:1"},
		"stylus":                       {map[string]string{"pages/home/home.styl": "a\n  b: c"}, "error style-language pages/home/home.styl:1"},
		"another's style":              {map[string]string{"pages/home/home.wxss": "a{b:c}"}, "warning foreign-file pages/home/home.wxss:1"},
		"another's template":           {map[string]string{"pages/home/home.axml": "-", "pages/home/home.wxml": "<view/>"}, "warning foreign-file pages/home/home.wxml:1"},
		"template's last end":          {map[string]string{"pages/home/home.axml": "<view>\n</view"}, "warning template-unclosed-tag pages/home/home.axml:2"},
		"comment never closed":         {map[string]string{"pages/home/home.axml": "<view>\n</view><!-- a"}, "error template-unclosed-tag pages/home/home.axml:2"},
		"less with a fault":            {map[string]string{"app.less": "\n.a { color: @gone; }"}, "error style-error app.less:2"},
		"less imports a fault":         {map[string]string{"app.less": "@import './b';", "b.less": ".a { color: @gone; }"}, "error style-error b.less:1"},
		"less imports from disk":       {map[string]string{"app.less": "@import (inline) '/etc/hostname';"}, "error style-error app.less:1"},
		"less imports scss":            {map[string]string{"app.less": "@import './b.scss';", "b.scss": "a{}"}, "error style-language b.scss:1"},
		"sjs imports a script":         {map[string]string{"pages/home/home.axml": `<import-sjs from="./h.sjs" name="x"/>`, "pages/home/h.sjs": "import a from './home.js'"}, "error sjs pages/home/h.sjs:1"},
		"sjs imports nothing":          {map[string]string{"pages/home/home.axml": `<import-sjs from="./h.sjs" name="x"/>`, "pages/home/h.sjs": "\nimport a from './g.sjs'"}, "error unresolved-module pages/home/h.sjs:2"},
		"component missing":            {map[string]string{"pages/home/home.json": "{\"usingComponents\":\n{\"a\": \"./gone\"}}"}, "error missing-component pages/home/home.json:2"},
		"component not a path":         {map[string]string{"pages/home/home.json": `{"usingComponents": {"a": 1}}`}, "error bad-config pages/home/home.json:1"},
		"components not an object":     {map[string]string{"pages/home/home.json": `{"usingComponents": []}`}, "error bad-config pages/home/home.json:1"},
		"component without script":     {map[string]string{"pages/home/home.json": `{"usingComponents": {"a": "/c/c"}}`, "c/c.axml": "<view/>"}, "error component-without-script c/c.axml:1"},
		"components in a circle": {map[string]string{"pages/home/home.json": `{"usingComponents": {"a": "/c/a"}}`, "c/a.js": "Component({})", "c/a.axml": "<b/>", "c/a.json": `{"usingComponents": {"b": "./b"}}`,
			"c/b.js": "Component({})", "c/b.axml": "<a/>", "c/b.json": `{"usingComponents": {"a": "./a"}}`}, "warning circular-component c/b.json:1"},
		"subpackages not a list":   {map[string]string{"app.json": `{"pages": ["pages/home/home"], "subPackages": {}}`}, "error bad-config app.json:1"},
		"subpackage without root":  {map[string]string{"app.json": `{"pages": ["pages/home/home"], "subPackages": [{}]}`}, "error bad-subpackage app.json:1"},
		"subpackage in subpackage": {map[string]string{"app.json": `{"pages": ["pages/home/home"], "subPackages": [{"root":"a"},{"root":"a/b"}]}`}, "error bad-subpackage app.json:1"},
		"manifest of their own":    {map[string]string{"manifest.json": `{}`}, "warning reserved-name manifest.json:1"},
		"50 MB script":             {map[string]string{"app.js": "App({});/*" + lorem(50<<20) + "*/"}, "error file-too-large app.js:1"},
		"deep brackets":            {map[string]string{"app.js": strings.Repeat("[", 1<<20)}, "error too-nested app.js:1"},
		"deep operators":           {map[string]string{"app.js": "a=" + strings.Repeat("!", 1<<20) + "1"}, "error too-nested app.js:1"},
		"deep arrows":              {map[string]string{"app.js": "x=" + strings.Repeat("a=>", 30_000) + "1"}, "error too-nested app.js:1"},
		"deep new":                 {map[string]string{"app.js": "x=" + strings.Repeat("new ", 300_000) + "X"}, "error too-nested app.js:1"},
		"deep else":                {map[string]string{"app.js": strings.Repeat("if(a)b()\nelse ", 100_000) + "c()"}, "error too-nested app.js:5002"},
		"deep template":            {map[string]string{"pages/home/home.axml": strings.Repeat("<view>\n", 100_000) + strings.Repeat("</view>", 100_000)}, "warning template-too-deep pages/home/home.axml:257"},
		"deep styles":              {map[string]string{"app.acss": strings.Repeat("a{", 100_000)}, "error too-nested app.acss:1"},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, small(tc.change), build.Options{})
			var got []string
			for _, d := range r.Diagnostics {
				line := fmt.Sprintf("%s %s %s:%d", d.Severity, d.Rule, d.File, d.Line)
				if line == tc.want {
					if r.Failed != (d.Severity == "error") {
						t.Errorf("Failed is %v with %s", r.Failed, line)
					}
					if d.Message == "" || !strings.HasSuffix(d.Message, ".") || d.Advice == "" && d.Rule != "script-error" {
						t.Errorf("not a sentence with advice: %+v", d)
					}
					return
				}
				got = append(got, line+" "+d.Message)
			}
			t.Errorf("want %s, got:\n%s", tc.want, strings.Join(got, "\n"))
		})
	}
}

// lorem is text that no ratio check objects to.
func lorem(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = 'a' + byte(x>>24)%16
	}
	return string(b)
}

func TestTheSmallestProjectHasNoDiagnostics(t *testing.T) {
	if r := run(t, small(nil), build.Options{}); r.Failed || len(r.Diagnostics) > 0 {
		t.Error(r.Log)
	}
}

func TestUnusableProjects(t *testing.T) {
	for name, tc := range map[string]struct {
		files map[string]string
		rule  string
	}{
		"no app.json":     {map[string]string{"readme.txt": "hello"}, "no-app-json"},
		"app.json a list": {map[string]string{"app.json": "[1]"}, "bad-config"},
		"app.json broken": {map[string]string{"app.json": "{"}, "bad-json"},
		"app.json text":   {map[string]string{"app.json": "\xff\xfe{\x00}\x00"}, "not-utf8"},
		"root outside":    {map[string]string{"app.json": "{}", "mini.project.json": `{"miniprogramRoot": "../.."}`}, "bad-root"},
		"root to be made": {map[string]string{"src/app.json": "{}", "mini.project.json": `{"miniprogramRoot": "dist"}`}, "bad-root"},
		"root not there":  {map[string]string{"app.json": "{}", "mini.project.json": `{"miniprogramRoot": "dist"}`}, "bad-root"},
	} {
		t.Run(name, func(t *testing.T) {
			p, list := load(t, tc.files)
			for _, d := range list {
				if d.File == "" || d.Line == 0 || d.Advice == "" {
					t.Errorf("nobody can act on %+v", d)
				}
			}
			if _, ok := find(list, tc.rule); p != nil || !ok {
				t.Errorf("project %v, diagnostics %+v; want %s and no project", p, list, tc.rule)
			}
		})
	}
}

func TestAFailingBuildNamesEveryFaultAtOnce(t *testing.T) {
	r := run(t, small(map[string]string{
		"app.json":             `{"pages": ["pages/home/home", "pages/gone/gone"]}`,
		"app.js":               "import './nowhere'; App({",
		"app.acss":             "@import './gone.acss';",
		"pages/home/home.js":   "require('gone-too'); Page({})",
		"pages/home/home.axml": "<view>",
		"pages/home/home.json": `{"usingComponents": {"a": "./gone"}}`,
	}), build.Options{Version: "2.0"})
	for _, rule := range []string{"missing-page", "script-error", "missing-style", "unresolved-module", "template-unclosed-element", "missing-component"} {
		if _, ok := find(r.Diagnostics, rule); !ok {
			t.Errorf("%s is not named", rule)
		}
		if !strings.Contains(r.Log, "["+rule+"]") {
			t.Errorf("%s is not in the log", rule)
		}
	}
	if !r.Failed || r.Package != nil || r.Files != nil {
		t.Error("a failed build has results")
	}
}

func TestWhatIsUnresolvedMayBeAllowed(t *testing.T) {
	files := small(map[string]string{"app.js": "var x = require('gone'); App({y: x.a.b().c + ''})", "pages/home/home.json": `{"usingComponents": {"a": "./gone"}}`})
	r := run(t, files, build.Options{AllowUnresolved: true})
	if r.Failed {
		t.Fatal(r.Log)
	}
	for _, rule := range []string{"unresolved-module", "missing-component"} {
		if d, ok := find(r.Diagnostics, rule); !ok || d.Severity != "warning" {
			t.Errorf("%s: %+v", rule, d)
		}
	}
	if _, err := newHost(r.Files).eval("app.js"); err != nil {
		t.Errorf("the stubbed program does not run: %v", err)
	}
}

func TestSourcesOfFrameworks(t *testing.T) {
	for name, files := range map[string]map[string]string{
		`Taro: build it for this platform first, usually with "npx taro build --type alipay"`: {"package.json": `{"dependencies": {"@tarojs/taro": "3"}}`, "src/app.config.ts": ""},
		"uni-app: build": {"package.json": `{"devDependencies": {"@dcloudio/uni-cli-shared": "3"}}`, "mini.project.json": `{"miniprogramRoot": "dist/build/mp-alipay"}`, "app.json": "{}"},
		"uni-app: publish it for this platform in HBuilderX": {"shop/pages.json": "{}", "shop/manifest.json": "{}", "shop/App.vue": ""},
		"Remax: build":                   {"package.json": `{"dependencies": {"remax": "2"}}`},
		"Zip the project folder so that": {"package.json": `{"dependencies": {"remaxed": "2", "taro": "1"}}`, "pages.json": "{}"},
	} {
		p, list := load(t, files)
		if p != nil || len(list) == 0 || !strings.Contains(list[len(list)-1].Advice, name) || list[len(list)-1].Line == 0 {
			t.Errorf("want %s, got %+v", name, list)
		}
	}
}
