package intake

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"slipway/functions/internal/pattern"
)

// Absences say what a merchant can do about something that is not in the project. Safe for concurrent use.
type Absences struct {
	p    *Project
	once sync.Once
	fold map[string]string // lower-case path without extension → the file
	has  map[string]bool   // packages in any node_modules

	listed map[string]bool // packages that a package.json of the merchant's asks for
}

// Absence is what there is to say of one reference that leads nowhere.
type Absence struct {
	Message, Advice string
	Package         string // the npm package to add; "" when that would not help
}

// nodeOnly are modules of Node.js that no package replaces on a phone.
var nodeOnly = []string{"async_hooks", "child_process", "cluster", "crypto", "dgram", "dns", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "readline", "repl", "tls", "tty", "v8", "vm", "worker_threads", "zlib"}

// NodeOnly says whether a module is a part of Node.js that no package replaces on a phone.
func NodeOnly(spec string) bool {
	name, _ := SplitPackage(strings.TrimPrefix(spec, "node:"))
	return slices.Contains(nodeOnly, name)
}

// NewAbsences looks at the project when first asked.
func NewAbsences(p *Project) *Absences { return &Absences{p: p} }

// Of judges a reference by the file that has it. what is "module" or "component".
func (n *Absences) Of(what, from, spec string) Absence {
	a := Absence{Message: fmt.Sprintf("The %s %q cannot be found.", what, spec)}
	name, sub := SplitPackage(spec)
	_, node := strings.CutPrefix(spec, "node:")
	own := strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/")
	switch near := n.Near(from, spec); {
	case near != "":
		a.Advice = near
	case strings.Contains(spec, ":") && !node:
		a.Advice = "Put a copy into the project: nothing is fetched when a mini program starts."
	case own && strings.Contains(spec, "node_modules/"):
		_, inside, _ := strings.Cut(spec, "node_modules/")
		name, _ = SplitPackage(inside)
		a.Advice, a.Package = addPackage(name), name
	case own || name == "":
		a.Advice = "Add the file, or correct the path."
	case n.rooted(spec) != "":
		a.Advice = fmt.Sprintf("There is %s: write the path from here to it, or give mini.project.json an alias in compileOptions.resolveAlias.", n.rooted(spec))
	case n.has[name] && sub != "":
		a.Advice = fmt.Sprintf("The package %s is in node_modules, but has no %s: update the package, or correct the path.", name, sub)
	case n.has[name]:
		a.Advice = fmt.Sprintf("The package %s is in node_modules, but what its package.json names is not: install it again.", name)
	case node || what == "module" && slices.Contains(nodeOnly, name):
		a.Message = fmt.Sprintf("The module %q is a part of Node.js, which no phone has.", spec)
		a.Advice = "Remove the import; where the script can do without, wrap the call in try { … } catch."
	case !packageName.MatchString(name):
		a.Advice = fmt.Sprintf("No package can be named %q. Write the path of the file; if a tool reads this as an alias, name it in compileOptions.resolveAlias of mini.project.json.", name)
	default:
		a.Advice, a.Package = addPackage(name), name
	}
	return a
}

func addPackage(name string) string {
	return fmt.Sprintf("Run \"npm install %s\" and upload node_modules with the project, or correct the path.", name)
}

func (n *Absences) index() {
	n.fold, n.has, n.listed = make(map[string]string, len(n.p.Files)), map[string]bool{}, map[string]bool{}
	for name, src := range n.p.Files {
		if at := strings.LastIndex("/"+name, "/node_modules/"); at >= 0 {
			pkg, _ := SplitPackage(name[at+len("node_modules/"):])
			n.has[pkg] = true
			continue
		}
		if path.Base(name) == "package.json" {
			n.list(src)
		}
		key := strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))
		if first, taken := n.fold[key]; !taken || name < first {
			n.fold[key] = name
		}
	}
}

func (n *Absences) list(src []byte) {
	var wanted struct{ Dependencies, DevDependencies map[string]any }
	if json.Unmarshal(src, &wanted) != nil {
		return // whoever needs the file says so
	}
	for _, list := range []map[string]any{wanted.Dependencies, wanted.DevDependencies} {
		for name := range list {
			n.listed[name] = true
		}
	}
}

// Near says what to do where a file of the merchant's own has that path but for capital letters, with which their machine
// finds it; "" where there is none.
func (n *Absences) Near(from, spec string) string {
	n.once.Do(n.index)
	target := path.Join(path.Dir(from), spec)
	if strings.HasPrefix(spec, "/") {
		target = n.p.At(spec)
	}
	for _, stem := range []string{target, strings.TrimSuffix(target, path.Ext(target)), path.Join(target, "index")} {
		name := n.fold[strings.ToLower(stem)]
		switch ext := path.Ext(name); {
		case name == "":
		case !strings.HasPrefix(name, stem):
			return fmt.Sprintf("There is %s: write it with the same capital letters.", name)
		case ext != strings.ToLower(ext):
			return fmt.Sprintf("There is %s: write its extension in small letters.", name)
		}
	}
	return ""
}

// packageName is what npm lets a package be called. Old ones have capital letters.
var packageName = pattern.New(`^(@[A-Za-z0-9~-][A-Za-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*$`)

// rooted finds a file of the merchant's own that a bare path means where some tool reads it as an alias: "utils/a",
// "@/utils/a" or "@utils/a" for utils/a.js in the mini program's root.
func (n *Absences) rooted(spec string) string {
	pkg, _ := SplitPackage(spec)
	inside := strings.TrimLeft(spec, "@~_")
	for _, inside := range []string{inside, strings.TrimPrefix(strings.TrimPrefix(inside, "/"), "src/")} {
		stem := n.p.At(inside)
		for _, stem := range []string{strings.TrimSuffix(stem, path.Ext(stem)), stem, path.Join(stem, "index")} {
			if name := n.fold[strings.ToLower(stem)]; name != "" && strings.Contains(spec, "/") && !n.listed[pkg] {
				return name
			}
		}
	}
	return ""
}

// SplitPackage parts an import of a package into the package's name and the path inside it.
func SplitPackage(spec string) (name, sub string) {
	parts := strings.SplitN(spec, "/", 3)
	n := 1
	if strings.HasPrefix(spec, "@") && len(parts) > 1 {
		n = 2
	}
	return strings.Join(parts[:n], "/"), strings.Join(parts[n:], "/")
}
