package compat_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// files is a small project that passes every rule; a test lays its own files over it.
var files = map[string]string{
	"app.json":               `{"pages": ["pages/index/index", "pages/menu/menu"], "tabBar": {"items": [{"pagePath": "pages/menu/menu", "name": "Menu"}]}}`,
	"app.js":                 `App({})`,
	"app.acss":               `page { color: #333 }`,
	"pages/index/index.js":   `Page({ data: {}, tap() {} })`,
	"pages/index/index.axml": `<view onTap="tap">Hello</view>`,
	"pages/index/index.acss": `.a { color: red }`,
	"pages/index/index.json": `{}`,
	"pages/menu/menu.js":     `Page({})`,
	"pages/menu/menu.axml":   `<view/>`,
	"images/logo.png":        "png",
}

func project(t testing.TB, over map[string]string) *intake.Project {
	t.Helper()
	p := &intake.Project{Files: map[string][]byte{}}
	all := maps.Clone(files)
	maps.Copy(all, over)
	for name, text := range all {
		p.Files[name] = []byte(text)
	}
	if err := json.Unmarshal(p.Files["app.json"], &p.App.Raw); err != nil {
		t.Fatal(err)
	}
	var app struct {
		Pages       []string
		SubPackages []intake.SubPackage
	}
	if err := json.Unmarshal(p.Files["app.json"], &app); err != nil {
		t.Fatal(err)
	}
	p.App.SubPackages = app.SubPackages
	add := func(path, root string) {
		page := intake.Page{Path: path, SubPackage: root}
		for extension, field := range map[string]*string{".js": &page.Script, ".axml": &page.Template, ".acss": &page.Style, ".json": &page.Config} {
			if _, ok := p.Files[path+extension]; ok {
				*field = path + extension
			}
		}
		p.Pages = append(p.Pages, page)
	}
	for _, page := range app.Pages {
		add(page, "")
	}
	for _, s := range app.SubPackages {
		for _, page := range s.Pages {
			add(s.Root+"/"+page, s.Root)
		}
	}
	return p
}

// input is what tests start from: two systems of each family, one far older than the other.
func input(t testing.TB, over map[string]string) compat.Input {
	r := profile.Default()
	old, young := r.Systems[0], r.Systems[6]
	r.Systems = []profile.System{old, young}
	r.Devices = r.Devices[:2]
	r.Networks = []profile.Network{r.Networks[0], r.Networks[4], r.Networks[5]}
	return compat.Input{Project: project(t, over), Runtime: r, ServerDomains: []string{"api.example.com"}, H5Domains: []string{"www.example.com"}}
}

func run(t testing.TB, in compat.Input) *compat.Report {
	t.Helper()
	r, err := compat.Run(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines writes findings as "severity rule file:line:column profiles".
func lines(r *compat.Report) []string {
	var out []string
	for _, f := range r.Findings {
		s := fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.File)
		if f.Line > 0 {
			s += fmt.Sprintf(":%d:%d", f.Line, f.Column)
		}
		if len(f.Profiles) > 0 {
			s += " on " + strings.Join(f.Profiles, ",")
		}
		out = append(out, s)
	}
	return out
}
