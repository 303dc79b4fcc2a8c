package build_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/build"
)

func TestWhatIsAbsentComesWithWhatToDo(t *testing.T) {
	for name, tc := range map[string]struct {
		change       map[string]string
		rule, advice string
		pkg          string
	}{
		"package":             {map[string]string{"app.js": "require('@a/b/c')"}, "unresolved-module", `Run "npm install @a/b" `, "@a/b"},
		"file":                {map[string]string{"app.js": "require('./config.json')"}, "unresolved-module", "Add the file, or", ""},
		"capital letters":     {map[string]string{"app.js": "require('./Utils/a')", "utils/A.js": ""}, "unresolved-module", "There is utils/A.js: ", ""},
		"capital folder":      {map[string]string{"app.js": "require('/Lib')", "lib/index.ts": ""}, "unresolved-module", "There is lib/index.ts: ", ""},
		"file of a package":   {map[string]string{"app.js": "require('p/es/x')", "node_modules/p/index.js": ""}, "unresolved-module", "but has no es/x: update", ""},
		"package's main":      {map[string]string{"app.js": "require('p')", "node_modules/p/package.json": `{"main": "gone"}`}, "unresolved-module", "install it again", ""},
		"alias of the root":   {map[string]string{"pages/home/home.js": "Page({});require('utils/a')", "utils/a.ts": ""}, "unresolved-module", "There is utils/a.ts: write the path", ""},
		"alias with a mark":   {map[string]string{"app.js": "require('@/utils')", "utils/index.js": ""}, "unresolved-module", "There is utils/index.js: write the path", ""},
		"alias like a scope":  {map[string]string{"app.js": "require('@utils/a.js')", "utils/a.js": ""}, "unresolved-module", "There is utils/a.js: write the path", ""},
		"alias of the source": {map[string]string{"app.js": "require('@src/utils/a')", "utils/a.js": ""}, "unresolved-module", "There is utils/a.js: write the path", ""},
		"alias of nothing":    {map[string]string{"app.js": "require('_utils/a')"}, "unresolved-module", "No package can be named", ""},
		"a package after all": {map[string]string{"pages/home/home.js": "Page({});require('utils/a')", "utils/a.ts": "", "package.json": `{"dependencies": {"utils": "1"}}`}, "unresolved-module", `Run "npm install utils" `, "utils"},
		"package's sheet":     {map[string]string{"app.acss": "@import '@a/b/dist/c.acss';"}, "missing-style", `Run "npm install @a/b" `, "@a/b"},
		"package's less":      {map[string]string{"app.less": "@import '@a/b/dist/c';"}, "style-error", `Run "npm install @a/b" `, "@a/b"},
		"sheet's letters":     {map[string]string{"app.acss": "@import './C.acss';", "c.acss": ""}, "missing-style", "There is c.acss: ", ""},
		"node's own":          {map[string]string{"app.js": "require('fs')"}, "unresolved-module", "wrap the call in try", ""},
		"node's, by scheme":   {map[string]string{"app.js": "import 'node:util'"}, "unresolved-module", "wrap the call in try", ""},
		"address":             {map[string]string{"app.js": "import 'https://example.com/x.js'"}, "unresolved-module", "Put a copy", ""},
		"component's package": {map[string]string{"app.json": `{"pages": ["pages/home/home"], "usingComponents": {"a": "p/es/a"}}`}, "missing-component", `Run "npm install p" `, "p"},
		"by node_modules":     {map[string]string{"app.json": `{"pages": ["pages/home/home"], "usingComponents": {"a": "./node_modules/p/a"}}`}, "missing-component", `Run "npm install p" `, "p"},
		"component's letters": {map[string]string{"app.json": `{"pages": ["pages/home/home"], "usingComponents": {"a": "/C/card"}}`, "c/Card.axml": ""}, "missing-component", "There is c/Card.axml: ", ""},
		"page's letters":      {map[string]string{"app.json": `{"pages": ["pages/home/home", "Pages/b/b"]}`, "pages/b/b.js": "Page({})"}, "missing-page", "There is pages/b/b.js: write it", ""},
		"page's extension":    {map[string]string{"pages/home/home.js": "-", "pages/home/home.JS": "Page({})", "pages/home/home.axml": "-"}, "missing-page", "There is pages/home/home.JS: write its extension", ""},
		"app's extension":     {map[string]string{"app.js": "-", "app.JS": "App({})"}, "no-app-script", "There is app.JS: write its extension", ""},
		"markup in a script":  {map[string]string{"app.js": "App({a: <view>x</view>})"}, "script-error", "Move it into the template", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, small(tc.change), build.Options{})
			d, _ := find(r.Diagnostics, tc.rule)
			if !strings.Contains(d.Advice, tc.advice) || d.Package != tc.pkg || d.Line == 0 {
				t.Errorf("got %+v", d)
			}
			if told := strings.Contains(r.Log, "node_modules: "+tc.pkg+"."); (tc.pkg != "") != told {
				t.Errorf("the log sums up packages: %v\n%s", told, r.Log)
			}
		})
	}
}

// TestAScriptMayDoWithout holds a library's way to use what only other platforms have.
func TestAScriptMayDoWithout(t *testing.T) {
	files := small(map[string]string{
		"app.js":    "const r = require('./random'); App({ r: r() })",
		"random.js": "var c; try { c = require('crypto') } catch (e) {}\nmodule.exports = function () { return c ? 'native' : 'own' }",
	})
	for _, allow := range []bool{false, true} {
		r := run(t, files, build.Options{AllowUnresolved: allow})
		if d, ok := find(r.Diagnostics, "optional-module"); r.Failed || !ok || d.File != "random.js" || d.Line != 1 || d.Severity != "warning" {
			t.Fatal(r.Log)
		}
		h := newHost(r.Files)
		if _, err := h.eval("app.js"); err != nil || h.App["r"] != "own" {
			t.Errorf("got %v, %v", h.App, err)
		}
	}
	files["random.js"] += "\nrequire('crypto')"
	if r := run(t, files, build.Options{}); !r.Failed {
		t.Error("the same module, asked for where nobody catches that, is accepted")
	}
}

// TestAnAppBelowItsSettings is how editors of the same dialect lay a project with cloud functions out.
func TestAnAppBelowItsSettings(t *testing.T) {
	files := map[string]string{"mini.project.json": `{"component2": true}`, "server/app.json.bak": ""}
	for name, body := range small(nil) {
		files["client/"+name] = body
	}
	r := run(t, files, build.Options{})
	if d, ok := find(r.Diagnostics, "project-not-at-top"); r.Failed || !ok || d.File != "mini.project.json" {
		t.Error(r.Log)
	}
	if r.Files["app.json"] == nil {
		t.Errorf("the tree is %v", keys(r.Files))
	}
}
