package intake

import (
	"cmp"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// Load reads the configuration of an archive that was taken in. The project is nil when there is nothing to build from
// (no app.json, or one that cannot be read); the diagnostics then say why. With a project, error diagnostics mean that
// Build will fail; Build repeats them, so that a caller may show those of Build alone.
func Load(a *Archive) (*Project, []Diagnostic) {
	l := &loader{limits: a.limits.OrDefault(), p: &Project{Files: a.Files}}
	l.absent = NewAbsences(l.p)
	if !l.locate() || !l.readApp() {
		return nil, l.List
	}
	l.pages()
	l.components()
	l.workers()
	l.p.Loaded = slices.Clip(l.List)
	return l.p, l.List
}

type loader struct {
	Report
	limits  Limits
	p       *Project
	absent  *Absences
	configs int // bytes of configuration read so far
}

// locate finds the project in the archive, and in it the mini program's root.
func (l *loader) locate() bool {
	base := l.projectBase()
	var settings map[string]any
	file := path.Join(base, "mini.project.json")
	if src, there := l.p.Files[file]; there {
		settings, _ = readObject(&l.Report, file, src, l.limits.MaxConfig)
	}
	l.aliases(base, file, settings["compileOptions"])
	l.assets(base, file, settings)
	if settings["compileType"] == "plugin" {
		line, column := lineOf(l.p.Files[file], "compileType")
		l.Warn("plugin-project", file, line, column, "Release the plugin itself with the platform's own tools.", "The project is a plugin. What is built is the mini program that shows it.")
	}
	root := base
	if dir, _ := settings["miniprogramRoot"].(string); dir != "" {
		clean := path.Clean(path.Join(base, strings.ReplaceAll(dir, `\`, "/")))
		if clean == ".." || strings.HasPrefix(clean, "../") || !l.hasDir(clean) {
			l.badRoot(base, file, dir)
			return false
		}
		root = clean
	}
	if _, there := l.p.Files[path.Join(root, "app.json")]; !there && root == base {
		root = l.appBelow(base, file)
	}
	l.p.Root = strings.TrimPrefix(root, ".")
	exclude := append(l.patterns(file, "uploadExclude", settings["uploadExclude"]), l.patterns(file, "exclude", settings["exclude"])...)
	l.exclude(base, exclude)
	return true
}

// badRoot tells that miniprogramRoot leads nowhere, and where there is an app.json instead.
func (l *loader) badRoot(base, file, dir string) {
	line, column := lineOf(l.p.Files[file], dir)
	advice := "Name the folder that holds app.json, relative to this file. If a tool makes that folder (Taro, uni-app and the like), run it first and upload what it made."
	if framework := l.framework(); framework != "" {
		advice = framework
	} else if app := l.shallowest(base, "app.json"); app != "" {
		advice = "If a tool makes that folder, run it first and upload what it made. There is " + app + ": if that belongs to the mini program, name its folder instead, or remove miniprogramRoot for the top."
	}
	l.Err("bad-root", file, line, column, advice, "miniprogramRoot is %q, which is not a folder of the project.", dir)
}

// shallowest is the file of a name that lies least deep in a folder, packages aside; "" when there is none.
func (l *loader) shallowest(base, want string) string {
	best := ""
	for _, name := range sortedKeys(l.p.Files) {
		if path.Base(name) != want || InModules(name) || !Within(name, strings.TrimPrefix(base, ".")) {
			continue
		}
		if best == "" || strings.Count(name, "/") < strings.Count(best, "/") {
			best = name
		}
	}
	return best
}

// appBelow is where app.json lies when the settings leave that to convention, as some editors do; base when nowhere.
func (l *loader) appBelow(base, settings string) string {
	best := l.shallowest(base, "app.json")
	if best == "" {
		return base
	}
	l.Warn("project-not-at-top", settings, 1, 1, `Add "miniprogramRoot" to it.`, "The settings name no miniprogramRoot; the mini program was found in %s.", path.Dir(best))
	return path.Dir(best)
}

// projectBase is the folder of mini.project.json, else of app.json: the archive's top, or else the shallowest folder that
// has one, so that a repository may be uploaded with the project inside it.
func (l *loader) projectBase() string {
	for _, want := range []string{"mini.project.json", "app.json"} {
		best := l.shallowest("", want)
		if best == "" {
			continue
		}
		dir := strings.TrimPrefix(path.Dir(best), ".")
		if dir != "" && want == "app.json" {
			l.Warn("project-not-at-top", best, 0, 0, "Add mini.project.json with miniprogramRoot, or zip that folder alone.", "The project was found in %s, not at the archive's top.", dir)
		}
		return dir
	}
	return ""
}

// InModules says whether a file belongs to a package that the project brings along.
func InModules(name string) bool {
	return strings.HasPrefix(name, "node_modules/") || strings.Contains(name, "/node_modules/")
}

func (l *loader) hasDir(dir string) bool {
	if dir == "." || dir == "" {
		return true
	}
	for name := range l.p.Files {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// exclude drops what the merchant does not want uploaded. The maps are cloned: the archive stays as it was. Packages stay:
// settings name node_modules because the platform installs them again, which is not done here, and a build takes of them
// only what is imported.
func (l *loader) exclude(base string, patterns []string) {
	if len(patterns) == 0 {
		return
	}
	match := globs(patterns)
	l.p.Files = maps.Clone(l.p.Files)
	for name := range l.p.Files {
		if inside := strings.TrimPrefix(strings.TrimPrefix(name, base), "/"); match(inside) && !InModules(name) {
			delete(l.p.Files, name)
		}
	}
}

// patterns reads a list of patterns. Each is held against every file.
func (l *loader) patterns(file, key string, v any) []string {
	list := stringsOf(&l.Report, file, l.p.Files[file], key, v, maxPatterns)
	return slices.DeleteFunc(list, func(p string) bool {
		long := len(p) > maxPattern || strings.Count(p, "*")+strings.Count(p, "?")+strings.Count(p, "{") > maxWildcards
		if long {
			line, column := lineOf(l.p.Files[file], p)
			l.Err("bad-pattern", file, line, column, "Write several patterns.", "A pattern of %s has more than %d characters or %d wildcards.", key, maxPattern, maxWildcards)
		}
		return long
	})
}

// at gives the key of a file by its path from the mini program's root.
func (l *loader) at(name string) string { return l.p.At(name) }

// At gives the key of a file by its path from the mini program's root, which no ".." can leave.
func (p *Project) At(name string) string {
	return strings.TrimPrefix(path.Join(p.Root, path.Clean("/"+name)), "/")
}

func (l *loader) readApp() bool {
	file := l.at("app.json")
	src, there := l.p.Files[file]
	if !there {
		advice := "Zip the project folder so that app.json lies at its top, or set miniprogramRoot in mini.project.json."
		l.Err("no-app-json", file, 0, 0, cmp.Or(l.framework(), advice), "The project has no app.json.")
		return false
	}
	raw, ok := readObject(&l.Report, file, src, l.limits.MaxConfig)
	if !ok {
		return false
	}
	app := &l.p.App
	app.Raw = raw
	app.Pages = l.pagePaths(file, "pages", raw["pages"])
	app.UsingComponents = componentsOf(&l.Report, file, src, raw)
	if window, ok := raw["window"].(map[string]any); ok {
		for name, spec := range componentsOf(&l.Report, file, src, window) {
			if app.UsingComponents == nil {
				app.UsingComponents = map[string]string{}
			}
			if _, taken := app.UsingComponents[name]; !taken {
				app.UsingComponents[name] = spec
			}
		}
	}
	for _, key := range []string{"subPackages", "subpackages"} {
		l.subPackages(file, key, raw[key])
	}
	declared := len(app.Pages)
	for _, s := range app.SubPackages {
		declared += len(s.Pages)
	}
	if declared > maxPages {
		beyond(&l.Report, file, 1, 1, "The list of pages", declared, maxPages)
		return false
	}
	if all, _ := raw["pages"].([]any); len(app.Pages) == 0 && len(all) <= maxPages {
		line, column := lineOf(src, "pages")
		l.Err("no-pages", file, line, column, `List the pages: "pages": ["pages/index/index"].`, "app.json lists no pages.")
	}
	return true
}

// pagePaths cleans the declared paths: a leading slash, an extension and repetitions are common and harmless.
func (l *loader) pagePaths(file, key string, v any) []string {
	var list []string
	seen := map[string]bool{}
	for _, s := range stringsOf(&l.Report, file, l.p.Files[file], key, v, maxPages) {
		clean := strings.TrimPrefix(path.Clean("/"+strings.TrimSpace(s)), "/")
		for _, ext := range []string{".axml", ".js", ".ts", ".json"} {
			clean = strings.TrimSuffix(clean, ext)
		}
		line, column := lineOf(l.p.Files[file], s)
		switch {
		case clean == "" || hasDotDot(s):
			l.Err("bad-page", file, line, column, "Write the page's path from the root, for example pages/index/index.", "%q is not the path of a page.", s)
		case seen[clean]:
			l.Warn("duplicate-page", file, line, column, "Remove one of them.", "The page %s is listed twice.", clean)
		default:
			if clean != s {
				l.Warn("page-path", file, line, column, "Write "+clean+".", "The page %q is read as %s.", s, clean)
			}
			seen[clean] = true
			list = append(list, clean)
		}
	}
	return list
}

func hasDotDot(s string) bool { return slices.Contains(strings.Split(s, "/"), "..") }

func (l *loader) subPackages(file, key string, v any) {
	if v == nil {
		return
	}
	list, ok := v.([]any)
	if !ok {
		line, column := lineOf(l.p.Files[file], key)
		l.Err("bad-config", file, line, column, `Write [{ "root": "packageA", "pages": […] }].`, "%s must be a list, not %s.", key, kindName(v))
		return
	}
	if len(list) > maxParts {
		line, column := lineOf(l.p.Files[file], key)
		beyond(&l.Report, file, line, column, key, len(list), maxParts)
		return
	}
	for _, x := range list {
		m, _ := x.(map[string]any)
		root, _ := m["root"].(string)
		clean := strings.Trim(path.Clean("/"+root), "/")
		line, column := lineOf(l.p.Files[file], root)
		if line == 0 {
			line, column = lineOf(l.p.Files[file], key)
		}
		if clean == "" || hasDotDot(root) {
			l.Err("bad-subpackage", file, line, column, `Write "root": "packageA".`, "A member of %s has no usable root.", key)
			continue
		}
		if slices.ContainsFunc(l.p.App.SubPackages, func(s SubPackage) bool { return s.Root == clean || Within(clean, s.Root) || Within(s.Root, clean) }) {
			l.Err("bad-subpackage", file, line, column, "Give every subpackage a folder of its own.", "The subpackage %s is declared twice or lies in another one.", clean)
			continue
		}
		pages := l.pagePaths(file, key+"."+clean+".pages", m["pages"])
		l.p.App.SubPackages = append(l.p.App.SubPackages, SubPackage{Root: clean, Pages: pages, Raw: m})
	}
}

// Within says whether a path lies in a folder.
func Within(name, dir string) bool { return dir == "" || strings.HasPrefix(name, dir+"/") }

// Stem finds the files of a page or component by their common path.
func (p *Project) Stem(stem string) Page {
	first := func(exts ...string) string {
		for _, ext := range exts {
			if _, there := p.Files[stem+ext]; there {
				return stem + ext
			}
		}
		return ""
	}
	return Page{
		Path:     strings.TrimPrefix(strings.TrimPrefix(stem, p.Root), "/"),
		Script:   first(".js", ".ts", ".mjs"),
		Template: first(".axml"),
		Style:    first(".acss", ".css", ".less", ".scss", ".sass", ".styl"),
		Config:   first(".json"),
	}
}

func (l *loader) pages() {
	file := l.at("app.json")
	seen := map[string]bool{}
	add := func(p, sub string) {
		page := l.p.Stem(l.at(p))
		page.SubPackage = sub
		line, column := lineOf(l.p.Files[file], strings.TrimPrefix(strings.TrimPrefix(p, sub), "/"))
		switch {
		case seen[p]:
			l.Warn("duplicate-page", file, line, column, "Remove one of them.", "The page %s is listed twice.", p)
			return
		case page.Script == "" && page.Template == "":
			l.Err("missing-page", file, line, column, cmp.Or(l.absent.Near("", "/"+p), "Add "+p+".axml and "+p+".js, or remove the page from the list."), "The page %s is listed but has no files.", p)
		case page.Script == "":
			l.Err("page-without-script", file, line, column, cmp.Or(l.absent.Near("", "/"+p), "Add "+p+".js with Page({})."), "The page %s has no script, so it would never be registered.", p)
		case page.Template == "":
			l.Warn("page-without-template", file, line, column, cmp.Or(l.absent.Near("", "/"+p), "Add "+p+".axml."), "The page %s has no template and shows nothing.", p)
		}
		l.foreign(page)
		seen[p] = true
		l.p.Pages = append(l.p.Pages, page)
	}
	for _, p := range l.p.App.Pages {
		add(p, "")
	}
	for _, s := range l.p.App.SubPackages {
		for _, p := range s.Pages {
			add(s.Root+"/"+p, s.Root)
		}
	}
}

// foreign tells of a page's files that are another platform's, where its own are missing: nothing reads them.
func (l *loader) foreign(page Page) {
	stem := l.at(page.Path)
	for _, kind := range []struct{ has, theirs, ours string }{{page.Template, ".wxml", ".axml"}, {page.Style, ".wxss", ".acss"}} {
		if _, there := l.p.Files[stem+kind.theirs]; there && kind.has == "" {
			l.Warn("foreign-file", stem+kind.theirs, 1, 1, "Rename it to "+kind.ours+" and write it in this platform's dialect, or run the tool first that does.", "The file is WeChat's and is not read.")
		}
	}
}

// Text gives a source file without byte order mark, or tells why it cannot be compiled.
func Text(r *Report, file string, src []byte, limits Limits) ([]byte, bool) {
	if int64(len(src)) > limits.MaxScript {
		r.Err("file-too-large", file, 1, 1, "Split the file, or move data out of it.", "The file is %s; at most %s of one source file is compiled.", BytesText(int64(len(src))), BytesText(limits.MaxScript))
		return nil, false
	}
	src = TrimMark(src)
	if !utf8.Valid(src) {
		notUTF8(r, file, src)
		return nil, false
	}
	return src, true
}
