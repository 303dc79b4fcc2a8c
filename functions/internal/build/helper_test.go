package build_test

import (
	"context"
	"maps"
	"slices"
	"testing"

	"slipway/functions/internal/build"
)

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// load takes a project given as texts through the intake.
func load(t *testing.T, files map[string]string) (*build.Project, []build.Diagnostic) {
	t.Helper()
	var k kit
	for _, name := range keys(files) {
		k.items = append(k.items, item{name: name, body: files[name], store: true})
	}
	a, err := unpack(k.bytes())
	if err != nil {
		t.Fatal(err)
	}
	return build.Load(a)
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

func find(list []build.Diagnostic, rule string) (build.Diagnostic, bool) {
	for _, d := range list {
		if d.Rule == rule {
			return d, true
		}
	}
	return build.Diagnostic{}, false
}
