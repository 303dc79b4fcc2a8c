package build

import (
	"bytes"
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
	l := &loader{limits: a.limits.orDefault(), p: &Project{Files: a.Files}}
	if !l.locate() || !l.readApp() {
		return nil, l.list
	}
	l.pages()
	l.components()
	l.p.loaded = slices.Clip(l.list)
	return l.p, l.list
}

type loader struct {
	report
	limits Limits
	p      *Project
}

// locate finds the project in the archive, and in it the mini program's root.
func (l *loader) locate() bool {
	base := l.projectBase()
	var settings map[string]any
	file := path.Join(base, "mini.project.json")
	if src, there := l.p.Files[file]; there {
		settings, _ = readObject(&l.report, file, src, l.limits.MaxConfig)
	}
	root := base
	if dir, _ := settings["miniprogramRoot"].(string); dir != "" {
		clean := path.Clean(path.Join(base, strings.ReplaceAll(dir, `\`, "/")))
		if clean == ".." || strings.HasPrefix(clean, "../") || !l.hasDir(clean) {
			line, column := lineOf(l.p.Files[file], dir)
			l.err("bad-root", file, line, column, "Name the folder that holds app.json, relative to this file.", "miniprogramRoot is %q, which is not a folder of the project.", dir)
			return false
		}
		root = clean
	}
	l.p.Root = strings.TrimPrefix(root, ".")
	exclude := append(stringsOf(&l.report, file, "uploadExclude", settings["uploadExclude"]), stringsOf(&l.report, file, "exclude", settings["exclude"])...)
	l.exclude(base, exclude)
	return true
}

// projectBase is the folder of mini.project.json, else of app.json: the archive's top, or else the shallowest folder that
// has one, so that a repository may be uploaded with the project inside it.
func (l *loader) projectBase() string {
	for _, want := range []string{"mini.project.json", "app.json"} {
		best := ""
		for _, name := range sortedKeys(l.p.Files) {
			if path.Base(name) != want || inModules(name) {
				continue
			}
			if best == "" || strings.Count(name, "/") < strings.Count(best, "/") {
				best = name
			}
		}
		if best == "" {
			continue
		}
		dir := strings.TrimPrefix(path.Dir(best), ".")
		if dir != "" && want == "app.json" {
			l.warn("project-not-at-top", best, 0, 0, "Add mini.project.json with miniprogramRoot, or zip that folder alone.", "The project was found in %s, not at the archive's top.", dir)
		}
		return dir
	}
	return ""
}

func inModules(name string) bool {
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

// exclude drops what the merchant does not want uploaded. The maps are cloned: the archive stays as it was.
func (l *loader) exclude(base string, patterns []string) {
	if len(patterns) == 0 {
		return
	}
	match := globs(patterns)
	l.p.Files = maps.Clone(l.p.Files)
	for name := range l.p.Files {
		if inside := strings.TrimPrefix(strings.TrimPrefix(name, base), "/"); match(inside) {
			delete(l.p.Files, name)
		}
	}
}

// at gives the key of a file by its path from the mini program's root.
func (l *loader) at(name string) string { return rooted(l.p, name) }

// rooted gives the key of a file by its path from the mini program's root, which no ".." can leave.
func rooted(p *Project, name string) string {
	return strings.TrimPrefix(path.Join(p.Root, path.Clean("/"+name)), "/")
}

func (l *loader) readApp() bool {
	file := l.at("app.json")
	src, there := l.p.Files[file]
	if !there {
		advice := "Zip the project folder so that app.json lies at its top, or set miniprogramRoot in mini.project.json."
		l.err("no-app-json", file, 0, 0, advice, "The project has no app.json.")
		return false
	}
	raw, ok := readObject(&l.report, file, src, l.limits.MaxConfig)
	if !ok {
		return false
	}
	app := &l.p.App
	app.Raw = raw
	app.Pages = l.pagePaths(file, "pages", raw["pages"])
	app.UsingComponents = componentsOf(&l.report, file, raw)
	if window, ok := raw["window"].(map[string]any); ok {
		for name, spec := range componentsOf(&l.report, file, window) {
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
	if len(app.Pages) == 0 {
		l.err("no-pages", file, 0, 0, `List the pages: "pages": ["pages/index/index"].`, "app.json lists no pages.")
	}
	return true
}

// pagePaths cleans the declared paths: a leading slash, an extension and repetitions are common and harmless.
func (l *loader) pagePaths(file, key string, v any) []string {
	var list []string
	seen := map[string]bool{}
	for _, s := range stringsOf(&l.report, file, key, v) {
		clean := strings.TrimPrefix(path.Clean("/"+strings.TrimSpace(s)), "/")
		for _, ext := range []string{".axml", ".js", ".ts", ".json"} {
			clean = strings.TrimSuffix(clean, ext)
		}
		line, column := lineOf(l.p.Files[file], s)
		switch {
		case clean == "" || hasDotDot(s):
			l.err("bad-page", file, line, column, "Write the page's path from the root, for example pages/index/index.", "%q is not the path of a page.", s)
		case seen[clean]:
			l.warn("duplicate-page", file, line, column, "Remove one of them.", "The page %s is listed twice.", clean)
		default:
			if clean != s {
				l.warn("page-path", file, line, column, "Write "+clean+".", "The page %q is read as %s.", s, clean)
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
		l.err("bad-config", file, 0, 0, `Write [{ "root": "packageA", "pages": […] }].`, "%s must be a list, not %s.", key, kindName(v))
		return
	}
	for _, x := range list {
		m, _ := x.(map[string]any)
		root, _ := m["root"].(string)
		clean := strings.Trim(path.Clean("/"+root), "/")
		line, column := lineOf(l.p.Files[file], root)
		if clean == "" || hasDotDot(root) {
			l.err("bad-subpackage", file, line, column, `Write "root": "packageA".`, "A member of %s has no usable root.", key)
			continue
		}
		if slices.ContainsFunc(l.p.App.SubPackages, func(s SubPackage) bool { return s.Root == clean || within(clean, s.Root) || within(s.Root, clean) }) {
			l.err("bad-subpackage", file, line, column, "Give every subpackage a folder of its own.", "The subpackage %s is declared twice or lies in another one.", clean)
			continue
		}
		pages := l.pagePaths(file, key+"."+clean+".pages", m["pages"])
		l.p.App.SubPackages = append(l.p.App.SubPackages, SubPackage{Root: clean, Pages: pages})
	}
}

// within says whether a path lies in a folder.
func within(name, dir string) bool { return dir == "" || strings.HasPrefix(name, dir+"/") }

// stem finds the files of a page or component by their common path.
func (l *loader) stem(stem string) Page {
	first := func(exts ...string) string {
		for _, ext := range exts {
			if _, there := l.p.Files[stem+ext]; there {
				return stem + ext
			}
		}
		return ""
	}
	return Page{
		Path:     strings.TrimPrefix(strings.TrimPrefix(stem, l.p.Root), "/"),
		Script:   first(".js", ".ts", ".mjs"),
		Template: first(".axml"),
		Style:    first(".acss", ".css", ".less", ".scss", ".sass"),
		Config:   first(".json"),
	}
}

func (l *loader) pages() {
	file := l.at("app.json")
	seen := map[string]bool{}
	add := func(p, sub string) {
		page := l.stem(l.at(p))
		page.SubPackage = sub
		line, column := lineOf(l.p.Files[file], strings.TrimPrefix(strings.TrimPrefix(p, sub), "/"))
		switch {
		case seen[p]:
			l.warn("duplicate-page", file, line, column, "Remove one of them.", "The page %s is listed twice.", p)
			return
		case page.Script == "" && page.Template == "":
			l.err("missing-page", file, line, column, "Add "+p+".axml and "+p+".js, or remove the page from the list.", "The page %s is listed but has no files.", p)
		case page.Script == "":
			l.err("page-without-script", file, line, column, "Add "+p+".js with Page({}).", "The page %s has no script, so it would never be registered.", p)
		case page.Template == "":
			l.warn("page-without-template", file, line, column, "Add "+p+".axml.", "The page %s has no template and shows nothing.", p)
		}
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

// text gives a source file without byte order mark, or tells why it cannot be compiled.
func text(r *report, file string, src []byte, limits Limits) ([]byte, bool) {
	if int64(len(src)) > limits.MaxScript {
		r.err("file-too-large", file, 1, 1, "Split the file, or move data out of it.", "The file is %s; at most %s of one source file is compiled.", bytesText(int64(len(src))), bytesText(limits.MaxScript))
		return nil, false
	}
	src = bytes.TrimPrefix(src, bom)
	if !utf8.Valid(src) {
		notUTF8(r, file, src)
		return nil, false
	}
	return src, true
}
