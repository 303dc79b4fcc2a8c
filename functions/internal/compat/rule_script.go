package compat

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/compat/script"
)

// scripts judges every script in use.
func (t *test) scripts() {
	t.provided = map[string]bool{}
	for _, s := range t.project.scripts {
		if s != nil {
			for _, name := range s.Provides {
				t.provided[name] = true
			}
		}
	}
	for _, file := range slices.Sorted(maps.Keys(t.project.scripts)) {
		s := t.project.scripts[file]
		if s == nil || !t.begin(file) {
			continue
		}
		for _, use := range s.APIs {
			t.api(file, use)
			t.navigation(file, use)
			t.request(file, use)
		}
		for _, use := range s.Globals {
			t.global(file, use)
		}
		for _, use := range s.Features {
			t.feature(file, use)
		}
		t.literals(file, s)
	}
}

// say adds a finding at a place in a script, milder when the script is someone else's.
func (t *test) say(s Severity, rule, file string, at script.Pos, profiles []string, advice, format string, args ...any) {
	if third(file) || t.project.bundle(file) {
		s = milder[s]
	}
	t.found.add(Finding{
		Severity: s, Rule: rule, File: file, Line: at.Line, Column: at.Column, Pages: t.project.pages(file), Profiles: profiles,
		Message: fmt.Sprintf(format, args...), Advice: advice,
	})
}

var milder = map[Severity]Severity{Fail: Warn, Warn: Info, Info: Info}

// provides says whether some script sets that member of "my", or what holds it, as the SDKs of clouds do.
func (t *test) provides(chain string) bool {
	for i, c := range chain {
		if c == '.' && t.provided[chain[:i]] {
			return true
		}
	}
	return t.provided[chain]
}

func (t *test) api(file string, use script.APIUse) {
	if use.Guarded {
		return
	}
	if name, removed := t.catalogue.Removed(use.Name); removed {
		t.say(Fail, "api-removed", file, use.Pos, nil, "Ask my.canIUse(\""+name+"\") first and offer another way.", "This app does not have my.%s.", name)
		return
	}
	a, known := t.catalogue.Lookup(use.Name)
	if !known && t.provides(use.Name) {
		return
	}
	if !known {
		advice := "Correct the name, or ask my.canIUse first if an app adds it."
		if t.found.full("api-unknown", file) {
			advice = ""
		} else if near := t.catalogue.NearestAPI(use.Name); near != "" {
			advice = "Is my." + near + " meant? " + advice
		}
		t.say(Warn, "api-unknown", file, use.Pos, nil, advice, "my.%s is in no known base library.", use.Name)
		return
	}
	if a.Deprecated {
		t.say(Info, "api-deprecated", file, use.Pos, nil, "Use what its documentation names instead.", "my.%s is deprecated.", a.Name)
	}
	t.newer(file, use, a)
}

// newer compares with the base libraries in the field: where it is missing, calling it throws.
func (t *test) newer(file string, use script.APIUse, a catalogue.API) {
	if a.Since == "" {
		return
	}
	r := t.in.Runtime
	if profile.Compare(a.Since, r.MinBaseLibrary) <= 0 {
		return
	}
	severity, without := Warn, []string{profile.LibraryID(r.MinBaseLibrary)}
	if profile.Compare(a.Since, r.BaseLibrary) > 0 {
		severity, without = Fail, nil
		for _, v := range libraries(r) {
			without = append(without, profile.LibraryID(v))
		}
	}
	t.say(severity, "api-newer", file, use.Pos, without, "Ask my.canIUse(\""+a.Name+"\") first and offer another way.",
		"my.%s came with base library %s; base libraries from %s to %s are in the field.", a.Name, a.Since, r.MinBaseLibrary, r.BaseLibrary)
}

// forbidden are names of other platforms, and of browsers: scripts of a mini program run without a page around them.
var forbidden = map[string]struct {
	severity Severity
	advice   string
	platform bool // of another platform, rather than of browsers
}{
	"wx":             {Fail, "Use the same API of my: wx is WeChat's.", true},
	"dd":             {Fail, "Use the same API of my: dd is DingTalk's.", true},
	"swan":           {Fail, "Use the same API of my: swan is Baidu's.", true},
	"tt":             {Fail, "Use the same API of my: tt is ByteDance's.", true},
	"window":         {Fail, "Scripts of a mini program run without a browser window; use my.getSystemInfo for sizes and getApp() for globals.", false},
	"document":       {Fail, "There is no document; change what is shown with setData.", false},
	"localStorage":   {Fail, "Use my.setStorage and my.getStorage.", false},
	"sessionStorage": {Fail, "Keep it in getApp(), or use my.setStorage.", false},
	"XMLHttpRequest": {Fail, "Use my.request.", false},
	"eval":           {Fail, "Scripts may not be made at run time; write the code out.", false},
	"fetch":          {Warn, "Use my.request.", false},
	"navigator":      {Warn, "Use my.getSystemInfo.", false},
	"location":       {Warn, "Use getCurrentPages() for the page, and its onLoad for the query.", false},
}

func (t *test) global(file string, use script.GlobalUse) {
	if use.Guarded {
		return
	}
	if f, ok := forbidden[use.Name]; ok {
		severity := f.severity
		if use.Conditional && f.platform { // usual in scripts for several platforms
			severity = milder[severity]
		}
		t.say(severity, "forbidden-global", file, use.Pos, nil, f.advice, "%s does not exist in a mini program.", use.Name)
	}
	if use.Name == "Function" && use.Called {
		t.say(Warn, "dynamic-code", file, use.Pos, nil, "Write the code out.", "Function(…) makes a script at run time, which most apps forbid.")
	}
	if f, ok := t.features.Globals[use.Name]; ok {
		t.engine(file, use.Pos, "script-builtin", f, Warn, use.Name, "Bring a polyfill, or ask typeof "+use.Name+" first.")
	}
}

func (t *test) feature(file string, use script.FeatureUse) {
	if use.Guarded {
		return
	}
	switch use.Kind {
	case script.Static:
		if f, ok := t.features.Statics[use.Name]; ok {
			t.engine(file, use.Pos, "script-builtin", f, Warn, use.Name, "Bring a polyfill, or write it another way.")
		}
	case script.Method:
		if f, ok := t.features.Methods[use.Name]; ok {
			t.engine(file, use.Pos, "script-builtin", f, Warn, f.Name, "If this is such a method: bring a polyfill, or write it another way.")
		}
	case script.RegExp:
		if f, ok := t.features.RegExp[use.Name]; ok { // an engine that lacks it throws
			t.engine(file, use.Pos, "script-regexp", f, Fail, regexpNames[use.Name], "Write the expression without it.")
		}
	}
}

var regexpNames = map[string]string{
	"lookbehind": "Lookbehind in a regular expression", "named-groups": "A named group in a regular expression",
	"unicode-property": `\p{…} in a regular expression`, "modifiers": "A modifier in a regular expression",
	"flag-s": "The flag s of a regular expression", "flag-d": "The flag d of a regular expression", "flag-v": "The flag v of a regular expression",
}

// engine reports a script feature for the systems whose script engine lacks it.
func (t *test) engine(file string, at script.Pos, rule string, f catalogue.Feature, s Severity, what, advice string) {
	without := t.systemsWithout(func(s profile.System) bool { return !f.On(s.Script, false) })
	if len(without) == 0 {
		return
	}
	t.say(s, rule, file, at, without, advice, "%s needs %s.", what, engines(f))
}

// engines says who brought a feature, for people.
func engines(f catalogue.Feature) string {
	var list []string
	if f.Safari != "" {
		list = append(list, "iOS "+f.Safari)
	}
	if f.Chrome != "" {
		list = append(list, "Chrome "+f.Chrome)
	}
	if len(list) == 0 {
		return "an engine that no phone has"
	}
	return strings.Join(list, " or ") + " or newer"
}
