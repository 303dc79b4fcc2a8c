package build

import (
	"fmt"
	"path"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// sjsReference answers an import inside a .sjs file. These run beside the templates, apart from the program, so they can
// import nothing but each other.
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
	target := path.Join(path.Dir(a.Importer), a.Path)
	if strings.HasPrefix(a.Path, "/") {
		target = s.p.At(a.Path)
	}
	to := s.resolve.file1(target, []string{".sjs"})
	if path.Ext(to) != ".sjs" {
		return refuse("unresolved-module", "The file %q cannot be found. Correct the path, or add the file.", a.Path)
	}
	s.need(to)
	s.imports[a.Importer] = append(s.imports[a.Importer], to)
	return api.OnResolveResult{Path: relative(scriptPath(s.p, a.Importer), scriptPath(s.p, to)), External: true}
}
