package build

import (
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/pattern"
)

// Two features of esbuild read the machine's disk without asking a plugin, and a project must not make it read anything:
// a computed require or import ("./" + name) is matched against files on disk, and a source map comment is followed to
// whatever file it names, as are the sources of that map. This file takes both away before esbuild sees the text.

// nowhere is the folder modules claim to lie in, so that what esbuild might still look for is not found.
const nowhere = "/.slipway-modules-lie-in-memory"

// mapComment is exactly what esbuild's lexer takes for a source map comment.
var mapComment = pattern.New(`(//|/\*)[#@]( sourceMappingURL=)`)

var (
	importWord   = pattern.New(`require|import`)
	plainCall    = pattern.New(`^\s*\(\s*(?:"[^"\\\n]*"|'[^'\\\n]*')\s*\)`)
	harmlessWord = pattern.New(`^[ \t\r\n]*[!-'*-\-0->@-\[\]-_a-~]`) // printable ASCII but ( ) / . ? \ and the back-tick
)

// computedAlias stands for a require whose argument is computed. A host may be able to answer it at run time.
const computedAlias = `var slipwayRequire=require,slipwayImport=function(p){return Promise.resolve().then(function(){return require(p)})};`

// mayCompute says whether a script might import something that is not a plain literal. It errs on that side: esbuild has
// the last word in defuse.
func mayCompute(src string) bool {
	if strings.Contains(src, `\u00`) || strings.Contains(src, `\u{`) {
		return true // a keyword or name may be spelt with escapes
	}
	for _, at := range importWord.FindAllStringIndex(src, -1) {
		rest := src[at[1]:min(len(src), at[1]+512)]
		dot := strings.HasPrefix(rest, ".") && src[at[0]:at[1]] == "require"
		if !dot && rest != "" && !plainCall.MatchString(rest) && !harmlessWord.MatchString(rest) {
			return true
		}
	}
	return false
}

// defuse gives the script without anything that would make esbuild read the disk; computed says whether the script needs
// computedAlias. Where it cannot be sure, ok is false and the diagnostics say why.
func (s *scripts) defuse(file, src string, loader api.Loader) (safe string, computed, ok bool) {
	src = mapComment.ReplaceAllString(src, "$1 $2")
	if !mayCompute(src) {
		return src, false, true
	}
	result := api.Transform(src, api.TransformOptions{
		Loader: loader, Format: api.FormatCommonJS, Platform: api.PlatformNeutral, Target: api.ESNext, Define: s.define, TsconfigRaw: "{}",
		Sourcefile: file, LogLevel: api.LogLevelSilent, MinifySyntax: true,
		LogOverride: map[string]api.LogLevel{"unsupported-require-call": api.LogLevelWarning, "unsupported-dynamic-import": api.LogLevelWarning},
	})
	if len(result.Errors) > 0 {
		s.tell(api.BuildResult{Errors: result.Errors})
		return "", false, false
	}
	var calls []api.Location
	for _, m := range result.Warnings {
		if m.ID == "unsupported-require-call" || m.ID == "unsupported-dynamic-import" {
			calls = append(calls, *m.Location)
			if !intake.InModules(file) {
				s.Warn("computed-import", file, m.Location.Line, m.Location.Column+1, "Write the path as a plain text, once for each module.",
					"The module to import is computed, so it cannot be put into the package.")
			}
		}
	}
	return replaceCalls(src, calls), len(calls) > 0, true
}

// replaceCalls puts the aliases where a computed import is called.
func replaceCalls(src string, calls []api.Location) string {
	slices.SortFunc(calls, func(a, b api.Location) int {
		if a.Line != b.Line {
			return b.Line - a.Line
		}
		return b.Column - a.Column
	})
	starts := []int{0}
	for i := range len(src) {
		if src[i] == '\n' {
			starts = append(starts, i+1)
		}
	}
	last := -1
	for _, c := range slices.CompactFunc(calls, func(a, b api.Location) bool { return a.Line == b.Line && a.Column == b.Column }) {
		if c.Line < 1 || c.Line > len(starts) {
			continue
		}
		at := starts[c.Line-1] + c.Column
		if at == last || at+c.Length > len(src) {
			continue
		}
		last = at
		alias := "slipwayRequire"
		if strings.HasPrefix(src[at:], "import") {
			alias = "slipwayImport"
		}
		src = src[:at] + alias + src[at+c.Length:]
	}
	return src
}

// foreign says whether esbuild took in anything but the project's modules and its own helpers. It must never be true;
// should another feature of esbuild ever make it so, the output is thrown away instead of handed out.
func foreign(inputs map[string]struct{ Format string }) bool {
	for name := range inputs {
		own := strings.HasPrefix(name, space+":") || strings.HasPrefix(name, "empty:") || strings.HasPrefix(name, "missing:") || strings.HasPrefix(name, spaceAbsent+":")
		if !own && !strings.HasPrefix(name, "<") {
			return true
		}
	}
	return false
}
