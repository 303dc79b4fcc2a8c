package compat

import (
	"encoding/json"
	"path"
	"strings"
)

// resolveModule finds the file of an import, "" when there is none: the build says so, the rules have nothing to read.
func (r *project) resolveModule(from, spec string) string {
	switch {
	case strings.HasPrefix(spec, "/"):
		return r.moduleAt(r.rooted(spec))
	case strings.HasPrefix(spec, "."):
		return r.moduleAt(path.Join(path.Dir(from), spec))
	}
	if to, ok := r.p.Aliased(from, spec); ok {
		if file := r.moduleAt(to); file != "" {
			return file
		}
	}
	if file := r.moduleAt(path.Join(path.Dir(from), spec)); file != "" {
		return file
	}
	for dir := path.Dir(from); ; dir = path.Dir(dir) {
		if file := r.moduleAt(path.Join(dir, "node_modules", spec)); file != "" {
			return file
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

func (r *project) moduleAt(stem string) string {
	for _, extension := range []string{"", ".ts", ".js", ".mjs", ".json", "/index.ts", "/index.js"} {
		if _, ok := r.p.Files[stem+extension]; ok && path.Ext(stem+extension) != "" {
			return stem + extension
		}
	}
	src, ok := r.p.Files[stem+"/package.json"]
	if !ok {
		return ""
	}
	var pkg map[string]any
	if json.Unmarshal(src, &pkg) != nil {
		return ""
	}
	for _, field := range []string{"browser", "module", "main"} {
		entry, _ := pkg[field].(string)
		if entry == "" || entry == "." || entry == "./" {
			continue
		}
		target := path.Join(stem, entry)
		for _, extension := range []string{"", ".js", ".mjs", "/index.js"} {
			if _, ok := r.p.Files[target+extension]; ok {
				return target + extension
			}
		}
	}
	return ""
}

// resolveComponents reads usingComponents of a configuration file (at its top, or under window as older tools wrote it).
func (r *project) resolveComponents(config string) map[string]string {
	m := r.object(config)
	found := map[string]string{}
	window, _ := m["window"].(map[string]any)
	for _, at := range []map[string]any{window, m} {
		uses, _ := at["usingComponents"].(map[string]any)
		for tag, spec := range uses {
			s, ok := spec.(string)
			if !ok {
				continue
			}
			found[tag] = r.componentStem(config, s)
			if found[tag] == "" && !strings.Contains(s, "://") {
				r.missing[config] = append(r.missing[config], tag)
			}
		}
	}
	generics, _ := m["componentGenerics"].(map[string]any)
	for tag, generic := range generics {
		node, _ := generic.(map[string]any)
		spec, _ := node["default"].(string)
		if found[tag] = ""; spec != "" {
			found[tag] = r.componentStem(config, spec)
		}
	}
	return found
}

// componentStem finds where the files of a component lie, "" for what the host provides and what is missing.
func (r *project) componentStem(config, spec string) string {
	if strings.Contains(spec, "://") {
		return ""
	}
	spec = strings.TrimSuffix(spec, ".axml")
	var candidates []string
	if strings.HasPrefix(spec, "/") {
		candidates = append(candidates, r.rooted(spec))
	} else {
		candidates = append(candidates, path.Join(path.Dir(config), spec))
		for dir := path.Dir(config); ; dir = path.Dir(dir) {
			candidates = append(candidates, path.Join(dir, "node_modules", spec))
			if dir == "." || dir == "/" {
				break
			}
		}
		candidates = append(candidates, r.rooted(spec))
	}
	for _, stem := range candidates {
		for _, s := range []string{stem, path.Join(stem, "index")} {
			if u := r.unitAt(s); u.script != "" || u.template != "" {
				return s
			}
		}
	}
	return ""
}

// moduleIn says whether a package path names a file, as templates may write it.
func (r *project) moduleIn(from, spec string) bool {
	for dir := path.Dir(from); ; dir = path.Dir(dir) {
		for _, extension := range []string{"", ".axml", ".sjs"} {
			if _, ok := r.p.Files[path.Join(dir, "node_modules", spec)+extension]; ok {
				return true
			}
		}
		if dir == "." || dir == "/" {
			return false
		}
	}
}

// rooted is the file that a path from the mini program's root means.
func (r *project) rooted(spec string) string {
	return path.Join(r.p.Root, strings.TrimLeft(spec, "/"))
}
