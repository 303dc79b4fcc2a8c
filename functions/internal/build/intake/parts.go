package intake

import (
	"path"
	"slices"
	"strings"
)

// What app.json and the settings name besides pages and components in use: the tab bar of one's own, what is run apart
// from the pages, what abstract nodes become when nobody says, and files that are no sources.

// tabBar is where the component lies that draws the tab bar, "" when the host does.
func (l *loader) tabBar() string {
	bar, _ := l.p.App.Raw["tabBar"].(map[string]any)
	if own, _ := bar["customize"].(bool); !own {
		return ""
	}
	stem, app := l.at("customize-tab-bar/index"), l.at("app.json")
	if files := l.p.Stem(stem); files.Script == "" && files.Template == "" {
		line, column := lineOf(l.p.Files[app], "customize")
		l.Warn("missing-tab-bar", app, line, column, "Add the component, or remove customize.", "tabBar.customize asks for the component /customize-tab-bar/index, which has no files.")
		return ""
	}
	l.p.TabBar = stem
	return stem
}

// workers are the scripts that my.createWorker runs apart from the pages. A folder stands for all scripts in it.
func (l *loader) workers() {
	app := l.at("app.json")
	for _, spec := range stringsOf(&l.Report, app, l.p.Files[app], "workers", l.p.App.Raw["workers"], maxWorkers) {
		name := l.at(spec)
		files := l.scriptsIn(name)
		for _, ext := range []string{"", ".js", ".ts"} {
			if _, there := l.p.Files[name+ext]; there {
				files = []string{name + ext}
				break
			}
		}
		if len(files) == 0 {
			line, column := lineOf(l.p.Files[app], spec)
			l.Err("missing-worker", app, line, column, "Add the file, or correct the path, which begins at the mini program's root.", "The worker %q cannot be found.", spec)
		}
		for _, file := range files {
			if !slices.Contains(l.p.Workers, file) {
				l.p.Workers = append(l.p.Workers, file)
			}
		}
	}
}

func (l *loader) scriptsIn(dir string) []string {
	var list []string
	for _, name := range sortedKeys(l.p.Files) {
		if ext := path.Ext(name); path.Dir(name) == dir && (ext == ".js" || ext == ".ts" && !strings.HasSuffix(name, ".d.ts")) {
			list = append(list, name)
		}
	}
	return list
}

// genericsOf reads componentGenerics: the components that abstract nodes become when the user of a component names none.
func (l *loader) genericsOf(file string, m map[string]any) map[string]string {
	object, _ := m["componentGenerics"].(map[string]any)
	if len(object) > maxPages {
		line, column := lineOf(l.p.Files[file], "componentGenerics")
		beyond(&l.Report, file, line, column, "componentGenerics", len(object), maxPages)
		return nil
	}
	if len(object) > maxPages {
		return nil
	}
	var out map[string]string
	for _, name := range sortedKeys(object) {
		generic, _ := object[name].(map[string]any)
		if spec, _ := generic["default"].(string); spec != "" {
			if out == nil {
				out = map[string]string{}
			}
			out[name] = spec
		}
	}
	return out
}

// sources are built, or are no part of a program; what one of these is called after is never an asset.
var sources = []string{".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".axml", ".acss", ".css", ".less", ".scss", ".sass", ".styl", ".sjs", ".json", ".map"}

// assets reads assetsInclude, which the older form of the settings calls include.
func (l *loader) assets(base, file string, settings map[string]any) {
	patterns := l.patterns(file, "assetsInclude", settings["assetsInclude"])
	if older, ok := settings["include"].([]any); ok {
		patterns = append(patterns, l.patterns(file, "include", older)...)
	}
	match := globs(patterns)
	l.p.asset = func(name string) bool {
		inside := strings.TrimPrefix(strings.TrimPrefix(name, base), "/")
		return len(patterns) > 0 && !slices.Contains(sources, strings.ToLower(path.Ext(name))) && match(inside)
	}
}

// Asset says whether the merchant asks for a file to be in the package that is of no kind that packages have anyway.
func (p *Project) Asset(name string) bool { return p.asset != nil && p.asset(name) }
