package build

import (
	"bytes"
	"encoding/json"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/pattern"
)

// collapse makes a module that exports only a default be that default, so that require("./x") gives what the author of
// the older half of the project expects. It runs last, when circular imports already hold the live object.
const collapse = `(function(m){var e=m.exports;e&&e.__esModule&&Object.keys(e).join()==="default"&&(m.exports=e.default)})(module);`

var defaultExport = pattern.New(`\bexport\s+default\b|\bas\s+default\b`)

// collect takes esbuild's output into the built tree.
func (s *scripts) collect(files []string, result api.BuildResult) error {
	if len(result.Errors) > 0 {
		s.dead = true
		return nil
	}
	var meta struct {
		Inputs map[string]struct{ Format string }
	}
	if err := json.Unmarshal([]byte(result.Metafile), &meta); err != nil {
		return err
	}
	if foreign(meta.Inputs) {
		return errors.New("esbuild took in files from outside of the project")
	}
	for _, out := range result.OutputFiles {
		name, isMap := strings.CutSuffix(path.Base(out.Path), ".map")
		i, err := strconv.Atoi(strings.TrimSuffix(name, ".js"))
		if err != nil || i >= len(files) {
			continue
		}
		file := files[i]
		if s.out[file] == nil {
			s.out[file] = &compiled{path: scriptPath(s.p, file)}
		}
		if isMap {
			s.out[file].smap = cleanMap(out.Contents, s.ready[file].computed)
			continue
		}
		code := bytes.TrimRight(out.Contents, "\n")
		if s.ready[file].computed {
			code = append([]byte(computedAlias+"\n"), code...)
		}
		esm := meta.Inputs[space+":"+file].Format == "esm"
		if esm && !intake.InModules(file) && defaultExport.Match(s.p.Files[file]) {
			code = append(append(code, '\n'), collapse...)
		}
		s.out[file].code = append(code, '\n')
	}
	return nil
}

// cleanMap names sources as the merchant does, without esbuild's namespace.
func cleanMap(src []byte, computed bool) []byte {
	var m struct {
		Version        int      `json:"version"`
		Sources        []string `json:"sources"`
		SourcesContent []string `json:"sourcesContent"`
		Mappings       string   `json:"mappings"`
		Names          []string `json:"names"`
	}
	if json.Unmarshal(src, &m) != nil {
		return src
	}
	for i, s := range m.Sources {
		if at := strings.Index(s, space+":"); at >= 0 && strings.Trim(s[:at], "./") == "" {
			m.Sources[i] = s[at+len(space)+1:]
		}
	}
	if computed {
		m.Mappings = ";" + m.Mappings // the line that declares the aliases
	}
	out, err := json.Marshal(m)
	if err != nil {
		return src
	}
	return out
}

// quiet are warnings that say nothing a merchant could act on.
var quiet = []string{"empty-import-meta", "require-resolve-not-external", "package.json", "tsconfig.json", "ignored-bare-import", "missing-source-map", "invalid-source-mappings", "unsupported-source-map-comment"}

// tell turns esbuild's messages into diagnostics. Warnings about packages are left out: a merchant cannot mend those.
func (s *scripts) tell(result api.BuildResult) {
	for _, m := range result.Errors {
		s.dead = true
		d := diagnosticOf(m, "script-error")
		d.Severity = "error"
		s.tellAbsent(m, &d)
		s.List = append(s.List, d)
	}
	for _, m := range result.Warnings {
		d := diagnosticOf(m, "script-warning")
		s.tellAbsent(m, &d)
		if (!intake.InModules(d.File) || m.Detail != nil) && !slices.Contains(quiet, m.ID) {
			s.List = append(s.List, d)
		}
	}
}

func diagnosticOf(m api.Message, rule string) intake.Diagnostic {
	d := intake.Diagnostic{Severity: "warning", Rule: rule, Message: m.Text}
	if m.ID != "" {
		d.Rule = m.ID
	}
	if own, ok := m.Detail.(string); ok {
		d.Rule = own
	}
	where := m.Location
	for _, note := range m.Notes {
		if where == nil {
			where = note.Location
		} else if note.Location == nil && d.Advice == "" && !strings.Contains(note.Text, "esbuild") {
			d.Advice = note.Text
		}
	}
	if strings.HasPrefix(m.Text, "The JSX syntax extension") {
		d.Message, d.Advice = "Markup begins here, which a script cannot hold.", "Move it into the template, or write it as a text in quotes."
	}
	if where != nil {
		d.File, d.Line, d.Column = strings.TrimPrefix(where.File, space+":"), max(1, where.Line), where.Column+1
	}
	if !strings.HasSuffix(d.Message, ".") {
		d.Message += "."
	}
	if before, after, split := strings.Cut(d.Message, ". "); split && d.Advice == "" {
		d.Message, d.Advice = before+".", after
	}
	return d
}
