package intake

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
)

// Absences say what a merchant can do about something that is not in the project. Safe for concurrent use.
type Absences struct {
	p    *Project
	once sync.Once
	fold map[string]string // lower-case path without extension → the file
	has  map[string]bool   // packages in any node_modules
}

// Absence is what there is to say of one reference that leads nowhere.
type Absence struct {
	Message, Advice string
	Package         string // the npm package to add; "" when that would not help
}

// nodeOnly are modules of Node.js that no package replaces on a phone.
var nodeOnly = []string{"async_hooks", "child_process", "cluster", "crypto", "dgram", "dns", "fs", "http", "http2", "https", "inspector", "module", "net", "os", "path", "perf_hooks", "readline", "repl", "tls", "tty", "v8", "vm", "worker_threads", "zlib"}

// NewAbsences looks at the project when first asked.
func NewAbsences(p *Project) *Absences { return &Absences{p: p} }

// Of judges a reference by the file that has it. what is "module" or "component".
func (n *Absences) Of(what, from, spec string) Absence {
	a := Absence{Message: fmt.Sprintf("The %s %q cannot be found.", what, spec)}
	name, sub := SplitPackage(spec)
	_, node := strings.CutPrefix(spec, "node:")
	n.once.Do(n.index)
	own := strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/")
	switch near := n.near(from, spec); {
	case near != "":
		a.Advice = fmt.Sprintf("There is %s: write it with the same capital letters.", near)
	case strings.Contains(spec, ":") && !node:
		a.Advice = "Put a copy into the project: nothing is fetched when a mini program starts."
	case own && strings.Contains(spec, "node_modules/"):
		_, inside, _ := strings.Cut(spec, "node_modules/")
		name, _ = SplitPackage(inside)
		a.Advice, a.Package = addPackage(name), name
	case own || name == "":
		a.Advice = "Add the file, or correct the path."
	case n.has[name] && sub != "":
		a.Advice = fmt.Sprintf("The package %s is in node_modules, but has no %s: update the package, or correct the path.", name, sub)
	case n.has[name]:
		a.Advice = fmt.Sprintf("The package %s is in node_modules, but what its package.json names is not: install it again.", name)
	case node || what == "module" && slices.Contains(nodeOnly, name):
		a.Message = fmt.Sprintf("The module %q is a part of Node.js, which no phone has.", spec)
		a.Advice = "Remove the import; where the script can do without, wrap the call in try { … } catch."
	default:
		a.Advice, a.Package = addPackage(name), name
	}
	return a
}

func addPackage(name string) string {
	return fmt.Sprintf("Run \"npm install %s\" and upload node_modules with the project, or correct the path.", name)
}

func (n *Absences) index() {
	n.fold, n.has = make(map[string]string, len(n.p.Files)), map[string]bool{}
	for name := range n.p.Files {
		if at := strings.LastIndex("/"+name, "/node_modules/"); at >= 0 {
			pkg, _ := SplitPackage(name[at+len("node_modules/"):])
			n.has[pkg] = true
			continue
		}
		key := strings.ToLower(strings.TrimSuffix(name, path.Ext(name)))
		if first, taken := n.fold[key]; !taken || name < first {
			n.fold[key] = name
		}
	}
}

// near finds a file of the merchant's own whose path differs in nothing but capital letters: on their machine it is found.
func (n *Absences) near(from, spec string) string {
	target := path.Join(path.Dir(from), spec)
	if strings.HasPrefix(spec, "/") {
		target = n.p.At(spec)
	}
	for _, stem := range []string{target, strings.TrimSuffix(target, path.Ext(target)), path.Join(target, "index")} {
		if name := n.fold[strings.ToLower(stem)]; name != "" && !strings.HasPrefix(name, stem) {
			return name
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
