// Package smoke runs a built mini program without a screen and says where it throws, and runs the rules apart.
//
// The programs that want it call Child first thing in main: the parent re-executes itself, and hostile scripts run in a
// child process with limits on memory and processor time, no network, no files of theirs, and a kill on wall time. What
// belongs here: the children, the world one shows to scripts, and judging what happened. What does not: the rules that
// read sources (package compat), which run in such a child as well.
package smoke

import (
	"bytes"
	"encoding/json"
	"path"
	"slices"
	"strings"

	"slipway/functions/internal/build/axml"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
)

// Mode is how the world answers.
type Mode string

// The modes, in the order in which they run.
const (
	Empty      Mode = "empty"      // every reply is there and holds nothing
	Permissive Mode = "permissive" // every reply has whatever is asked of it
	Offline    Mode = "offline"    // requests fail
	Oldest     Mode = "oldest"     // as empty, with the APIs of the app's oldest base library only
)

var modes = []Mode{Empty, Permissive, Offline, Oldest}

// job is what the child gets.
type job struct {
	Scripts    map[string][]byte `json:"-"` // built scripts and data by path from the mini program's root; they come after it
	Pages      []pageJob         `json:"pages"`
	APIs       []catalogue.API   `json:"apis"`
	Components []string          `json:"components"`
	Fixtures   profile.Fixtures  `json:"fixtures"`
	Newest     string            `json:"newest"`
	Oldest     string            `json:"oldest"`
	TabBar     bool              `json:"tabBar"` // a component of the merchant's draws it
}

// pageJob is one page with the components it needs, by path without extension.
type pageJob struct {
	Path       string   `json:"path"`
	Query      string   `json:"query"`
	Components []string `json:"components"`
	Refs       []string `json:"refs"` // methods that the template hands components and elements to
}

// outcome is what happened to one page in one mode; Phase "" means nothing did.
type outcome struct {
	Page    string `json:"page"`
	Mode    Mode   `json:"mode"`
	Start   bool   `json:"start,omitempty"` // the run begins: if nothing follows, it ended the child
	Phase   string `json:"phase,omitempty"` // "app", "component", "page", "register", "onLoad", …, "timer", "rejection", "time", "crash"
	Message string `json:"message,omitempty"`
	File    string `json:"file,omitempty"` // built script
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`

	Requests []request `json:"requests,omitempty"` // that were made with empty replies, in order
}

// request is one address that the mini program asked.
type request struct {
	API      string `json:"api"`
	URL      string `json:"url"`
	Answered bool   `json:"answered,omitempty"` // replies had come before, and they held nothing
	File     string `json:"file,omitempty"`     // built script
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
}

func newJob(in compat.Input) job {
	c := catalogue.For(in.Runtime.APIs)
	j := job{
		Scripts: map[string][]byte{}, APIs: c.APIs(), Components: c.Components(), Fixtures: in.Runtime.Fixtures,
		Newest: in.Runtime.BaseLibrary, Oldest: in.Runtime.MinBaseLibrary,
	}
	for file, data := range in.Built {
		if extension := path.Ext(file); extension == ".js" || extension == ".json" {
			j.Scripts[file] = data
		}
	}
	shared := uses(in.Built, "app.json")
	if j.TabBar = ownTabBar(in.Built); j.TabBar {
		shared = append(shared, tabBar)
	}
	for _, p := range in.Project.Pages {
		page := pageJob{Path: p.Path, Query: in.Runtime.Fixtures.Queries[p.Path]}
		page.Components = follow(in.Built, slices.Concat(shared, uses(in.Built, p.Path+".json")))
		page.Refs = refs(in.Built[p.Path+".axml"])
		j.Pages = append(j.Pages, page)
	}
	return j
}

// tabBar is where the component lies that draws the tab bar of an app that asks for it.
const tabBar = "customize-tab-bar/index"

func ownTabBar(built map[string][]byte) bool {
	var app struct {
		TabBar struct {
			Customize bool `json:"customize"`
		} `json:"tabBar"`
	}
	err := json.Unmarshal(built["app.json"], &app)
	return err == nil && app.TabBar.Customize && built[tabBar+".js"] != nil
}

// uses lists the components that a built configuration file names; the build has made their paths absolute.
func uses(built map[string][]byte, config string) []string {
	var c struct {
		UsingComponents   map[string]any `json:"usingComponents"`
		ComponentGenerics map[string]struct {
			Default string `json:"default"`
		} `json:"componentGenerics"`
	}
	if json.Unmarshal(built[config], &c) != nil {
		return nil
	}
	var list []string
	for _, spec := range c.UsingComponents {
		if s, ok := spec.(string); ok && strings.HasPrefix(s, "/") {
			list = append(list, strings.TrimPrefix(s, "/"))
		}
	}
	for _, generic := range c.ComponentGenerics {
		if strings.HasPrefix(generic.Default, "/") {
			list = append(list, strings.TrimPrefix(generic.Default, "/"))
		}
	}
	slices.Sort(list)
	return list
}

// refs lists the methods that a built template names with ref, each once.
func refs(template []byte) (methods []string) {
	if !bytes.Contains(template, []byte("ref=")) {
		return nil
	}
	d, _ := axml.Parse("", template)
	for _, e := range d.Elements {
		if method := strings.TrimSpace(e.Value("ref")); method != "" && !axml.Dynamic(method) && !slices.Contains(methods, method) {
			methods = append(methods, method)
		}
	}
	return methods
}

// follow adds the components of components, each once.
func follow(built map[string][]byte, queue []string) []string {
	var list []string
	seen := map[string]bool{}
	for len(queue) > 0 {
		c := queue[0]
		if queue = queue[1:]; seen[c] {
			continue
		}
		seen[c] = true
		list = append(list, c)
		queue = append(queue, uses(built, c+".json")...)
	}
	return list
}
