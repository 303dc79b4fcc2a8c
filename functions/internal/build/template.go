package build

import (
	"path"
	"slices"
	"strings"

	"slipway/functions/internal/build/axml"
	"slipway/functions/internal/build/intake"
)

// templates takes in the templates of pages and components and whatever they import or include, and gives the .sjs files
// they use. A template nothing leads to is left out, as a module would be.
func (t *tree) templates() (helpers []string) {
	var queue []string
	seen := map[string]bool{}
	included := map[string][]inclusion{}
	need := func(file string) {
		if file != "" && !seen[file] {
			seen[file] = true
			queue = append(queue, file)
		}
	}
	for _, page := range t.p.Pages {
		need(page.Template)
	}
	for _, c := range t.p.Components {
		need(c.Template)
	}
	for len(queue) > 0 {
		file := queue[0]
		queue = queue[1:]
		src, ok := intake.Text(&t.Report, file, t.p.Files[file], t.opts.Limits)
		if !ok {
			continue
		}
		doc, problems := axml.Parse(file, src)
		t.tellTemplate(file, problems)
		var plain strings.Builder // the source without aliases, which no host knows
		done := 0
		for _, ref := range doc.References() {
			to := t.referenced(file, ref)
			if _, ok := t.p.Aliased(file, ref.Src); ok && to != "" {
				plain.Write(src[done:ref.At.Offset])
				plain.WriteString("/" + t.p.OutPath(to))
				done = ref.At.Offset + len(ref.Src)
			}
			if ref.Kind == "include" && to != "" {
				included[file] = append(included[file], inclusion{to, ref.Pos.Line, ref.Pos.Column})
			}
			if ref.Kind != "import-sjs" {
				need(to)
			} else if to != "" && !slices.Contains(helpers, to) {
				helpers = append(helpers, to)
			}
		}
		plain.Write(src[done:])
		t.files[t.p.OutPath(file)] = axml.Minify([]byte(plain.String()))
	}
	t.inclusions(included)
	return helpers
}

func (t *tree) tellTemplate(file string, problems []axml.Problem) {
	for _, p := range problems {
		t.List = append(t.List, intake.Diagnostic{Severity: p.Severity, Rule: p.Rule, File: file, Line: p.Line, Column: p.Column, Message: sentence(p.Message), Advice: sentence(p.Advice)})
	}
}

// inclusion is a template that another one includes, and where.
type inclusion struct {
	file         string
	line, column int
}

// inclusions warns of templates that include each other: unless a condition ends it, what such a one shows has no end.
func (t *tree) inclusions(included map[string][]inclusion) {
	const inProgress, done = 1, 2
	state := map[string]int{}
	var visit func(file string)
	visit = func(file string) {
		state[file] = inProgress
		for _, next := range included[file] {
			if state[next.file] == inProgress {
				t.Warn("circular-include", file, next.line, next.column, "Break the circle, or make sure a condition ends it.", "Templates include each other: %s includes %s, which leads back here.", file, next.file)
			} else if state[next.file] == 0 {
				visit(next.file)
			}
		}
		state[file] = done
	}
	for _, file := range sortedKeys(included) {
		if state[file] == 0 {
			visit(file)
		}
	}
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?") {
		s += "."
	}
	return s
}

// referenced finds the file that a template names, or tells that it is missing. Addresses in templates stay as written:
// the built tree keeps all files where they were.
func (t *tree) referenced(file string, ref axml.Reference) string {
	if ref.Src == "" || axml.Dynamic(ref.Src) || intake.Kept(ref.Src) {
		return "" // the scanner has told about an empty one
	}
	ext := ".axml"
	if ref.Kind == "import-sjs" {
		ext = ".sjs"
	}
	candidates := []string{path.Join(path.Dir(file), ref.Src)}
	if to, ok := t.p.Aliased(file, ref.Src); ok {
		candidates = []string{to, candidates[0]}
	}
	if strings.HasPrefix(ref.Src, "/") {
		candidates = []string{t.p.At(ref.Src)}
	} else if !strings.HasPrefix(ref.Src, ".") {
		for dir := path.Dir(file); ; dir = path.Dir(dir) {
			candidates = append(candidates, path.Join(dir, "node_modules", ref.Src))
			if dir == "." {
				break
			}
		}
		candidates = append(candidates, t.p.At(ref.Src))
	}
	for _, name := range candidates {
		for _, full := range []string{name, name + ext} {
			if _, there := t.p.Files[full]; there && path.Ext(full) == ext {
				return full
			}
		}
	}
	severity := t.Err
	if ref.Kind != "import-sjs" {
		severity = t.Warn // the host renders nothing in its place
	}
	severity("missing-template-file", file, ref.Pos.Line, ref.Pos.Column, "Correct the path, or add the file.", "The file %q cannot be found.", ref.Src)
	return ""
}
