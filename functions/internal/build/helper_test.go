package build_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"maps"
	"slices"
	"testing"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
)

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// load takes a project given as texts through the intake.
func load(t *testing.T, files map[string]string) (*intake.Project, []intake.Diagnostic) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range keys(files) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name})
		if err == nil {
			_, err = io.WriteString(w, files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := intake.Unpack(bytes.NewReader(b.Bytes()), int64(b.Len()), intake.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return intake.Load(a)
}

func run(t *testing.T, files map[string]string, o build.Options) *build.Result {
	t.Helper()
	p, diagnostics := load(t, files)
	if p == nil {
		t.Fatalf("no project: %+v", diagnostics)
	}
	r, err := build.Build(context.Background(), p, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// small is the least that builds, with changes.
func small(change map[string]string) map[string]string {
	files := map[string]string{
		"app.json":             `{"pages": ["pages/home/home"]}`,
		"app.js":               `App({})`,
		"pages/home/home.js":   `Page({})`,
		"pages/home/home.axml": `<view>Hello</view>`,
	}
	for name, body := range change {
		if body == "-" {
			delete(files, name)
		} else {
			files[name] = body
		}
	}
	return files
}

func find(list []intake.Diagnostic, rule string) (intake.Diagnostic, bool) {
	for _, d := range list {
		if d.Rule == rule {
			return d, true
		}
	}
	return intake.Diagnostic{}, false
}
