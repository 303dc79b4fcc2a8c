// Package build turns a project that was taken in into a deterministic, signed package.
//
// What belongs here: bundling, templates, styles, packaging. What does not: the archive and its configuration (package
// intake), where archives and packages are kept (the Packages port of package release), and what the result means for a
// release (package release).
//
// The built tree is what a host runs: every page, component and the app keep their path with the extensions .js, .axml,
// .acss and .json; other modules lie where they lay in the project (packages under node_modules/), always as .js (a JSON
// module as x.json.js), .sjs helpers as .sjs. Every script is a CommonJS module in ES2015 whose require calls name exact
// relative files. usingComponents are absolute paths from the root. A program reads its release's environment variables
// as process.env.NAME, which the build replaces by their values.
package build

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/less"
	"slipway/functions/internal/build/signature"
	"slipway/functions/internal/pattern"
)

// Options say for whom a project is built.
type Options struct {
	Version     string // of the mini program
	MiniProgram string // its id
	TargetApp   string // id
	Environment string // "production", "sandbox", …

	// EnvironmentVariables are the release's own. A program reads them as process.env.NAME; the build writes the values in
	// place of that, so they are part of the package and of its digest. Names are identifiers.
	EnvironmentVariables map[string]string

	AllowUnresolved bool             // modules and components that cannot be found are warnings and are stubbed
	Signer          signature.Signer // nil leaves the package unsigned
	Limits          intake.Limits
	Sheets          less.Cache // of compiled sheets; nil compiles every time
}

// Result is what a build came to. When Failed, only Diagnostics and Log are set.
type Result struct {
	Failed      bool
	Diagnostics []intake.Diagnostic // errors first, then by file and line
	Log         string              // for people

	Package   []byte // a zip
	SHA256    string // of Package, lower-case hex
	Size      int64
	Signature []byte // Ed25519 over signature.Input of the digest; nil without a Signer
	KeyID     string
	Manifest  Manifest

	Files      map[string][]byte // the built tree, subpackages included, by path from the mini program's root
	Parts      map[string][]byte // each subpackage's own zip by root; the bytes also lie in Package
	SourceMaps map[string][]byte // by path of the built script; beside the package, never in it
	Pages      []PageSize
}

// PageSize is what a page costs when it is opened first.
type PageSize struct {
	Path       string `json:"path"`
	SubPackage string `json:"subPackage,omitempty"`
	Own        int64  `json:"own"`   // bytes of its own four files
	Total      int64  `json:"total"` // with every module, component and sheet it needs, each counted once
}

var variableName = pattern.New(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// Build makes the package. What is wrong with the project is in the result, all of it at once; an error is only what is
// wrong elsewhere (the context's end, the signer). The same project and options give the same bytes everywhere.
func Build(ctx context.Context, p *intake.Project, o Options) (*Result, error) {
	o.Limits = o.Limits.OrDefault()
	t := newTree(p, &o)
	t.List = append(t.List, p.Loaded...)
	for _, name := range sortedKeys(o.EnvironmentVariables) {
		if !variableName.MatchString(name) {
			t.Err("bad-variable", "", 0, 0, "Use letters, digits and _ only.", "The environment variable %q cannot be read by a program.", name)
		}
	}
	if !t.failed() || len(p.Pages) > 0 {
		if err := t.compile(ctx); err != nil {
			return nil, err
		}
	}
	result := &Result{Diagnostics: t.diagnostics()}
	if slices.ContainsFunc(result.Diagnostics, func(d intake.Diagnostic) bool { return d.Severity == "error" }) {
		result.Failed = true
		result.Log = failureLog(&o, result)
		return result, nil
	}
	result.Files, result.SourceMaps = t.files, t.maps
	result.Pages = t.pageSizes()
	if err := pack(ctx, p, &o, result); err != nil {
		return nil, err
	}
	result.Log = buildLog(&o, result)
	return result, nil
}

// diagnostics are sorted and said once: the same module missing in one place is one diagnostic however often it is met.
func (t *tree) diagnostics() []intake.Diagnostic {
	list := slices.Clone(t.List)
	if t.opts.AllowUnresolved {
		for i := range list {
			if list[i].Rule == "missing-component" || list[i].Rule == "unresolved-module" {
				list[i].Severity = "warning"
			}
		}
	}
	slices.SortFunc(list, compareDiagnostics)
	return slices.Compact(list)
}

func compareDiagnostics(a, b intake.Diagnostic) int {
	return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Advice, b.Advice))
}

// compactJSON rewrites a configuration with sorted keys and numbers as they were.
func compactJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		return []byte("{}")
	}
	return b
}

// with gives a copy of a configuration with some keys set; nil values remove the key.
func with(m map[string]any, set map[string]any) map[string]any {
	m = maps.Clone(m)
	for k, v := range set {
		if v == nil {
			delete(m, k)
		} else {
			m[k] = v
		}
	}
	return m
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
