package build_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
)

func TestTheTabBarOfOnesOwn(t *testing.T) {
	app := `{"pages": ["pages/home/home"],
"tabBar": {"customize": true, "items": [{"pagePath": "pages/home/home", "name": "Home"}]}}`
	files := small(map[string]string{
		"app.json":                     app,
		"customize-tab-bar/index.json": `{"component": true, "usingComponents": {"dot": "./dot"}}`,
		"customize-tab-bar/index.axml": "<dot/>", "customize-tab-bar/index.js": "Component({})", "customize-tab-bar/index.acss": ".a{color:red}",
		"customize-tab-bar/dot.axml": "<view/>", "customize-tab-bar/dot.js": "Component({})",
	})
	r := run(t, files, build.Options{})
	for _, name := range []string{"index.js", "index.axml", "index.acss", "index.json", "dot.js", "dot.axml"} {
		if r.Files["customize-tab-bar/"+name] == nil {
			t.Errorf("%s is not in the package: %v\n%s", name, keys(r.Files), r.Log)
		}
	}
	if len(r.Pages) != 1 || r.Pages[0].Total < r.Pages[0].Own+int64(len(r.Files["customize-tab-bar/dot.js"])) {
		t.Errorf("what the bar weighs is not in the page's first opening: %+v", r.Pages)
	}
	r = run(t, small(map[string]string{"app.json": app}), build.Options{})
	if d, ok := find(r.Diagnostics, "missing-tab-bar"); !ok || r.Failed || d.File != "app.json" || d.Line != 2 {
		t.Errorf("got %+v", r.Diagnostics)
	}
	if r = run(t, small(map[string]string{"app.json": `{"pages": ["pages/home/home"], "tabBar": {}}`}), build.Options{}); len(r.Diagnostics) > 0 {
		t.Errorf("nobody asked for it: %+v", r.Diagnostics)
	}
}

func TestWorkers(t *testing.T) {
	files := small(map[string]string{
		"app.json":         "{\"pages\": [\"pages/home/home\"],\n\"workers\": [\"work/one.js\", \"work/two\",\n\"more\"]}",
		"work/one.js":      "import { x } from './lib'; worker.onMessage(() => worker.postMessage(x))",
		"work/lib.js":      "export const x = 1",
		"work/two.ts":      "worker.onMessage((a: string) => {})",
		"more/three.js":    "1",
		"more/types.d.ts":  "export type A = 1",
		"more/in/four.js":  "1",
		"work/nobodys.txt": "",
	})
	r := run(t, files, build.Options{})
	var app struct{ Workers []string }
	if err := json.Unmarshal(r.Files["app.json"], &app); err != nil || r.Failed {
		t.Fatal(err, r.Log)
	}
	if diff := cmp.Diff([]string{"work/one.js", "work/two.js", "more/three.js"}, app.Workers); diff != "" {
		t.Error(diff)
	}
	for _, name := range append(app.Workers, "work/lib.js") {
		if r.Files[name] == nil {
			t.Errorf("%s is not in the package: %v", name, keys(r.Files))
		}
	}
	delete(files, "more/three.js")
	r = run(t, files, build.Options{})
	if d, ok := find(r.Diagnostics, "missing-worker"); !ok || !r.Failed || d.File != "app.json" || d.Line != 3 {
		t.Errorf("got %+v", r.Diagnostics)
	}
}

func TestAbstractNodes(t *testing.T) {
	files := small(map[string]string{
		"pages/home/home.json": `{"usingComponents": {"group": "/c/group"}}`,
		"c/group.json":         "{\"component\": true, \"componentGenerics\": {\"choice\":\n{\"default\": \"./choice\"}, \"other\": true}}",
		"c/group.js":           "Component({})", "c/group.axml": "<choice/>",
		"c/choice.js": "Component({})", "c/choice.axml": "<view/>",
	})
	r := run(t, files, build.Options{})
	if got, want := string(r.Files["c/group.json"]), `{"component":true,"componentGenerics":{"choice":{"default":"/c/choice"},"other":true}}`; got != want || r.Files["c/choice.js"] == nil {
		t.Errorf("got %s, want %s; %v", got, want, keys(r.Files))
	}
	delete(files, "c/choice.js")
	delete(files, "c/choice.axml")
	r = run(t, files, build.Options{})
	if d, ok := find(r.Diagnostics, "missing-component"); !ok || !r.Failed || d.File != "c/group.json" || d.Line != 2 {
		t.Errorf("got %+v", r.Diagnostics)
	}
}

func TestAssetsOfOnesOwn(t *testing.T) {
	for settings, want := range map[string]string{
		`{"format": 2, "assetsInclude": ["**/*.mem", "**/*.js", "**/.env"]}`: "data/x.mem",
		`{"include": ["data/**"]}`:                     "data/x.mem data/y.dat",
		`{"miniprogramRoot": "./"}`:                    "",
		`{"compileOptions": {"include": ["data/**"]}}`: "",
	} {
		r := run(t, small(map[string]string{"mini.project.json": settings, "data/x.mem": "x", "data/y.dat": "y", "data/loose.js": "1", "data/.env": "secret", "data/a.acss": "", ".mini-ide/a.json": "{}", "data/.tea/a.png": "x", "data/.tea/b.mem": "x"}), build.Options{})
		var got []string
		for _, name := range keys(r.Files) {
			if strings.HasPrefix(name, "data/") || strings.HasPrefix(name, ".") {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s\n%s", settings, got, want, r.Log)
		}
	}
}

func TestAPluginIsNoMiniProgram(t *testing.T) {
	r := run(t, small(map[string]string{"mini.project.json": "{\"pluginRoot\": \"plugin\",\n\"compileType\": \"plugin\"}"}), build.Options{})
	if d, ok := find(r.Diagnostics, "plugin-project"); !ok || r.Failed || d.File != "mini.project.json" || d.Line != 2 {
		t.Errorf("got %+v", r.Diagnostics)
	}
}

// TestPackagesThatAreNotToBeUploaded is how the platform's own editor writes the settings of a new project.
func TestPackagesThatAreNotToBeUploaded(t *testing.T) {
	r := run(t, small(map[string]string{
		"mini.project.json":          `{"format": 2, "uploadExclude": ["node_modules", "node_modules/**", "docs/**"]}`,
		"app.js":                     "import p from 'p'; App({ p })",
		"node_modules/p/index.js":    "module.exports = 1",
		"node_modules/p/unused.json": "{}",
		"docs/a.png":                 "x",
	}), build.Options{})
	if r.Failed || r.Files["node_modules/p/index.js"] == nil || r.Files["node_modules/p/unused.json"] != nil || r.Files["docs/a.png"] != nil {
		t.Errorf("%v\n%s", keys(r.Files), r.Log)
	}
}

func TestWhatElseIsSaidOfASubpackage(t *testing.T) {
	r := run(t, small(map[string]string{
		"app.json":  `{"pages": ["pages/home/home"], "subPackages": [{"root": "/more/", "pages": ["a"], "plugins": {"p": {"version": "1"}}}]}`,
		"more/a.js": "Page({})", "more/a.axml": "<view/>",
	}), build.Options{})
	if got := string(r.Files["app.json"]); !strings.Contains(got, `"subPackages":[{"pages":["a"],"plugins":{"p":{"version":"1"}},"root":"more"}]`) {
		t.Errorf("%s\n%s", got, r.Log)
	}
}
