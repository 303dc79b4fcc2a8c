package build

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
)

// scripts compiles modules one to one. The built tree keeps every module as a CommonJS file of its own, so that a
// module has one instance whichever page needs it, subpackages share what the main package has loaded, and a stack
// trace names a file the merchant knows. References between them are rewritten to exact relative paths, which is all
// that a host's require has to understand.
type scripts struct {
	intake.Report
	p       *intake.Project
	resolve *resolver
	opts    *Options
	define  map[string]string

	mu      sync.Mutex // esbuild calls its plugins concurrently
	known   map[string]bool
	next    []string
	imports map[string][]string // key → keys it needs

	ready  map[string]prepared // what esbuild is given of each module
	absent *intake.Absences
	stubs  map[[2]string]bool // importer and specifier of what is stubbed
	out    map[string]*compiled
	dead   bool // an error diagnostic was made, so there is no output
}

// prepared is a module's text as esbuild may see it.
type prepared struct {
	src      string
	loader   api.Loader
	computed bool
}

// compiled is one module of the built tree.
type compiled struct {
	path string
	code []byte
	smap []byte
}

const space = "p" // esbuild's namespace for the project's files; "file" would be the machine's disk

func newScripts(p *intake.Project, res *resolver, opts *Options) *scripts {
	define := map[string]string{"process.env": "{}", "process.env.NODE_ENV": `"production"`}
	for name, value := range opts.EnvironmentVariables {
		if variableName.MatchString(name) {
			quoted, _ := json.Marshal(value)
			define["process.env."+name] = string(quoted)
		}
	}
	return &scripts{p: p, resolve: res, opts: opts, define: define, known: map[string]bool{}, imports: map[string][]string{}, ready: map[string]prepared{}, out: map[string]*compiled{}, absent: intake.NewAbsences(p), stubs: map[[2]string]bool{}}
}

// run compiles the entries and, round after round, everything they need.
func (s *scripts) run(ctx context.Context, entries []string) error {
	for _, e := range entries {
		s.need(e)
	}
	for len(s.next) > 0 {
		round := s.next
		s.next = nil
		slices.Sort(round)
		round = slices.DeleteFunc(round, func(file string) bool { return !s.compilable(file) })
		if err := s.compile(ctx, round); err != nil {
			return err
		}
	}
	for _, list := range s.imports {
		slices.Sort(list)
	}
	return s.checkExports(ctx)
}

func (s *scripts) need(file string) {
	if !s.known[file] {
		s.known[file] = true
		s.next = append(s.next, file)
	}
}

// compilable keeps esbuild from what it cannot stand, and says so.
func (s *scripts) compilable(file string) bool {
	src, ok := intake.Text(&s.Report, file, s.p.Files[file], s.opts.Limits)
	line := 0
	switch {
	case !ok:
	case path.Ext(file) != ".json":
		line = tooDeep(src)
	case intake.Nesting(src) > intake.MaxNesting:
		line = 1
	}
	if line > 0 {
		s.Err("too-nested", file, line, 1, "Split the expression; minified or generated code sometimes needs another build.", "The script is nested too deeply to be compiled.")
		ok = false
	}
	if ok {
		var one prepared
		one.src, one.loader = s.source(file)
		if path.Ext(file) == ".json" {
			one.src, ok = s.data(file)
		} else {
			one.src, one.computed, ok = s.defuse(file, one.src, one.loader)
		}
		s.ready[file] = one
	}
	if !ok {
		s.dead = true
	}
	return ok
}

func (s *scripts) compile(ctx context.Context, files []string) error {
	if len(files) == 0 {
		return ctx.Err()
	}
	options := api.BuildOptions{
		EntryPointsAdvanced: entryPoints(len(files)),
		Bundle:              true,
		Format:              api.FormatCommonJS,
		Platform:            api.PlatformNeutral,
		Target:              api.ES2015,
		Supported:           map[string]bool{"dynamic-import": false},
		Charset:             api.CharsetUTF8,
		MinifyWhitespace:    true,
		MinifyIdentifiers:   true,
		MinifySyntax:        true,
		Sourcemap:           api.SourceMapExternal,
		Metafile:            true,
		Define:              s.define,
		Plugins:             []api.Plugin{{Name: "slipway", Setup: func(b api.PluginBuild) { s.plugin(b, files) }}},
		LogOverride:         map[string]api.LogLevel{caughtImport: api.LogLevelWarning},
	}
	result, err := rebuild(ctx, options)
	if err == nil && s.stub(result) {
		result, err = rebuild(ctx, options)
	}
	if err != nil {
		return err
	}
	s.tell(result)
	return s.collect(files, result)
}

// rebuild runs esbuild so that it stops with its context and touches no disk.
func rebuild(ctx context.Context, options api.BuildOptions) (api.BuildResult, error) {
	options.AbsWorkingDir = "/"
	options.Outdir = "/out"
	options.Write = false
	options.LogLevel = api.LogLevelSilent
	options.TsconfigRaw = "{}"
	options.LegalComments = api.LegalCommentsEndOfFile
	run, problem := api.Context(options)
	if problem != nil {
		return api.BuildResult{}, fmt.Errorf("set up esbuild: %s", problem.Errors[0].Text)
	}
	defer run.Dispose()
	stop := context.AfterFunc(ctx, run.Cancel)
	defer stop()
	result := run.Rebuild()
	return result, ctx.Err()
}

// entryPoints stand for files by their number; entryFile finds them again.
func entryPoints(n int) []api.EntryPoint {
	list := make([]api.EntryPoint, n)
	for i := range list {
		list[i] = api.EntryPoint{InputPath: entryName(i), OutputPath: strconv.Itoa(i)}
	}
	return list
}

// entryName hides a file's name from esbuild, which looks on disk for names with an asterisk.
func entryName(i int) string { return "entry" + strconv.Itoa(i) }

func entryFile(name string, files []string) string {
	i, err := strconv.Atoi(strings.TrimPrefix(name, "entry"))
	if err != nil || i < 0 || i >= len(files) {
		return ""
	}
	return files[i]
}

func (s *scripts) plugin(b api.PluginBuild, files []string) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		if a.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{Path: entryFile(a.Path, files), Namespace: space}, nil
		}
		return s.reference(a), nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: space}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		one := s.ready[a.Path]                                               // written between rounds only
		return api.OnLoadResult{Contents: &one.src, Loader: one.loader}, nil // without a folder esbuild looks nowhere
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "empty"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
		src := "module.exports={}"
		return api.OnLoadResult{Contents: &src, Loader: api.LoaderJS}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: spaceAbsent}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		src := absentModule(a.Path)
		return api.OnLoadResult{Contents: &src, Loader: api.LoaderJS}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: "missing"}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
		src := missingModule
		return api.OnLoadResult{Contents: &src, Loader: api.LoaderJS}, nil
	})
}

func (s *scripts) source(file string) (string, api.Loader) {
	src := intake.TrimMark(s.p.Files[file])
	switch path.Ext(file) {
	case ".ts":
		return string(src), api.LoaderTS
	case ".tsx":
		return string(src), api.LoaderTSX
	case ".jsx":
		return string(src), api.LoaderJSX
	}
	return string(src), api.LoaderJS
}

// data makes a module of a JSON file. esbuild's own loader would give entries no exports.
func (s *scripts) data(file string) (string, bool) {
	std, ok := intake.Standard(&s.Report, file, s.p.Files[file], s.opts.Limits.MaxScript)
	if !ok {
		return "", false
	}
	var value json.RawMessage
	if err := json.Unmarshal(std, &value); err != nil {
		line, column := intake.JSONPosition(std, err)
		s.Err("bad-json", file, line, column, "Correct the JSON there.", "The file is not valid JSON: %s.", intake.JSONMessage(err))
		return "", false
	}
	return "module.exports=" + string(std), true
}

// reference answers one import, require or dynamic import.
func (s *scripts) reference(a api.OnResolveArgs) api.OnResolveResult {
	if intake.Kept(a.Path) {
		return api.OnResolveResult{Path: a.Path, External: true}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if path.Ext(a.Importer) == ".sjs" {
		return s.sjsReference(a)
	}
	to := s.resolve.module(a.Importer, a.Path)
	switch {
	case to == disabled:
		return api.OnResolveResult{Path: a.Path, Namespace: "empty"}
	case to == "":
		return s.unresolved(a)
	case !scriptFile(to):
		return api.OnResolveResult{Errors: []api.Message{{Text: fmt.Sprintf("%q is not a script. Only .js, .ts, .mjs and .json can be imported by a script.", a.Path), Detail: "not-a-script"}}}
	}
	s.need(to)
	s.imports[a.Importer] = append(s.imports[a.Importer], to)
	return api.OnResolveResult{Path: relative(scriptPath(s.p, a.Importer), scriptPath(s.p, to)), External: true}
}

func scriptFile(name string) bool {
	switch path.Ext(name) {
	case ".js", ".ts", ".mjs", ".cjs", ".json", ".jsx", ".tsx":
		return !strings.HasSuffix(name, ".d.ts")
	}
	return false
}

// scriptPath is where a module lies in the built tree: always a .js file (or .sjs), never on top of another one.
func scriptPath(p *intake.Project, file string) string {
	out, ext := p.OutPath(file), path.Ext(file)
	switch ext {
	case ".js", ".sjs":
		return out
	case ".ts", ".mjs", ".tsx", ".jsx":
		stem := strings.TrimSuffix(file, ext)
		for _, other := range []string{".js", ".ts", ".mjs"} {
			if other == ext {
				break
			}
			if _, taken := p.Files[stem+other]; taken {
				return out + ".js"
			}
		}
		return strings.TrimSuffix(out, ext) + ".js"
	}
	return out + ".js"
}

// relative writes a path as require wants it.
func relative(from, to string) string {
	a, b := strings.Split(path.Dir(from), "/"), strings.Split(to, "/")
	if a[0] == "." {
		a = nil
	}
	n := 0
	for n < len(a) && n < len(b)-1 && a[n] == b[n] {
		n++
	}
	up := strings.Repeat("../", len(a)-n)
	return cmp.Or(up, "./") + strings.Join(b[n:], "/")
}
