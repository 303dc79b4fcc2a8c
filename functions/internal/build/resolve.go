package build

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync"

	"slipway/functions/internal/build/intake"
)

// resolver finds modules among the project's files, and nowhere else. Safe for concurrent use.
type resolver struct {
	p        *intake.Project
	mu       sync.Mutex
	packages map[string]*packageJSON // by folder; nil where there is none
}

func newResolver(p *intake.Project) *resolver {
	return &resolver{p: p, packages: map[string]*packageJSON{}}
}

// packageJSON is what resolution needs of a package. The field "miniprogram" is deliberately not read: where packages
// have it, it names their build for another platform.
type packageJSON struct {
	mains   []string          // in order of preference
	browser map[string]string // from → to; "" means an empty module
	exports any
}

// disabled is what a module resolves to that its package switches off for browsers.
const disabled = "\x00disabled"

var scriptExtensions = []string{".js", ".ts", ".mjs", ".json", ".cjs"}

// module resolves an import. The result is a key of Files, or disabled, or "" when there is no such module.
func (r *resolver) module(importer, spec string) string {
	own := r.owner(importer)
	if own != "" {
		if to, ok := r.pkg(own).browser[spec]; ok {
			if to == "" {
				return disabled
			}
			spec = to
			if strings.HasPrefix(to, "./") {
				return r.file(path.Join(own, to), scriptExtensions)
			}
		}
	}
	dir := path.Dir(importer)
	if to, ok := r.p.Aliased(importer, spec); ok {
		if found := r.file(to, scriptExtensions); found != "" {
			return r.mapped(found)
		}
	}
	switch {
	case strings.Contains(spec, "\x00"), strings.Contains(spec, "://"):
		return ""
	case strings.HasPrefix(spec, "/"):
		return r.mapped(r.file(r.p.At(spec), scriptExtensions))
	case spec == "." || spec == ".." || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../"):
		return r.mapped(r.file(path.Join(dir, spec), scriptExtensions))
	}
	if found := r.inModules(dir, spec); found != "" {
		return r.mapped(found)
	}
	return r.mapped(r.file(path.Join(dir, spec), scriptExtensions))
}

// inModules looks a package up in node_modules of the importer's folder and of every folder above it.
func (r *resolver) inModules(dir, spec string) string {
	name, sub := intake.SplitPackage(spec)
	for ; ; dir = path.Dir(dir) {
		if path.Base(dir) != "node_modules" {
			base := path.Join(dir, "node_modules", name)
			if p := r.pkg(base); p != nil && p.exports != nil && sub != "" {
				if to := exported(p.exports, "./"+sub); to != "" {
					if found := r.file(path.Join(base, to), scriptExtensions); found != "" {
						return found
					}
				}
			}
			if found := r.file(path.Join(base, sub), scriptExtensions); found != "" {
				return found
			}
		}
		if dir == "." || dir == "" {
			return ""
		}
	}
}

// file finds a file by a path that may lack its extension, or be a folder.
func (r *resolver) file(name string, extensions []string) string {
	if name == ".." || strings.HasPrefix(name, "../") {
		return "" // outside of the project, where nothing exists
	}
	if _, there := r.p.Files[name]; there {
		return name
	}
	for _, ext := range extensions {
		if _, there := r.p.Files[name+ext]; there {
			return name + ext
		}
	}
	// TypeScript lets an import say .js and mean .ts.
	if stem, ok := strings.CutSuffix(name, ".js"); ok {
		if _, there := r.p.Files[stem+".ts"]; there {
			return stem + ".ts"
		}
	}
	if p := r.pkg(name); p != nil {
		for _, main := range p.mains {
			if found := r.file1(path.Join(name, main), extensions); found != "" {
				return found
			}
		}
	}
	return r.file1(path.Join(name, "index"), extensions)
}

// file1 is file without following package.json again, which could go round in circles.
func (r *resolver) file1(name string, extensions []string) string {
	for _, stem := range []string{name, path.Join(name, "index")} {
		if strings.HasPrefix(stem, "../") {
			continue
		}
		if _, there := r.p.Files[stem]; there {
			return stem
		}
		for _, ext := range extensions {
			if _, there := r.p.Files[stem+ext]; there {
				return stem + ext
			}
		}
	}
	return ""
}

// mapped applies the "browser" map of the package a file belongs to.
func (r *resolver) mapped(file string) string {
	own := r.owner(file)
	if file == "" || own == "" {
		return file
	}
	inside := "./" + strings.TrimPrefix(strings.TrimPrefix(file, own), "/")
	for _, key := range []string{inside, strings.TrimSuffix(inside, path.Ext(inside))} {
		if to, ok := r.pkg(own).browser[key]; ok {
			if to == "" {
				return disabled
			}
			if found := r.file(path.Join(own, to), scriptExtensions); found != "" {
				return found
			}
		}
	}
	return file
}

// owner is the folder of the package a file belongs to, "" when it belongs to the merchant.
func (r *resolver) owner(file string) string {
	if !intake.InModules(file) {
		return ""
	}
	for dir := path.Dir(file); dir != "." && path.Base(dir) != "node_modules"; dir = path.Dir(dir) {
		if r.pkg(dir) != nil {
			return dir
		}
	}
	return ""
}

func (r *resolver) pkg(dir string) *packageJSON {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, known := r.packages[dir]; known {
		return p
	}
	var p *packageJSON
	if src, there := r.p.Files[path.Join(dir, "package.json")]; there {
		p = readPackage(src)
	}
	r.packages[dir] = p
	return p
}

func readPackage(src []byte) *packageJSON {
	var raw map[string]any
	var told intake.Report
	if std, ok := intake.Standard(&told, "", src, 1<<20); !ok || json.Unmarshal(std, &raw) != nil {
		return &packageJSON{}
	}
	p := &packageJSON{exports: raw["exports"]}
	for _, field := range []string{"browser", "module", "main"} {
		if s, ok := raw[field].(string); ok && s != "" {
			p.mains = append(p.mains, s)
		}
	}
	if to := exported(p.exports, "."); to != "" {
		p.mains = append(p.mains, to)
	}
	if m, ok := raw["browser"].(map[string]any); ok {
		p.browser = map[string]string{}
		for from, v := range m {
			switch to := v.(type) {
			case string:
				p.browser[from] = to
			case bool:
				if !to {
					p.browser[from] = ""
				}
			}
		}
	}
	return p
}

// exported reads the "exports" of a package, which newer packages have instead of main fields.
func exported(v any, sub string) string {
	switch v := v.(type) {
	case string:
		if sub == "." {
			return v
		}
	case []any:
		for _, x := range v {
			if to := exported(x, sub); to != "" {
				return to
			}
		}
	case map[string]any:
		if to := condition(v); to != "" && sub == "." {
			return to
		}
		if x, ok := v[sub]; ok {
			return condition(x)
		}
		keys := sortedKeys(v)
		slices.Reverse(keys) // longer prefixes first
		for _, key := range keys {
			before, after, star := strings.Cut(key, "*")
			if star && len(sub) >= len(before)+len(after) && strings.HasPrefix(sub, before) && strings.HasSuffix(sub, after) {
				return strings.ReplaceAll(condition(v[key]), "*", sub[len(before):len(sub)-len(after)])
			}
		}
	}
	return ""
}

func condition(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case map[string]any:
		for _, name := range []string{"browser", "import", "module", "require", "default"} {
			if to := condition(v[name]); to != "" {
				return to
			}
		}
	}
	return ""
}
