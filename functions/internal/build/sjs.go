package build

import (
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// sjsReference answers an import inside a .sjs file. These run beside the templates, apart from the program, so they can
// import nothing but each other, those of packages included.
func (s *scripts) sjsReference(a api.OnResolveArgs) api.OnResolveResult {
	refuse := func(rule, format string, args ...any) api.OnResolveResult {
		return api.OnResolveResult{Path: a.Path, External: true, Errors: []api.Message{{Text: fmt.Sprintf(format, args...), Detail: rule}}}
	}
	if a.Kind != api.ResolveJSImportStatement && a.Kind != api.ResolveJSRequireCall {
		return refuse("sjs", "A .sjs file cannot use import(). Import it at the top of the file.")
	}
	if path.Ext(a.Path) != ".sjs" && path.Ext(a.Path) != "" {
		return refuse("sjs", "A .sjs file can import only .sjs files, not %q. Move what is shared into a .sjs file.", a.Path)
	}
	to := s.sjsFile(a.Importer, a.Path)
	if to == "" {
		why := s.absent.Of("module", a.Importer, a.Path)
		if s.opts.AllowUnresolved { // without Proxy, which .sjs does not know
			return api.OnResolveResult{Path: a.Path, Namespace: "empty", Warnings: []api.Message{{Text: why.Message, Detail: why}}}
		}
		return api.OnResolveResult{Path: a.Path, External: true, Errors: []api.Message{{Text: why.Message, Detail: why}}}
	}
	s.need(to)
	s.imports[a.Importer] = append(s.imports[a.Importer], to)
	return api.OnResolveResult{Path: relative(scriptPath(s.p, a.Importer), scriptPath(s.p, to)), External: true}
}

// sjsFile finds a .sjs file: by an alias, from the root, beside the importer, or in a package.
func (s *scripts) sjsFile(importer, spec string) string {
	var targets []string
	if to, ok := s.p.Aliased(importer, spec); ok {
		targets = append(targets, to)
	}
	dir := path.Dir(importer)
	if strings.HasPrefix(spec, "/") {
		targets = append(targets, s.p.At(spec))
	} else {
		targets = append(targets, path.Join(dir, spec))
	}
	for bare := !strings.HasPrefix(spec, "/") && !strings.HasPrefix(spec, "."); bare; dir = path.Dir(dir) {
		targets = append(targets, path.Join(dir, "node_modules", spec))
		bare = dir != "."
	}
	for _, target := range targets {
		if to := s.resolve.file1(target, []string{".sjs"}); path.Ext(to) == ".sjs" {
			return to
		}
	}
	return ""
}
