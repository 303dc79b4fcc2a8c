package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"slipway/functions/internal/api/contracttest"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// TestTheSameCheckIsRemembered: a second check of the same says the same, and that an earlier one found it.
func TestTheSameCheckIsRemembered(t *testing.T) {
	dir, cache, page := project(t, map[string]string{"a/a.js": "Page({ tap() { my.nope() } })"}), t.TempDir(), filepath.Join(t.TempDir(), "page.html")
	run := func(args ...string) (out, html string, found checked) {
		status, out, said := checked1(t, append([]string{"--cache", cache, "--html", page}, append(args, dir)...)...)
		if status != exitClean || said != "" {
			t.Fatal(status, said)
		}
		data, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		_ = json.Unmarshal([]byte(out), &found) // the other form is no JSON
		return out, string(data), found
	}
	const told = "Nothing has changed since an earlier check"
	first, firstPage, _ := run()
	if strings.Contains(first, told) || strings.Contains(firstPage, "nothing has changed") {
		t.Error("the first check says that it is the second one")
	}
	asJSON, _, again := run("--json")
	if err := contracttest.Shape("Check", []byte(asJSON)); err != nil || !again.Before || again.Report.Summary.Warns == 0 {
		t.Errorf("%v, %+v", err, again)
	}
	second, secondPage, _ := run()
	before, after, found := strings.Cut(second, told)
	_, after, _ = strings.Cut(after, "\n")
	if !found || before+after != first {
		t.Errorf("at first\n%s\nand then\n%s", first, second)
	}
	if strings.ReplaceAll(secondPage, ", before; nothing has changed since", "") != firstPage || firstPage == secondPage {
		t.Error("the page is another one, or does not say it")
	}
	for name, args := range map[string][]string{
		"domains": {"--h5-domains", "a.example.com"}, "settings": {"--runtime", file(t, "r.json", `{"minBaseLibrary": "2.7.0"}`)}, "no cache": {"--cache", ""},
	} {
		if out, _, _ := run(args...); strings.Contains(out, told) {
			t.Errorf("with other %s it says the same", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a/a.axml"), []byte("<text/>"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, _ := run(); strings.Contains(out, told) {
		t.Error("with another file it says the same")
	}
}

// TestWhatABusyMachineMayHaveCausedIsNotKept: the next check may find something else.
func TestWhatABusyMachineMayHaveCausedIsNotKept(t *testing.T) {
	dir, cache := project(t, map[string]string{"a/a.js": "for (;;) {}"}), t.TempDir()
	for range 2 {
		if status, out, _ := checked1(t, "--cache", cache, dir); status != exitFaults || strings.Contains(out, "Nothing has changed") {
			t.Errorf("status %d\n%s", status, out)
		}
	}
	f := openCache(cache)
	for _, data := range []string{"", "{", `{"report": null}`, "[]"} {
		f.Keep("x", []byte(data))
		if got := f.recall("x"); got != nil {
			t.Errorf("%q was taken for %+v", data, got)
		}
	}
	f.remember("y", &checked{Report: &compat.Report{Findings: []compat.Finding{{Rule: "api-unknown"}}}})
	if f.recall("y") == nil {
		t.Error("nothing is kept at all")
	}
}

// TestTheKeyLeavesNothingOut changes everything that decides what a check finds, one after the other: every change has to
// give a key of its own.
func TestTheKeyLeavesNothingOut(t *testing.T) {
	keys := map[string]string{}
	add := func(what, program string, files map[string][]byte, in inputs) {
		t.Helper()
		key, err := keyOf([]byte(program), files, in)
		if err != nil || len(key) != 64 {
			t.Fatal(key, err)
		}
		if other, taken := keys[key]; taken {
			t.Errorf("%s has the key of %s", what, other)
		}
		keys[key] = what
	}
	project := func(pairs ...string) map[string][]byte {
		files := map[string][]byte{}
		for i := 0; i < len(pairs); i += 2 {
			files[pairs[i]] = []byte(pairs[i+1])
		}
		return files
	}
	same := inputs{Runtime: everySetting()}
	add("nothing changed", "p", project("a", "1", "b", "2"), same)
	add("another program", "q", project("a", "1", "b", "2"), same)
	add("another text", "p", project("a", "1", "b", "3"), same)
	add("another name", "p", project("a", "1", "c", "2"), same)
	add("texts that change places", "p", project("a", "2", "b", "1"), same)
	add("a text that moves into a name", "p", project("a1", "", "b", "2"), same)
	add("a text that moves into the next", "p", project("a", "", "b", "12"), same)
	add("one more file", "p", project("a", "1", "b", "2", "c", ""), same)
	add("no files", "p", nil, same)
	for i, list := range [][]string{{}, {"a"}, {"a", "b"}, {"b", "a"}, {"ab"}} {
		add(fmt.Sprint("server domains ", i), "p", project("a", "1", "b", "2"), inputs{Runtime: everySetting(), Server: list})
		add(fmt.Sprint("H5 domains ", i), "p", project("a", "1", "b", "2"), inputs{Runtime: everySetting(), H5: list})
	}
	runtime := everySetting()
	changes := 0
	eachLeaf(t, "runtime", reflect.ValueOf(&runtime).Elem(), func(what string) {
		changes++
		add(what, "p", project("a", "1", "b", "2"), inputs{Runtime: runtime})
	})
	if changes < 30 {
		t.Errorf("only %d settings were changed", changes)
	}
}

// everySetting are settings in which no list is empty.
func everySetting() profile.Runtime {
	r := profile.Default()
	r.APIs = profile.APIs{Extra: []string{"a"}, Removed: []string{"b"}, Since: map[string]string{"c": "2.0.0"}}
	r.Fixtures = profile.Fixtures{
		Replies: []profile.Reply{{API: "a", URL: "b", Body: json.RawMessage(`1`)}}, Queries: map[string]string{"a": "b"},
		Storage: map[string]json.RawMessage{"a": json.RawMessage(`1`)}, Ext: json.RawMessage(`1`),
	}
	r.Systems, r.Devices, r.Networks = r.Systems[:1], r.Devices[:1], r.Networks[:1]
	return r
}

// eachLeaf changes every text, number and switch below v, calls changed, and changes it back.
func eachLeaf(t *testing.T, what string, v reflect.Value, changed func(string)) {
	t.Helper()
	try := func(to any) {
		before := reflect.New(v.Type()).Elem()
		before.Set(v)
		v.Set(reflect.ValueOf(to).Convert(v.Type()))
		changed(what)
		v.Set(before)
	}
	switch v.Kind() {
	case reflect.String:
		try(v.String() + "x")
	case reflect.Bool:
		try(!v.Bool())
	case reflect.Int, reflect.Int64:
		try(v.Int() + 1)
	case reflect.Struct:
		for i := range v.NumField() {
			eachLeaf(t, what+"."+v.Type().Field(i).Name, v.Field(i), changed)
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			try(json.RawMessage(`"x"`))
			return
		}
		for i := range v.Len() {
			eachLeaf(t, fmt.Sprint(what, i), v.Index(i), changed)
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			inner := reflect.New(v.Type().Elem()).Elem()
			inner.Set(v.MapIndex(key))
			eachLeaf(t, what+"."+key.String(), inner, func(what string) {
				before := v.MapIndex(key)
				v.SetMapIndex(key, inner)
				changed(what)
				v.SetMapIndex(key, before)
			})
		}
	default:
		t.Fatalf("%s is a %s: change it here too", what, v.Kind())
	}
}
