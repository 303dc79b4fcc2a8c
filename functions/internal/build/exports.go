package build

import (
	"context"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/pattern"
)

// checkExports warns of imports that name something the other module does not export. Modules are compiled apart, where
// nobody can see that, so the merchant's own are linked once more for nothing but these messages. It is a warning because
// such programs run: the name is undefined, and often it is a type or never used.
func (s *scripts) checkExports(ctx context.Context) error {
	var files []string
	for _, file := range sortedKeys(s.out) {
		if !intake.InModules(file) && !strings.HasSuffix(file, ".json") {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return ctx.Err()
	}
	result, err := rebuild(ctx, api.BuildOptions{
		EntryPointsAdvanced: entryPoints(len(files)), Bundle: true, Format: api.FormatESModule, Splitting: true, Platform: api.PlatformNeutral, Target: api.ESNext, Define: s.define,
		Plugins: []api.Plugin{{Name: "slipway", Setup: func(b api.PluginBuild) { s.linkPlugin(b, files) }}},
	})
	if err != nil {
		return err
	}
	for _, m := range append(result.Errors, result.Warnings...) {
		if !strings.HasPrefix(m.Text, "No matching export") && m.ID != "import-is-undefined" {
			continue
		}
		d := diagnosticOf(m, "missing-export")
		d.Severity, d.Rule = "warning", "missing-export"
		d.Message = strings.ReplaceAll(d.Message, `"`+space+":", `"`)
		if parts := strings.Split(d.Message, `"`); len(parts) > 1 && s.onlyDefault(parts[1]) {
			continue
		}
		d.Advice = "Export the name there, or correct the import; it is undefined as it stands."
		s.List = append(s.List, d)
	}
	return nil
}

var exportWord = pattern.New(`\bexport\b\s*([\w{*]+)`)

// onlyDefault says whether a module seems to export a default and nothing else. It becomes that default (see collapse),
// so its members can be imported by name, and only a run would tell which there are.
func (s *scripts) onlyDefault(file string) bool {
	all := exportWord.FindAllStringSubmatch(s.ready[file].src, -1)
	return len(all) > 0 && !slices.ContainsFunc(all, func(m []string) bool { return m[1] != "default" })
}

// linkPlugin resolves as plugin does, except that the merchant's modules are linked instead of left apart.
func (s *scripts) linkPlugin(b api.PluginBuild, files []string) {
	b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
		if a.Kind == api.ResolveEntryPoint {
			return api.OnResolveResult{Path: entryFile(a.Path, files), Namespace: space}, nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		to := s.resolve.module(a.Importer, a.Path)
		if _, own := slices.BinarySearch(files, to); own && slices.Contains(s.imports[a.Importer], to) {
			return api.OnResolveResult{Path: to, Namespace: space}, nil
		}
		return api.OnResolveResult{Path: a.Path, External: true}, nil
	})
	b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: space}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
		one := s.ready[a.Path]
		return api.OnLoadResult{Contents: &one.src, Loader: one.loader, ResolveDir: nowhere}, nil
	})
}
