package compat

import (
	"bytes"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat/script"
)

// unit is the app, a page or a component: the files that belong together.
type unit struct {
	page       string // of a page, its path
	component  bool
	stem       string // key of Files without extension
	script     string
	template   string
	style      string
	config     string
	components map[string]string // tag → stem of the component, "" when it is the host's or cannot be found
}

// project is what the rules see: units, every script in use, and which pages each file serves.
type project struct {
	p       *intake.Project
	app     *unit
	units   []*unit // app, pages in declared order, components by stem
	scripts map[string]*script.Script
	serves  map[string]map[string]bool // file → pages; what serves the app serves all
	missing map[string][]string        // configuration file → tags whose component is not there
	found   *findings
	begin   func(file string) bool // whether to read it; see test.begin
}

// readProject follows every page to its components and scripts. Scripts that cannot be read are found at once.
func readProject(t *test) *project {
	p := t.p
	r := &project{p: p, scripts: map[string]*script.Script{}, serves: map[string]map[string]bool{}, missing: map[string][]string{}, found: t.found, begin: t.begin}
	r.app = r.unitAt(path.Join(p.Root, "app"))
	r.app.config = path.Join(p.Root, "app.json")
	r.app.components = r.resolveComponents(r.app.config)
	if p.TabBar != "" {
		r.app.components["customize-tab-bar"] = p.TabBar
	}
	r.units = []*unit{r.app}
	known := map[string]*unit{}
	for _, page := range p.Pages {
		u := &unit{page: page.Path, stem: path.Join(p.Root, page.Path), script: page.Script, template: page.Template, style: page.Style, config: page.Config}
		u.components = r.resolveComponents(u.config)
		r.units = append(r.units, u)
	}
	for i := 0; i < len(r.units); i++ {
		for _, tag := range slices.Sorted(maps.Keys(r.units[i].components)) {
			stem := r.units[i].components[tag]
			if stem != "" && known[stem] == nil {
				u := r.unitAt(stem)
				u.component = true
				u.components = r.resolveComponents(u.config)
				known[stem] = u
				r.units = append(r.units, u)
			}
		}
	}
	slices.SortStableFunc(r.units[1+len(p.Pages):], func(a, b *unit) int { return strings.Compare(a.stem, b.stem) })
	for _, u := range r.units[:1+len(p.Pages)] {
		r.reach(u, u.page, known, map[*unit]bool{})
	}
	for _, worker := range p.Workers {
		r.modules(worker, "")
	}
	return r
}

// reach marks all that a page (or the app: "") needs.
func (r *project) reach(u *unit, page string, known map[string]*unit, visited map[*unit]bool) {
	if visited[u] {
		return
	}
	visited[u] = true
	for _, file := range []string{u.template, u.style, u.config} {
		r.mark(file, page)
	}
	r.modules(u.script, page)
	for _, stem := range u.components {
		if c := known[stem]; c != nil {
			r.reach(c, page, known, visited)
		}
	}
}

func (r *project) mark(file, page string) bool {
	if file == "" || r.serves[file][page] {
		return false
	}
	if r.serves[file] == nil {
		r.serves[file] = map[string]bool{}
	}
	r.serves[file][page] = true
	return true
}

// modules marks a script and all that it imports.
func (r *project) modules(file, page string) {
	queue := []string{file}
	for len(queue) > 0 {
		file, queue = queue[0], queue[1:]
		if !r.mark(file, page) {
			continue
		}
		s := r.read(file)
		if s == nil {
			continue
		}
		for _, i := range s.Imports {
			queue = append(queue, r.resolveModule(file, i.Specifier))
		}
	}
}

func (r *project) read(file string) *script.Script {
	s, done := r.scripts[file]
	if done || strings.HasSuffix(file, ".json") {
		return s
	}
	if !r.begin(file) {
		r.scripts[file] = nil
		return nil
	}
	s, problems := script.Parse(file, r.p.Files[file])
	r.scripts[file] = s
	for _, p := range problems {
		f := Finding{Severity: Warn, Rule: "script-not-analysed", File: file, Line: p.Line, Column: p.Column, Message: p.Message, Advice: "Nothing more is known of this script; test it by hand."}
		if p.Syntax {
			f.Severity, f.Rule, f.Advice = Fail, "syntax-error", "Correct the script: no engine can read it."
		}
		r.found.add(f)
	}
	return s
}

// pages lists whom a file serves; nil means every page.
func (r *project) pages(file string) []string {
	set := r.serves[file]
	if set[""] || len(set) == 0 || len(set) == len(r.p.Pages) {
		return nil
	}
	var list []string
	for _, p := range r.p.Pages {
		if set[p.Path] {
			list = append(list, p.Path)
		}
	}
	return list
}

// third says whether a file is someone else's: it is judged more mildly, because it often serves several platforms.
func third(file string) bool {
	return strings.Contains("/"+file, "/node_modules/") || strings.Contains("/"+file, "/miniprogram_npm/")
}

func (r *project) unitAt(stem string) *unit {
	u := &unit{stem: stem}
	pick := func(extensions ...string) string {
		for _, e := range extensions {
			if _, ok := r.p.Files[stem+e]; ok {
				return stem + e
			}
		}
		return ""
	}
	u.script, u.template = pick(".ts", ".js", ".mjs"), pick(".axml")
	u.style, u.config = pick(".acss", ".less", ".css"), pick(".json")
	return u
}

// bundle says whether a script is what frameworks that compile to mini programs make of packages and of their own runtime.
// What they make of pages is the merchant's own.
func (r *project) bundle(file string) bool {
	src := r.p.Files[file]
	switch path.Base(file) {
	case "vendor.js", "vendors.js", "mor.c.js", "mor.p.js", "mor.r.js", "mor.v.js":
		return true
	case "runtime.js", "taro.js":
		return bytes.Contains(src, []byte("webpackJsonp"))
	}
	return bytes.Contains(src, []byte("function __webpack_require__("))
}

// registers says whether the app's own scripts may call Page for its pages, as runtimes of frameworks do, or cannot be read.
func (r *project) registers() bool {
	for file, s := range r.scripts {
		if r.serves[file][""] && (s == nil || slices.ContainsFunc(s.Definitions, func(d script.Definition) bool { return d.Kind == "Page" })) {
			return true
		}
	}
	return false
}

// object reads a tolerant JSON object; nil when it is none. What is wrong with it is the build's to say.
func (r *project) object(file string) map[string]any {
	src, err := hujson.Standardize(slices.Clone([]byte(strings.TrimPrefix(string(r.p.Files[file]), "\ufeff"))))
	if err != nil {
		return nil
	}
	var m map[string]any
	if json.Unmarshal(src, &m) != nil {
		return nil
	}
	return m
}
