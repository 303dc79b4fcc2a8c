package intake_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/build/intake"
)

// TestDeclarationsAreBounded: what is declared is looked for file by file, in the process that everybody shares.
func TestDeclarationsAreBounded(t *testing.T) {
	type object = map[string]any
	list := func(format string, n int) (all []string) {
		for i := range n {
			all = append(all, fmt.Sprintf(format, i))
		}
		return all
	}
	uses := func(n int) object {
		all := object{}
		for i := range n {
			all[fmt.Sprintf("c%d", i)] = "plugin://p/c" // which is not looked for
		}
		return object{"usingComponents": all}
	}
	var parts []object
	for i := range 201 {
		parts = append(parts, object{"root": fmt.Sprintf("r%d", i), "pages": []string{"a"}})
	}
	pages := map[string]any{}
	for i := range 11 {
		pages[fmt.Sprintf("p%d.json", i)] = uses(2000)
	}
	for name, tt := range map[string]struct {
		files map[string]any
		rule  string
	}{
		"pages":                {map[string]any{"app.json": object{"pages": list("p%d", 2001)}}, "too-many"},
		"pages of all":         {map[string]any{"app.json": object{"pages": list("p%d", 1900), "subPackages": []object{{"root": "r", "pages": list("p%d", 101)}}}}, "too-many"},
		"subpackages":          {map[string]any{"app.json": object{"pages": []string{"a"}, "subPackages": parts}}, "too-many"},
		"workers":              {map[string]any{"app.json": object{"pages": []string{"a"}, "workers": list("w%d", 51)}}, "too-many"},
		"components of a file": {map[string]any{"app.json": object{"pages": []string{"a"}, "usingComponents": uses(2001)["usingComponents"]}}, "too-many"},
		"abstract nodes":       {map[string]any{"app.json": object{"pages": []string{"p0"}}, "p0.json": object{"componentGenerics": uses(2001)["usingComponents"]}}, "too-many"},
		"aliases":              {map[string]any{"app.json": object{"pages": []string{"a"}}, "mini.project.json": object{"compileOptions": object{"resolveAlias": uses(201)["usingComponents"]}}}, "too-many"},
		"components of all":    {over(pages, "app.json", object{"pages": list("p%d", 11)}), "too-many"},
		"patterns":             {map[string]any{"app.json": object{"pages": []string{"a"}}, "mini.project.json": object{"uploadExclude": list("*.%d", 65)}}, "too-many"},
		"wildcards":            {map[string]any{"app.json": object{"pages": []string{"a"}}, "mini.project.json": object{"assetsInclude": []string{strings.Repeat("*a", 9)}}}, "bad-pattern"},
		"a pattern":            {map[string]any{"app.json": object{"pages": []string{"a"}}, "mini.project.json": object{"uploadExclude": []string{strings.Repeat("a", 257)}}}, "bad-pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string][]byte{"a.js": nil, "a.axml": nil}
			for file, v := range tt.files {
				files[file], _ = json.Marshal(v)
			}
			for i := range 11 {
				files[fmt.Sprintf("p%d.js", i)] = nil
			}
			_, found := intake.Load(&intake.Archive{Files: files})
			at := slices.IndexFunc(found, func(d intake.Diagnostic) bool { return d.Rule == tt.rule && d.Severity == "error" })
			if at < 0 || found[at].File == "" || found[at].Line == 0 {
				t.Errorf("%+v", found[:min(len(found), 5)])
			}
		})
	}
}

func over(m map[string]any, name string, v any) map[string]any {
	m[name] = v
	return m
}

// TestCirclesAreToldShortly: where everything contains everything, nobody wants to read all ways round.
func TestCirclesAreToldShortly(t *testing.T) {
	files := map[string][]byte{"app.json": []byte(`{"pages": ["a"], "usingComponents": {"c": "/c0"}}`), "a.js": nil, "a.axml": nil}
	const n = 100
	all := map[string]string{}
	for i := range n {
		all[fmt.Sprintf("c%d", i)] = fmt.Sprintf("/c%d", i)
	}
	config, _ := json.Marshal(map[string]any{"usingComponents": all})
	for i := range n {
		files[fmt.Sprintf("c%d.json", i)], files[fmt.Sprintf("c%d.js", i)], files[fmt.Sprintf("c%d.axml", i)] = config, nil, nil
	}
	_, found := intake.Load(&intake.Archive{Files: files})
	if len(found) != 50 {
		t.Errorf("%d are told", len(found))
	}
	longest := 0
	for _, d := range found {
		longest = max(longest, len(d.Message))
	}
	if longest > 200 {
		t.Errorf("a circle is told with %d bytes", longest)
	}
}
