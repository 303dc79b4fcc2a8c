package build

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
)

// Whether a module that cannot be found is a fault depends on where it is asked for: in try { … } the script means to do
// without, as many libraries do that also run elsewhere. Only esbuild's parser knows, so it is left to say so: the plugin
// answers nothing, esbuild has no folder to look in, and its message is taken for ours.

// caughtImport is esbuild's name for an import that may fail.
const caughtImport = "ignored-dynamic-import"

func (s *scripts) unresolved(a api.OnResolveArgs) api.OnResolveResult {
	foreign := strings.Contains(a.Path, ":") || strings.HasPrefix(a.Path, "//") // esbuild would accept some of these
	switch why := s.absent.Of("module", a.Importer, a.Path); {
	case s.stubs[[2]string{a.Importer, a.Path}] && !s.opts.AllowUnresolved:
		result := api.OnResolveResult{Path: a.Path, Namespace: spaceAbsent}
		if !intake.InModules(a.Importer) {
			result.Warnings = []api.Message{{Text: fmt.Sprintf("The module %q is a part of Node.js, which no phone has. The script fails where it asks for it. Nothing needs to be done if that is never reached on a phone.", a.Path), Detail: "node-module"}}
		}
		return result
	case s.stubs[[2]string{a.Importer, a.Path}]:
		return api.OnResolveResult{Path: a.Path, Namespace: "missing", Warnings: []api.Message{{Text: why.Message, Detail: why}}}
	case !foreign:
		return api.OnResolveResult{}
	case s.opts.AllowUnresolved:
		return api.OnResolveResult{Path: a.Path, Namespace: "missing", Warnings: []api.Message{{Text: why.Message, Detail: why}}}
	default:
		return api.OnResolveResult{Path: a.Path, External: true, Errors: []api.Message{{Text: why.Message, Detail: why}}}
	}
}

// stub notes what a build could not resolve and may do without: whatever it is, if the target app allows that, else parts of
// Node.js that a script may never ask for. It says whether to build again.
func (s *scripts) stub(result api.BuildResult) (again bool) {
	for _, m := range result.Errors {
		if file, spec, ok := notResolved(m); ok && (s.opts.AllowUnresolved || s.conditional(file, spec)) {
			s.stubs[[2]string{file, spec}], again = true, true
		}
	}
	return again
}

// notResolved reads esbuild's message about an import that nobody resolved.
func notResolved(m api.Message) (file, spec string, ok bool) {
	quoted, ok := strings.CutPrefix(m.Text, "Could not resolve ")
	if !ok || m.Location == nil {
		return "", "", false
	}
	spec, err := strconv.Unquote(quoted)
	return strings.TrimPrefix(m.Location.File, space+":"), spec, err == nil
}

// tellAbsent makes the diagnostic of a module that is not there, or of one that a script can do without.
func (s *scripts) tellAbsent(m api.Message, d *intake.Diagnostic) {
	if file, spec, ok := notResolved(m); ok {
		m.Detail = s.absent.Of("module", file, spec)
	}
	if why, ok := m.Detail.(intake.Absence); ok {
		d.Rule, d.Message, d.Advice, d.Package = "unresolved-module", why.Message, why.Advice, why.Package
	}
	if m.ID == caughtImport {
		_, rest, _ := strings.Cut(m.Text, `"`)
		spec, _, _ := strings.Cut(rest, `"`)
		d.Rule = "optional-module"
		d.Message = fmt.Sprintf("The module %q cannot be found. The script catches that and goes on without it.", spec)
		d.Advice = "Add it if the program needs it."
	}
}

// missingModule stands for a module that could not be resolved where the target app allows that: whatever is asked of it
// is itself again, so that the program goes as far as it can.
const missingModule = `var f=function(){return p};var p=new Proxy(f,{get:function(t,k){return k==="__esModule"||k==="then"?void 0:k==="prototype"?t.prototype:k===Symbol.toPrimitive?function(){return ""}:k===Symbol.iterator?function(){return [][Symbol.iterator]()}:p},apply:function(){return p},construct:function(){return p}});module.exports=p`
