package build_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/build"
)

// aliased is a project that reads paths by aliases wherever the platform does: in scripts, sheets, templates and helpers.
func aliased(options string) map[string]string {
	return map[string]string{
		"mini.project.json":            `{"format": 2, "miniprogramRoot": "src", "compileOptions": {"resolveAlias": ` + options + `}}`,
		"src/app.json":                 `{"pages": ["pages/home/home"]}`,
		"src/app.js":                   "import { a } from 'utils/a'; import b from 'utils/deep/b'; App({ a: a, b: b })",
		"src/utils/a.js":               "export const a = 'a'; export const other = 1",
		"src/deep/b.js":                "module.exports = require('utils/a').a + 'b'",
		"src/pages/home/home.js":       "Page({})",
		"src/pages/home/home.axml":     "<import src='parts/x.axml'/>\n<import-sjs from=\"parts/x.sjs\" name=\"x\"/><view>{{x.y}}</view><include src=\"./own.axml\"/>",
		"src/pages/home/own.axml":      "<text/>",
		"src/pages/home/home.acss":     "@import 'parts/x.acss'; .b { background: url('parts/b.png') }",
		"src/parts/x.axml":             "<template name='t'><text/></template>",
		"src/parts/x.sjs":              "import z from 'parts/z.sjs'; export default { y: z }",
		"src/parts/z.sjs":              "export default 1",
		"src/parts/x.acss":             ".x{color:red}",
		"src/parts/b.png":              "png",
		"src/node_modules/utils/a.js":  "exports.a = 'package'",
		"src/node_modules/p/index.js":  "module.exports = require('utils/a').a",
		"src/node_modules/q/x.sjs":     "export default 1",
		"src/node_modules/q/again.txt": "",
	}
}

const aliases = `{"utils/*": "./src/utils/*", "utils/deep/*": "src/deep/*", "parts/*": "./src/parts/*"}`

func TestAliases(t *testing.T) {
	files := aliased(aliases)
	files["src/app.js"] += "; export const p = require('p')"
	r := run(t, files, build.Options{})
	if r.Failed || len(r.Diagnostics) > 0 {
		t.Fatal(r.Log)
	}
	h := newHost(r.Files)
	if _, err := h.eval("app.js"); err != nil || h.App["a"] != "a" || h.App["b"] != "ab" {
		t.Errorf("got %v, %v: the longest alias counts, before packages", h.App, err)
	}
	if v, err := h.eval("node_modules/p/index.js"); err != nil || v.String() != "package" {
		t.Errorf("got %v, %v: packages know no aliases", v, err)
	}
	if got := string(r.Files["pages/home/home.axml"]); !strings.Contains(got, `src='/parts/x.axml'`) || !strings.Contains(got, `from="/parts/x.sjs"`) || !strings.Contains(got, `src="./own.axml"`) {
		t.Errorf("no host knows aliases: %s", got)
	}
	if got := string(r.Files["pages/home/home.acss"]); !strings.Contains(got, ".x{color:red}") || !strings.Contains(got, "url(/parts/b.png)") {
		t.Errorf("got %s", got)
	}
	if r.Files["parts/z.sjs"] == nil || r.Files["parts/x.axml"] == nil {
		t.Errorf("the tree is %v", keys(r.Files))
	}
}

func TestAliasesThatAreNone(t *testing.T) {
	for _, bad := range []string{`{"utils/*": "../utils/*"}`, `{"utils/*": "/src/utils/*"}`, `{"/utils/*": "src/utils/*"}`, `{"utils": "src/utils"}`, `{"./*": "src/*"}`, `{"utils/*": 1}`, `{"*": "src/*"}`} {
		files := aliased("{\n" + bad[1:])
		r := run(t, files, build.Options{})
		if d, ok := find(r.Diagnostics, "bad-alias"); !ok || d.File != "mini.project.json" || d.Line != 2 || d.Severity != "warning" {
			t.Errorf("%s: %+v", bad, r.Diagnostics)
		}
		if d, ok := find(r.Diagnostics, "unresolved-module"); !ok || !strings.Contains(d.Advice, "src/deep/b.js") && !strings.Contains(d.Advice, "utils") {
			t.Errorf("%s: %+v", bad, r.Diagnostics)
		}
	}
}

func TestHelpersOfPackages(t *testing.T) {
	files := small(map[string]string{
		"pages/home/home.axml":        `<import-sjs from="./h.sjs" name="h"/>`,
		"pages/home/h.sjs":            "import x from 'q/lib/x.sjs'; export default x",
		"node_modules/q/lib/x.sjs":    "import y from './y'; export default y",
		"node_modules/q/lib/y.sjs":    "export default 1",
		"node_modules/q/package.json": `{"name": "q"}`,
	})
	r := run(t, files, build.Options{})
	if r.Failed || r.Files["node_modules/q/lib/y.sjs"] == nil {
		t.Fatalf("%s\n%v", r.Log, keys(r.Files))
	}
	delete(files, "node_modules/q/lib/y.sjs")
	delete(files, "node_modules/q/lib/x.sjs")
	delete(files, "node_modules/q/package.json")
	d, _ := find(run(t, files, build.Options{}).Diagnostics, "unresolved-module")
	if d.Package != "q" || d.File != "pages/home/h.sjs" || d.Line != 1 || d.Severity != "error" {
		t.Errorf("got %+v", d)
	}
	if r := run(t, files, build.Options{AllowUnresolved: true}); r.Failed || r.Files["app.js"] == nil || r.Files["pages/home/h.sjs"] == nil {
		t.Errorf("what is not there takes the rest with it: %v\n%s", keys(r.Files), r.Log)
	}
}
