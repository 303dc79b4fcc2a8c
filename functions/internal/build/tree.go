package build

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync"

	"slipway/functions/internal/build/intake"
)

// tree assembles the built tree: what is in it, and why.
type tree struct {
	intake.Report
	p       *intake.Project
	opts    *Options
	files   map[string][]byte
	maps    map[string][]byte
	scripts *scripts
	styles  *styles
}

func newTree(p *intake.Project, o *Options) *tree {
	res := newResolver(p)
	return &tree{p: p, opts: o, files: map[string][]byte{}, maps: map[string][]byte{}, scripts: newScripts(p, res, o), styles: newStyles(p, res, o)}
}

func (t *tree) failed() bool {
	return slices.ContainsFunc(t.List, func(d intake.Diagnostic) bool { return d.Severity == "error" })
}

// compile builds everything that can be built, even when something has failed already: a failing build names every
// fault at once.
func (t *tree) compile(ctx context.Context) error {
	var scripts, sheets []string
	use := func(list *[]string, file string) {
		if file != "" && !slices.Contains(*list, file) {
			*list = append(*list, file)
		}
	}
	app := t.p.Stem(path.Join(t.p.Root, "app"))
	if app.Script == "" {
		t.Err("no-app-script", path.Join(t.p.Root, "app.json"), 0, 0, cmp.Or(t.scripts.absent.Near("", "/app"), "Add app.js with App({})."), "The project has no app.js or app.ts.")
	}
	use(&scripts, app.Script)
	use(&sheets, app.Style)
	for _, page := range t.p.Pages {
		use(&scripts, page.Script)
		use(&sheets, page.Style)
	}
	for _, c := range t.p.Components {
		use(&scripts, c.Script)
		use(&sheets, c.Style)
	}
	for _, file := range t.p.Workers {
		use(&scripts, file)
	}
	if err := side(ctx, func(ctx context.Context) error { return t.styles.run(ctx, sheets) }, func(ctx context.Context) error {
		for _, file := range t.templates() {
			use(&scripts, file)
		}
		return t.scripts.run(ctx, scripts)
	}); err != nil {
		return err
	}
	t.List = append(append(t.List, t.scripts.List...), t.styles.List...)
	t.configs()
	t.assets()
	for _, c := range t.scripts.out {
		t.files[c.path], t.maps[c.path] = c.code, c.smap
	}
	for _, c := range t.styles.out {
		t.files[c.path] = c.code
	}
	return nil
}

// side runs two things side by side, and ends one where the other cannot go on.
func side(parent context.Context, one, other func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var running sync.WaitGroup
	for _, do := range []func(context.Context) error{one, other} {
		running.Go(func() {
			if err := do(ctx); err != nil {
				cancel(err) // the first counts
			}
		})
	}
	running.Wait()
	if parent.Err() != nil {
		return parent.Err()
	}
	return context.Cause(ctx)
}

// configs writes every configuration strictly, with components resolved to absolute paths.
func (t *tree) configs() {
	app := with(t.p.App.Raw, map[string]any{"subpackages": nil, "subPackages": nil, "pages": t.p.App.Pages, "usingComponents": nil})
	if window, ok := app["window"].(map[string]any); ok {
		app["window"] = with(window, map[string]any{"usingComponents": nil})
	}
	if len(t.p.App.SubPackages) > 0 {
		var list []map[string]any
		for _, s := range t.p.App.SubPackages {
			list = append(list, with(s.Raw, map[string]any{"root": s.Root, "pages": s.Pages}))
		}
		app["subPackages"] = list
	}
	if len(t.p.Workers) > 0 {
		var list []string
		for _, file := range t.p.Workers {
			list = append(list, scriptPath(t.p, file))
		}
		app["workers"] = list
	}
	file := path.Join(t.p.Root, "app.json")
	if uses := t.p.Deps[file]; len(uses) > 0 {
		app["usingComponents"] = uses
	}
	t.files["app.json"] = compactJSON(app)
	for _, page := range t.p.Pages {
		t.config(page.Config)
	}
	for _, c := range t.p.Components {
		t.config(c.Config)
	}
}

func (t *tree) config(file string) {
	if file == "" {
		return
	}
	var quiet intake.Report
	std, ok := intake.Standard(&quiet, file, t.p.Files[file], t.opts.Limits.MaxConfig)
	if !ok {
		return
	}
	var m map[string]any
	d := json.NewDecoder(bytes.NewReader(std))
	d.UseNumber()
	if d.Decode(&m) != nil || m == nil {
		return
	}
	if _, has := m["usingComponents"]; has {
		m["usingComponents"] = t.p.Deps[file]
	}
	if generics, ok := m["componentGenerics"].(map[string]any); ok {
		for name, to := range t.p.Generics[file] {
			generics[name] = map[string]any{"default": to}
		}
	}
	t.files[t.p.OutPath(file)] = compactJSON(m)
}

// media are files that the build hands through.
var media = map[string]bool{
	".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".svg": true, ".webp": true, ".bmp": true, ".ico": true, ".avif": true,
	".mp3": true, ".m4a": true, ".aac": true, ".wav": true, ".ogg": true, ".mp4": true, ".mov": true, ".webm": true,
	".ttf": true, ".otf": true, ".woff": true, ".woff2": true, ".eot": true,
	".wasm": true, ".bin": true, ".gltf": true, ".glb": true, ".txt": true, ".csv": true, ".xml": true, ".pag": true,
}

// toolFiles are JSON files for tools on the merchant's machine.
var toolFiles = map[string]bool{
	"package.json": true, "package-lock.json": true, "mini.project.json": true, "project.config.json": true, "project.private.config.json": true,
	"tsconfig.json": true, "jsconfig.json": true, "app.json": true, "composer.json": true, "lerna.json": true, "tslint.json": true, "nx.json": true,
	"slipway.fixtures.json": true, // answers of the compatibility test's run; see compat.FixturesFile
}

// assets copies what a program may read at run time: media and data in the root, and media beside components of packages.
func (t *tree) assets() {
	var beside []string
	for _, c := range t.p.Components {
		if intake.InModules(c.Script) {
			beside = append(beside, path.Dir(c.Script))
		}
	}
	for name, b := range t.p.Files {
		ext := strings.ToLower(path.Ext(name))
		if hidden(name) {
			continue // what editors and tools keep beside a project
		}
		wanted := media[ext] || ext == ".json" && t.dataFile(name) || t.p.Asset(name)
		if intake.InModules(name) {
			wanted = media[ext] && slices.ContainsFunc(beside, func(dir string) bool { return intake.Within(name, dir) })
		} else {
			wanted = wanted && intake.Within(name, t.p.Root)
		}
		if wanted && t.p.OutPath(name) == manifestFile {
			t.Warn("reserved-name", name, 0, 0, "Give the file another name.", "The package's own %s takes the place of this file.", manifestFile)
		} else if wanted {
			t.files[t.p.OutPath(name)] = b
		}
	}
}

// hidden says whether a file or a folder around it has a name that begins with a full stop.
func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }

// dataFile tells JSON that a program reads from JSON that configures a page, a component or a tool.
func (t *tree) dataFile(name string) bool {
	base := path.Base(name)
	if toolFiles[base] || strings.HasPrefix(base, ".") || strings.HasPrefix(base, "tsconfig.") {
		return false
	}
	for _, ext := range []string{".axml", ".js", ".ts"} {
		if _, there := t.p.Files[strings.TrimSuffix(name, ".json")+ext]; there {
			return false
		}
	}
	return true
}
