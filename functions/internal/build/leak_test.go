package build_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/functions/internal/build"
)

// Whatever a project says, no byte of the machine's disk may reach a package, a source map or a diagnostic.
func TestNothingIsReadFromDisk(t *testing.T) {
	dir := t.TempDir()
	const secret = "module.exports='5ecret-0f-the-machine'"
	for _, name := range []string{"secret.js", "secret.json", "secret.js.map", "secret.acss", "secret.axml"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "node_modules/leak"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string]string{"node_modules/leak/index.js": secret, "tsconfig.json": `{"compilerOptions":{"paths":{"*":["./secret.js"]}}}`, "package.json": `{"browser":{"gone":"./secret.js"}}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	up := strings.Repeat("../", 30) + strings.TrimPrefix(dir, "/")
	smap := base64.StdEncoding.EncodeToString([]byte(`{"version":3,"sources":["file://` + dir + `/secret.js","` + dir + `/secret.js"],"sourcesContent":[null,null],"mappings":"AAAA,CCAA","names":[]}`))
	for name, script := range map[string]string{
		"absolute":               `require('` + dir + `/secret.js')`,
		"climbing":               `require('` + up + `/secret.js')`,
		"beside":                 `require('./secret.js')`,
		"package":                `require('leak')`,
		"file URL":               `import 'file://` + dir + `/secret.js'`,
		"computed":               `require('./' + name)`,
		"computed, climbing":     `require('` + up + `/' + name)`,
		"computed, suffix":       `require('` + up + `/' + name + '.js')`,
		"computed, template":     "require(`" + up + "/${name}.js`)",
		"computed, dynamic":      `import('` + up + `/' + name)`,
		"computed, conditional":  `require(a ? './b' : '` + up + `/' + name)`,
		"computed, escaped":      `r\u0065quire('` + up + `/' + name)`,
		"computed, braces":       `r\u{65}quire('` + up + `/' + name)`,
		"computed, comment":      `require/**/('` + up + `/' + name)`,
		"computed, parentheses":  `(require)('` + up + `/' + name)`,
		"computed, space":        "require\u00a0('" + up + "/' + name)",
		"computed, tab":          "require\v('" + up + "/' + name)",
		"computed, far":          "require" + strings.Repeat(" ", 900) + "('" + up + "/' + name)",
		"computed, in dead code": `if (false) { require('` + up + `/' + name) }`,
		"computed, twice":        `require('` + up + `/' + name); require('` + up + `/' + name)`,
		"source map beside":      "x()\n//# sourceMappingURL=secret.js.map",
		"source map by URL":      "x()\n//# sourceMappingURL=file://" + dir + "/secret.js.map",
		"source map, old form":   "x()\n//@ sourceMappingURL=file://" + dir + "/secret.js.map",
		"source map, block":      "x()\n/*# sourceMappingURL=file://" + dir + "/secret.js.map */",
		"source map inline":      "x()\n//# sourceMappingURL=data:application/json;base64," + smap,
		"new URL":                `new URL('./secret.js', import.meta.url)`,
		"require.resolve":        `require.resolve('` + dir + `/secret.js')`,
		"import attribute":       `import a from '` + dir + `/secret.json' with { type: 'json' }; a()`,
		"jsx pragma":             `/** @jsxImportSource ` + dir + ` */ x()`,
	} {
		for _, ext := range []string{".js", ".ts"} {
			t.Run(name+ext, func(t *testing.T) {
				silent(t, run(t, small(map[string]string{"app.js": "-", "app" + ext: "App({}); " + script}), build.Options{}))
				silent(t, run(t, small(map[string]string{"app.js": "-", "app" + ext: "App({}); " + script}), build.Options{AllowUnresolved: true}))
			})
		}
	}
	for name, change := range map[string]map[string]string{
		"style":             {"app.acss": "@import '" + dir + "/secret.acss'; @import '" + up + "/secret.acss'; @import './secret.acss'; a { background: url(" + dir + "/secret.js) }"},
		"style map":         {"app.acss": "a{}\n/*# sourceMappingURL=file://" + dir + "/secret.js.map */"},
		"template":          {"pages/home/home.axml": `<import src="` + up + `/secret.axml"/><include src="/secret.axml"/>`},
		"component":         {"pages/home/home.json": `{"usingComponents": {"a": "` + up + `/secret", "b": "` + dir + `/secret", "c": "leak"}}`},
		"name with a star":  {"pages/home/home.js": "Page({}); require('./*')", "pages/home/*.js": "x()"},
		"entry with a star": {"app.json": `{"pages": ["pages/home/home", "*"]}`, "*.js": "Page({})", "*.axml": "<view/>"},
		"package.json":      {"node_modules/p/package.json": `{"main": "` + up + `/secret.js"}`, "app.js": "require('p')"},
		"exports":           {"node_modules/p/package.json": `{"exports": "./` + up + `/secret.js"}`, "app.js": "require('p')"},
	} {
		t.Run(name, func(t *testing.T) { silent(t, run(t, small(change), build.Options{AllowUnresolved: true})) })
	}
}

func silent(t *testing.T, r *build.Result) {
	t.Helper()
	for name, b := range r.Files {
		if strings.Contains(string(b), "5ecret") {
			t.Errorf("the package's %s holds a file of the machine", name)
		}
	}
	for name, b := range r.SourceMaps {
		if strings.Contains(string(b), "5ecret") {
			t.Errorf("the source map of %s holds a file of the machine", name)
		}
	}
	if strings.Contains(r.Log, "5ecret") || strings.Contains(r.Log, "No loader") {
		t.Errorf("the log tells of the machine's files: %s", r.Log)
	}
}

func TestAComputedImportMayBeAnsweredByTheHost(t *testing.T) {
	r := run(t, small(map[string]string{"app.js": "require('./skins/red');\nvar name = 'red'; App({colour: require('./skins/' + name + '.js').colour}) // r\\u0065quire", "skins/red.js": "exports.colour = '#f00'"}), build.Options{})
	if r.Failed {
		t.Fatal(r.Log)
	}
	if d, ok := find(r.Diagnostics, "computed-import"); !ok || d.Line != 2 {
		t.Errorf("no warning: %+v", r.Diagnostics)
	}
	h := newHost(r.Files)
	if _, err := h.eval("app.js"); err != nil || h.App["colour"] != "#f00" {
		t.Errorf("got %v, %v", h.App, err)
	}
}
