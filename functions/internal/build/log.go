package build

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slipway/functions/internal/build/intake"
)

// failureLog is what a person reads of a build that failed.
func failureLog(o *Options, r *Result) string {
	var b strings.Builder
	errors, warnings := count(r.Diagnostics)
	fmt.Fprintf(&b, "%s failed: %s, %s.\n", strings.TrimSuffix("Build of version "+o.Version, " of version "), plural(errors, "error"), plural(warnings, "warning"))
	logPackages(&b, r.Diagnostics)
	logDiagnostics(&b, r.Diagnostics)
	return b.String()
}

// logPackages sums up what one installation would mend, however many places name it.
func logPackages(b *strings.Builder, list []intake.Diagnostic) {
	places := map[string]int{}
	for _, d := range list {
		if d.Severity == "error" && d.Package != "" {
			places[d.Package]++
		}
	}
	if len(places) > 0 {
		fmt.Fprintf(b, "  Packages that are not in node_modules: %s.\n", strings.Join(sortedKeys(places), ", "))
		for _, name := range sortedKeys(places) {
			fmt.Fprintf(b, "    %s is asked for in %s\n", name, plural(places[name], "place"))
		}
	}
}

// buildLog is what a person reads of a build that succeeded: what was built, what it weighs, what to look at.
func buildLog(o *Options, r *Result) string {
	var b strings.Builder
	_, warnings := count(r.Diagnostics)
	fmt.Fprintf(&b, "Built version %s: %s, %s, package %s (sha256 %s).\n", o.Version, plural(len(r.Pages), "page"), plural(len(r.Files), "file"), intake.BytesText(r.Size), r.SHA256[:12])
	for _, part := range r.Manifest.SubPackages {
		fmt.Fprintf(&b, "  subpackage %s: %s, %s\n", part.Root, plural(len(part.Pages), "page"), intake.BytesText(part.Size))
	}
	b.WriteString("\nPages (own files / with everything they need)\n")
	for _, p := range r.Pages {
		fmt.Fprintf(&b, "  %-48s %10s / %s\n", p.Path, intake.BytesText(p.Own), intake.BytesText(p.Total))
	}
	b.WriteString("\nWhat weighs most\n")
	names := sortedKeys(r.Files)
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(len(r.Files[y]), len(r.Files[x])) })
	for _, name := range names[:min(len(names), 10)] {
		fmt.Fprintf(&b, "  %10s  %s\n", intake.BytesText(int64(len(r.Files[name]))), name)
	}
	if warnings > 0 {
		fmt.Fprintf(&b, "\n%s\n", plural(warnings, "warning"))
		logDiagnostics(&b, r.Diagnostics)
	}
	return b.String()
}

func count(list []intake.Diagnostic) (errors, warnings int) {
	for _, d := range list {
		if d.Severity == "error" {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

func logDiagnostics(b *strings.Builder, list []intake.Diagnostic) {
	for _, d := range list {
		fmt.Fprintf(b, "  %s: ", d.Severity)
		if d.File != "" {
			b.WriteString(d.File)
			if d.Line > 0 {
				fmt.Fprintf(b, ":%d:%d", d.Line, d.Column)
			}
			b.WriteString(": ")
		}
		fmt.Fprintf(b, "%s", d.Message)
		if d.Advice != "" {
			fmt.Fprintf(b, " %s", d.Advice)
		}
		fmt.Fprintf(b, " [%s]\n", d.Rule)
	}
}

// Unusable is the result for an archive from which Load made no project.
func Unusable(diagnostics []intake.Diagnostic) *Result {
	r := &Result{Failed: true, Diagnostics: diagnostics}
	r.Log = failureLog(&Options{}, r)
	return r
}
