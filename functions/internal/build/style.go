package build

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/less"
)

// styles compiles style sheets: every page, component and the app get one sheet with their imports inlined. Lengths in
// rpx pass through, addresses of files become absolute in the mini program.
type styles struct {
	intake.Report
	p       *intake.Project
	resolve *resolver
	opts    *Options
	mu      sync.Mutex
	imports map[string][]string
	places  map[[2]string]int // where a sheet in less imports another, by both
	bad     map[string]bool

	followed map[string]bool // sheets in less whose imports are in imports
	less     *less.Compiler
	failed   error // of the less engine itself
	absent   *intake.Absences
	out      map[string]*compiled
}

var styleExtensions = []string{".acss", ".css"}

func newStyles(p *intake.Project, res *resolver, opts *Options) *styles {
	s := &styles{p: p, resolve: res, opts: opts, imports: map[string][]string{}, places: map[[2]string]int{}, followed: map[string]bool{}, bad: map[string]bool{}, out: map[string]*compiled{}, absent: intake.NewAbsences(p)}
	s.less = less.New(s.lessFile, lessTime, opts.Sheets)
	return s
}

func (s *styles) run(ctx context.Context, files []string) error {
	files = slices.DeleteFunc(slices.Clone(files), func(file string) bool { return !s.acceptable(file) })
	if len(files) == 0 {
		return ctx.Err()
	}
	result, err := rebuild(ctx, api.BuildOptions{
		EntryPointsAdvanced: entryPoints(len(files)),
		Bundle:              true,
		Charset:             api.CharsetUTF8,
		MinifyWhitespace:    true,
		MinifySyntax:        true,
		Engines:             []api.Engine{{Name: api.EngineSafari, Version: "12"}, {Name: api.EngineChrome, Version: "66"}},
		Plugins:             []api.Plugin{{Name: "slipway", Setup: func(b api.PluginBuild) { s.plugin(ctx, b, files) }}},
	})
	if err != nil {
		return err
	}
	if s.failed != nil {
		return s.failed
	}
	s.tell(result)
	for _, out := range result.OutputFiles {
		i, err := strconv.Atoi(strings.TrimSuffix(path.Base(out.Path), ".css"))
		if err == nil && i < len(files) {
			file := files[i]
			s.out[file] = &compiled{path: stylePath(s.p, file), code: out.Contents}
		}
	}
	s.circles()
	return nil
}

// stylePath is where a sheet lies in the built tree: always an .acss file.
func stylePath(p *intake.Project, file string) string {
	return strings.TrimSuffix(p.OutPath(file), path.Ext(file)) + ".acss"
}

// acceptable refuses what cannot be compiled. Callers hold no lock; the plugin calls it under s.mu.
func (s *styles) acceptable(file string) bool {
	if good, known := s.bad[file]; known {
		return !good
	}
	ok := false
	switch ext := path.Ext(file); ext {
	case ".scss", ".sass", ".styl":
		s.Err("style-language", file, 0, 0, "Compile it to .acss before uploading.", "Styles in %s are not built.", strings.TrimPrefix(ext, "."))
	default:
		var src []byte
		src, ok = intake.Text(&s.Report, file, s.p.Files[file], s.opts.Limits)
		if line := tooDeep(src); ok && line > 0 {
			s.Err("too-nested", file, line, 1, "Split the style sheet.", "The style sheet is nested too deeply to be compiled.")
			ok = false
		}
	}
	s.bad[file] = !ok
	return ok
}

func (s *styles) plugin(ctx context.Context, b api.PluginBuild, files []string) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		switch a.Kind {
		case api.ResolveEntryPoint:
			return api.OnResolveResult{Path: entryFile(a.Path, files), Namespace: space}, nil
		case api.ResolveCSSImportRule:
			return s.imported(a), nil
		}
		return api.OnResolveResult{Path: s.address(a.Importer, a.Path), External: true}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: space}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		src := s.source(ctx, a.Path)
		return api.OnLoadResult{Contents: &src, Loader: api.LoaderCSS}, nil
	})
}

func (s *styles) imported(a api.OnResolveArgs) api.OnResolveResult {
	if strings.Contains(a.Path, "://") || strings.HasPrefix(a.Path, "//") {
		return api.OnResolveResult{Path: a.Path, External: true, Errors: []api.Message{{Text: fmt.Sprintf("The style sheet %q lies on another server. Put a copy into the project.", a.Path), Detail: "remote-style"}}}
	}
	to := s.find(a.Importer, a.Path)
	if to == "" {
		return api.OnResolveResult{Path: a.Path, External: true, Errors: []api.Message{{Text: "missing-style", Detail: s.absentSheet(a.Importer, a.Path)}}}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.imports[a.Importer] = append(s.imports[a.Importer], to)
	s.acceptable(to)
	return api.OnResolveResult{Path: to, Namespace: space}
}

// find resolves an @import: as a path first, because that is what CSS means by it, then as a package.
func (s *styles) find(importer, spec string) string {
	dir := path.Dir(importer)
	exts := append(slices.Clone(styleExtensions), ".less", ".scss", ".sass", ".styl")
	style := func(name string) string {
		if found := s.resolve.file1(name, exts); found != "" && slices.Contains(exts, path.Ext(found)) {
			return found
		}
		return ""
	}
	if strings.HasPrefix(spec, "/") {
		return style(s.p.At(spec))
	}
	if to, ok := s.p.Aliased(importer, spec); ok {
		if found := style(to); found != "" {
			return found
		}
	}
	if found := style(path.Join(dir, spec)); found != "" {
		return found
	}
	for spec = strings.TrimPrefix(spec, "~"); !strings.HasPrefix(spec, "."); dir = path.Dir(dir) {
		if found := style(path.Join(dir, "node_modules", spec)); found != "" {
			return found
		}
		if dir == "." {
			break
		}
	}
	return ""
}

// absentSheet says what to do about a sheet that is not there. A bare path means a file beside the importer first.
func (s *styles) absentSheet(importer, spec string) intake.Absence {
	if spec = strings.TrimPrefix(spec, "~"); !strings.Contains(spec, "/") {
		spec = "./" + spec
	}
	return s.absent.Of("style sheet", importer, spec)
}

// address makes the address of an image or font absolute, since the sheet that names it is inlined elsewhere.
func (s *styles) address(importer, ref string) string {
	if ref == "" || strings.HasPrefix(ref, "/") || strings.HasPrefix(ref, "#") || strings.Contains(ref, ":") {
		return ref
	}
	name, query, _ := strings.Cut(ref, "?")
	to, ok := s.p.Aliased(importer, name)
	if !ok {
		to = path.Join(path.Dir(importer), name)
	}
	out := "/" + s.p.OutPath(to)
	if query != "" {
		out += "?" + query
	}
	return out
}

func (s *styles) tell(result api.BuildResult) {
	for _, m := range result.Errors {
		d := diagnosticOf(m, "style-error")
		d.Severity = "error"
		if why, ok := m.Detail.(intake.Absence); ok {
			d.Rule, d.Message, d.Advice, d.Package = "missing-style", why.Message, why.Advice, why.Package
		}
		s.List = append(s.List, d)
	}
	for _, m := range result.Warnings {
		if d := diagnosticOf(m, "style-warning"); !intake.InModules(d.File) {
			s.List = append(s.List, d)
		}
	}
}

// circles warns of sheets that import each other: the order of their rules is then anybody's guess.
func (s *styles) circles() {
	const inProgress, done = 1, 2
	state := map[string]int{}
	var visit func(file string)
	visit = func(file string) {
		state[file] = inProgress
		list := s.imports[file]
		slices.Sort(list)
		for _, next := range slices.Compact(list) {
			if state[next] == inProgress {
				at, known := s.places[[2]string{file, next}]
				if !known {
					at = max(0, bytes.Index(s.p.Files[file], []byte(strings.TrimSuffix(path.Base(next), path.Ext(next)))))
				}
				line, column := intake.Position(s.p.Files[file], at)
				s.Warn("circular-import", file, line, column, "Break the circle.", "%s", circleOf(file, next))
			} else if state[next] == 0 {
				visit(next)
			}
		}
		state[file] = done
	}
	for _, file := range sortedKeys(s.imports) {
		if state[file] == 0 {
			visit(file)
		}
	}
}

func circleOf(file, next string) string {
	if file == next {
		return fmt.Sprintf("The style sheet %s imports itself.", file)
	}
	return fmt.Sprintf("Style sheets import each other: %s imports %s, which leads back here.", file, next)
}
