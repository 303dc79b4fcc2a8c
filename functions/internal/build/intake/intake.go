// Package intake takes an uploaded archive in: it refuses what is no honest zip of a project, and reads the project's
// configuration.
//
// What belongs here: the archive's checks, app.json and its kin, which pages and components there are. What does not:
// compiling any of it, which is package build. Functions that only look at an upload import this package and stay small;
// it must not import a compiler.
package intake

// Diagnostic is one thing to tell a merchant about their project.
type Diagnostic struct {
	Severity string `json:"severity"`          // "error" or "warning"
	Rule     string `json:"rule"`              // stable, kebab-case: "missing-page", "unresolved-module", …
	File     string `json:"file,omitempty"`    // slash path as uploaded (from the project's top)
	Line     int    `json:"line,omitempty"`    // 1-based; 0 without a file
	Column   int    `json:"column,omitempty"`  // 1-based; 0 without a file
	Message  string `json:"message"`           // what is wrong
	Advice   string `json:"advice,omitempty"`  // what would be right
	Package  string `json:"package,omitempty"` // the npm package that would mend it
}

// Project is an archive taken in, with its configuration read. It is immutable once loaded.
type Project struct {
	Files map[string][]byte // every accepted file by slash path from the project's top, node_modules included
	Root  string            // the mini program's root inside Files: "" or "miniprogram" (miniprogramRoot)
	App   AppConfig

	Aliases []Alias // of paths in sources, the longest first
	Pages   []Page  // in declared order: main package, then subpackages; no duplicates

	// Components are those that pages and components use, each once, sorted by path. Path is from the mini program's root,
	// or "node_modules/…" from wherever the package lies.
	Components []Component

	TabBar   string                       // where the component lies that draws the tab bar, without extension; "" for the host's
	Workers  []string                     // scripts that run apart from pages; keys of Files
	Generics map[string]map[string]string // as Deps: abstract nodes to the components they become when nobody names one

	asset func(name string) bool

	Loaded []Diagnostic                 // what Load had to say
	Deps   map[string]map[string]string // by configuration file: component names to absolute paths in the built tree
}

// Component is one custom component; its file fields are keys of Project.Files, "" where the file does not exist.
type Component struct {
	Path     string
	Script   string
	Template string
	Style    string
	Config   string
	Uses     []string // paths of the components it uses itself
}

// AppConfig is what Slipway reads of app.json; Raw keeps all of it.
type AppConfig struct {
	Raw             map[string]any
	Pages           []string
	SubPackages     []SubPackage
	UsingComponents map[string]string
}

// SubPackage is a part of the mini program that is fetched when first opened.
type SubPackage struct {
	Root  string
	Pages []string       // from Root
	Raw   map[string]any // all that app.json says of it
}

// Page is one page; its file fields are keys of Project.Files, "" where the file does not exist.
type Page struct {
	Path       string // from the mini program's root, without extension: "pages/index/index"
	SubPackage string // root of its subpackage, "" for the main package
	Script     string
	Template   string
	Style      string
	Config     string
}
