package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/functions/internal/api/contracttest"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat/smoke"
)

// TestMain lets the test program be its own children, as the program is, and the program itself.
func TestMain(m *testing.M) {
	isolate.Main()
	smoke.Child()
	if os.Getenv("SLIPWAY_TEST_MAIN") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// checked1 runs check and gives its status, what it wrote, and what it said beside.
func checked1(t *testing.T, args ...string) (status int, out, said string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "said"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b bytes.Buffer
	status = check(context.Background(), args, &b, f)
	_, _ = f.Seek(0, io.SeekStart)
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return status, b.String(), string(text)
}

// project writes a folder of files over the smallest project.
func project(t *testing.T, over map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"app.json": `{"pages": ["a/a"]}`, "app.js": "App({})", "a/a.js": "Page({})", "a/a.axml": "<view/>"}
	for name, text := range over {
		files[name] = text
	}
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func file(t *testing.T, name, text string) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestCheck(t *testing.T) {
	zip := file(t, "coffee.zip", string(demo.Archive("1.0.0")))
	tests := []struct {
		name   string
		args   []string
		status int
		out    string // a part of what it writes
		said   string // a part of what it says beside
	}{
		{"a folder", []string{"--server-domains", "api.coffee.example.com", "../internal/build/demo/project"}, 0, "Passed: 5 pages", ""},
		{"no domains", []string{"../internal/build/demo/project"}, 0, "Passed with warnings: 5 pages", ""},
		{"a zip", []string{zip}, 0, "Built: 5 pages", ""},
		{"other domains", []string{"--server-domains", "other.example.com", zip}, 1, "asks api.coffee.example.com, which is not among the server domains", ""},
		{"warnings are allowed", []string{project(t, map[string]string{"a/a.js": "Page({ tap() { my.nope() } })"})}, 0, "warn    a/a.js:1:16", ""},
		{"the build fails", []string{project(t, map[string]string{"a/a.js": "Page({"})}, 1, "a/a.js:1", ""},
		{"no project", []string{project(t, map[string]string{"app.json": "[]"})}, 1, "app.json", ""},
		{"throws when it runs", []string{project(t, map[string]string{"a/a.js": "\nnull.x; Page({})"})}, 1, "a/a.js:2", ""},
		{"an archive that is none", []string{file(t, "x.zip", "hello")}, 1, "The build failed", ""},
		{"nothing there", []string{"/nowhere"}, 2, "", "nowhere"},
		{"nothing named", nil, 2, "", "one folder or zip"},
		{"two named", []string{zip, zip}, 2, "", "one folder or zip"},
		{"unknown flag", []string{"--nope", zip}, 2, "", "-nope"},
		{"help", []string{"--help"}, 0, "", "Exit status"},
		{"no settings", []string{"--runtime", "/nowhere", zip}, 2, "", "nowhere"},
		{"settings of another kind", []string{"--runtime", file(t, "r.json", "[]"), zip}, 2, "", "an object"},
		{"unknown setting", []string{"--runtime", file(t, "r.json", `{"colour": 1}`), zip}, 2, "", "colour"},
		{"bad setting", []string{"--runtime", file(t, "r.json", `{"baseLibrary": "x"}`), zip}, 2, "", "baseLibrary"},
		{"all that is wrong with settings", []string{"--runtime", file(t, "r.json", `{"limits": {"page": 1}, "baseLibrary": "x"}`), zip}, 2, "", "baseLibrary is \"x\"; a version is one to four dotted numbers, for example 2.9.40; limits.page is 1;"},
		{"settings of one field", []string{"--runtime", file(t, "r.json", `{"limits": {"page": 1024}}`), zip}, 0, "this app allows 1.0 KB", ""},
		{"settings without end", []string{"--runtime", "/dev/zero", zip}, 2, "", "no settings need"},
		{"flags behind", []string{project(t, nil), "--json"}, 0, `"verdict": "pass"`, ""},
		{"flags around", []string{"--json", zip, "--server-domains", "other.example.com"}, 1, `"host-not-listed"`, ""},
		{"two around a flag", []string{zip, "--json", zip}, 2, "", "one folder or zip"},
		{"no flags behind dashes", []string{zip, "--", "--json"}, 2, "", "one folder or zip"},
		{"every name", []string{project(t, map[string]string{"b\\b.js": "1", "c\\c.js": "1"})}, 1, "c\\\\c.js", ""},
		{"other settings", []string{"--runtime", file(t, "r.json", `{"apis": {"removed": ["request"]}}`), zip}, 1, "my.request", ""},
		{"domains that are addresses", []string{"--server-domains", "a.example.com,https://b.example.com/x", "--h5-domains", "c", zip}, 2, "", "--server-domains[1] is"},
		{"H5 domains that are none", []string{"--server-domains", "https://b.example.com/x", "--h5-domains", "c", zip}, 2, "", "; --h5-domains[0] is"},
		{"a page that cannot be written", []string{"--html", "/nowhere/x.html", zip}, 2, "", "x.html"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, out, said := checked1(t, tt.args...)
			if status != tt.status || !strings.Contains(out, tt.out) || !strings.Contains(said, tt.said) {
				t.Errorf("status %d, want %d\n%s\n%s", status, tt.status, out, said)
			}
		})
	}
}

func TestCheckForMachines(t *testing.T) {
	page := filepath.Join(t.TempDir(), "report.html")
	status, out, said := checked1(t, "--json", "--html", page, "../internal/build/demo/project")
	var got checked
	if err := json.Unmarshal([]byte(out), &got); err != nil || status != 0 || said != "" {
		t.Fatalf("%d, %v, %s", status, err, said)
	}
	if got.Build.Failed || got.Build.Files == 0 || got.Report == nil || got.Report.Summary.Pages != 5 {
		t.Errorf("%+v", got)
	}
	if err := contracttest.Shape("Check", []byte(out)); err != nil {
		t.Errorf("it is not what the contract says: %v", err)
	}
	_, failed, _ := checked1(t, "--json", project(t, map[string]string{"app.js": "require('gone')"}))
	if err := contracttest.Shape("Check", []byte(failed)); err != nil || !strings.Contains(failed, `"report": null`) {
		t.Errorf("a build that failed is not what the contract says: %v\n%s", err, failed)
	}
	html, err := os.ReadFile(page)
	if err != nil || !bytes.Contains(html, []byte("<h1>project</h1>")) {
		t.Errorf("%v: %.200s", err, html)
	}
}

// TestThePageOfWhatDoesNotBuild is about that check, not about the one before: CI keeps the page whatever came of it.
func TestThePageOfWhatDoesNotBuild(t *testing.T) {
	page := file(t, "report.html", "the page before")
	for _, over := range []map[string]string{{"a/a.js": "require('gone'); Page({})"}, {"b\\b.js": ""}, {"app.json": "[]"}} {
		status, out, said := checked1(t, "--html", page, project(t, over))
		html, err := os.ReadFile(page)
		if status != exitFaults || err != nil || said != "" {
			t.Fatalf("%d, %v\n%s\n%s", status, err, out, said)
		}
		if strings.Contains(string(html), "before") || !strings.Contains(string(html), "Does not build") || !strings.Contains(string(html), `<span class="tag fail">fail</span>`) {
			t.Errorf("%s", html)
		}
	}
}

// TestFoldersAreReadAsTheyLie holds what a zip would not have: links, and folders of version control.
func TestFoldersAreReadAsTheyLie(t *testing.T) {
	dir := project(t, map[string]string{"store/lib/index.js": "module.exports = 1", ".git/big": "x", "a/a.js": "require('lib'); Page({})"})
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	link("../store/lib", "node_modules/lib")
	if status, out, said := checked1(t, dir); status != 0 {
		t.Errorf("a link inside: %d\n%s%s", status, out, said)
	}
	link("..", "a/loop")
	if status, _, said := checked1(t, dir); status != 2 || !strings.Contains(said, "circle") {
		t.Errorf("a circle of links: %d\n%s", status, said)
	}
	if err := os.Remove(filepath.Join(dir, "a/loop")); err != nil {
		t.Fatal(err)
	}
	link("/etc/passwd", "secret.js")
	if status, _, said := checked1(t, dir); status != 2 || !strings.Contains(said, "secret.js") {
		t.Errorf("a link outside: %d\n%s", status, said)
	}
}

func TestWhatIsPrintedDoesNotSteerTheTerminal(t *testing.T) {
	status, out, said := checked1(t, project(t, map[string]string{"a/a.json": "{\"usingComponents\": {\"c\": \"/\x1b]0;title\x07\u202e\"}}"}))
	if status != 1 || strings.ContainsAny(out+said, "\x1b\x07\u202e") {
		t.Errorf("%d: %q %q", status, out, said)
	}
}
