package smoke_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/smoke"
)

// TestLibrariesFromNpm builds and tests every component of the libraries that real projects use most, each on a page of
// its own. They come from npm each time and are never kept.
func TestLibrariesFromNpm(t *testing.T) {
	if os.Getenv("CI") != "true" {
		t.Skip("set CI=true to fetch component libraries with npm and test them; it is required there")
	}
	for _, tt := range []struct {
		name, version string
		components    int
	}{
		{"antd-mini", "3.4.3", 100},
		{"mini-ali-ui", "1.4.1", 54},
		{"mini-antui", "0.4.35", 37},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := installed(t, tt.name+"@"+tt.version)
			if n := wrap(files, "node_modules/"+tt.name+"/es/"); n != tt.components {
				t.Errorf("it has %d components, want %d", n, tt.components)
			}
			archive := &intake.Archive{Files: files}
			built, err := isolate.Build(context.Background(), archive, build.Options{Version: "1.0.0"})
			if err != nil || built.Failed {
				t.Fatalf("%v\n%.3000s", err, built.Log)
			}
			p, _ := intake.Load(archive)
			in := compat.Input{Project: p, Built: built.Files, SourceMaps: built.SourceMaps, PackageBytes: built.Size, Runtime: profile.Default(), Smoke: smoke.Runner{}}
			agree(t, in)
			report, err := compat.Run(context.Background(), in)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%d files, %d KiB: %s, %+v", len(built.Files), built.Size>>10, report.Verdict, report.Summary)
			for _, f := range report.Findings {
				if f.Severity == compat.Fail {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}

// installed is what npm puts beside a project, without running anything of it.
func installed(t testing.TB, spec string) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(path.Join(dir, "package.json"), []byte(`{"private": true}`), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("npm", "install", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", spec)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files := map[string][]byte{}
	root := os.DirFS(dir)
	err := fs.WalkDir(root, "node_modules", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// wrap makes an app of the components below a folder, with a page for each, and says how many there are.
func wrap(files map[string][]byte, folder string) int {
	var pages []string
	for name, text := range files {
		stem, isConfig := strings.CutSuffix(name, ".json")
		if !isConfig || !strings.HasPrefix(name, folder) || !bytes.Contains(text, []byte(`"component"`)) || files[stem+".axml"] == nil {
			continue
		}
		page := fmt.Sprintf("pages/p%d/p", len(pages))
		pages = append(pages, page)
		files[page+".js"], files[page+".axml"] = []byte("Page({})"), []byte("<tested/>")
		files[page+".json"] = fmt.Appendf(nil, `{"usingComponents": {"tested": %q}}`, strings.TrimPrefix(stem, "node_modules/"))
	}
	app, _ := json.Marshal(map[string]any{"pages": pages})
	files["app.json"], files["app.js"] = app, []byte("App({})")
	return len(pages)
}
