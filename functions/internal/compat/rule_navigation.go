package compat

import (
	"maps"
	"path"
	"slices"
	"strings"

	"slipway/functions/internal/compat/script"
)

// navigators open a page of the mini program by url.
var navigators = map[string]bool{"navigateTo": true, "redirectTo": true, "reLaunch": true, "switchTab": true}

func (t *test) navigation(file string, use script.APIUse) {
	if !use.Called || !navigators[use.Name] || use.URL == nil {
		return
	}
	t.target(file, use.URL.Pos, use.URL.Value, use.URL.Complete, "my."+use.Name)
	if page, ok := t.pageOf(file, use.URL.Value, use.URL.Complete); ok {
		tabs := t.tabs()
		switch isTab := slices.Contains(tabs, page); {
		case use.Name == "switchTab" && !isTab:
			t.say(Warn, "navigation-not-a-tab", file, use.URL.Pos, nil, "Use my.navigateTo, or add the page to tabBar in app.json.", "my.switchTab opens /%s, which is no tab.", page)
		case (use.Name == "navigateTo" || use.Name == "redirectTo") && isTab:
			t.say(Warn, "navigation-to-a-tab", file, use.URL.Pos, nil, "Use my.switchTab.", "my.%s cannot open /%s, which is a tab.", use.Name, page)
		}
	}
}

// target reports an address that is no declared page. How says what opens it.
func (t *test) target(file string, at script.Pos, address string, complete bool, how string) {
	page, known := pagePath(address, complete)
	if !known || page == "" || strings.Contains(page, "://") {
		return
	}
	if _, ok := t.pageOf(file, address, complete); ok {
		return
	}
	if !strings.HasPrefix(page, "/") && len(t.relative(file, page)) == 0 {
		return // relative to a page that is not known here
	}
	advice := "Declare the page in app.json, or correct the address."
	t.say(Fail, "page-undeclared", file, at, nil, advice, "%s opens %s, which app.json does not declare.", how, page)
}

// pagePath is the path of an address without its query, if it is known whether it ends there.
func pagePath(address string, complete bool) (string, bool) {
	page, _, query := strings.Cut(address, "?")
	return strings.TrimSuffix(strings.TrimSpace(page), ".html"), complete || query
}

// pageOf is the declared page that an address opens.
func (t *test) pageOf(file, address string, complete bool) (string, bool) {
	page, known := pagePath(address, complete)
	if !known {
		return "", false
	}
	candidates := []string{path.Clean(strings.TrimPrefix(page, "/"))}
	if !strings.HasPrefix(page, "/") {
		candidates = append(t.relative(file, page), candidates...)
	}
	for _, c := range candidates {
		if t.declared(c) {
			return c, true
		}
	}
	return "", false
}

// relative resolves a relative address from every page that a file serves.
func (t *test) relative(file, page string) []string {
	var list []string
	for _, from := range t.project.pages(file) {
		list = append(list, path.Join(path.Dir(from), page))
	}
	return list
}

func (t *test) declared(page string) bool {
	for _, p := range t.p.Pages {
		if p.Path == page {
			return true
		}
	}
	return false
}

// tabs lists the pages of the tab bar.
func (t *test) tabs() []string {
	bar, _ := t.p.App.Raw["tabBar"].(map[string]any)
	var pages []string
	for _, key := range []string{"items", "list"} {
		items, _ := bar[key].([]any)
		for _, item := range items {
			if m, ok := item.(map[string]any); ok {
				if page, ok := m["pagePath"].(string); ok {
					pages = append(pages, strings.TrimPrefix(page, "/"))
				}
			}
		}
	}
	return pages
}

// configuration looks at what configuration files say of pages and components, and at pages that nothing registers.
func (t *test) configuration() {
	for _, config := range slices.Sorted(maps.Keys(t.project.missing)) {
		severity := Fail
		if t.in.Runtime.AllowUnresolved {
			severity = Warn // the app asked for stubs
		}
		for _, tag := range slices.Compact(slices.Sorted(slices.Values(t.project.missing[config]))) {
			t.say(severity, "component-missing", config, script.Pos{}, nil, "Add the component's files, or correct the path.", "The component <%s> is declared, and its files are not in the project.", tag)
		}
	}
	byApp := t.project.registers()
	for _, u := range t.project.units {
		s := t.project.scripts[u.script]
		if u.page != "" && !byApp && s != nil && len(s.Definitions) == 0 && len(s.Imports) == 0 {
			t.say(Fail, "page-not-registered", u.script, script.Pos{Line: 1, Column: 1}, nil, "Call Page({…}) in it.", "The script never calls Page, so that the page cannot open.")
		}
	}
	for _, page := range t.tabs() {
		if !t.declared(page) {
			t.found.add(Finding{Severity: Fail, Rule: "page-undeclared", File: t.project.app.config, Message: "The tab bar names /" + page + ", which app.json does not declare.", Advice: "Add it to pages, or remove the tab."})
		}
	}
}
