package layout_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// How long a file of the program and one function in it may be.
const (
	mostFileLines     = 400
	mostFunctionLines = 50
)

// clocks are the files that may look at a clock: entry points, the laptop, and logs of how long something took. Rules
// get the time with the event.
var clocks = []string{
	"functions/local/", "functions/internal/local/", "functions/internal/asl/clock.go", "functions/internal/story/", "functions/internal/moto/",
	"functions/internal/api/api.go", "functions/internal/api/authorizer.go", // for the log alone, and they say so
	"functions/workspaces/authorize/main.go",     // hands the clock to who fetches keys
	"functions/internal/cloud/signed/address.go", // an address says when it was signed
	"functions/internal/cloud/client/ahead.go",   // a connection that was not used for long may be dead
	"functions/tasks/found/main.go",              // no event tells CloudFormation's time
	"functions/resolve/resolve/main.go",          // hands it to who has to know how old its knowledge is
	"functions/internal/compat/smoke/",           // bounds hostile scripts by the wall
}

// environment is where variables may be read.
var environment = []string{
	"functions/internal/cloud/", "functions/internal/moto/", "functions/local/",
	"functions/internal/build/isolate/", "functions/internal/compat/smoke/", // a child learns like this that it is one
}

// unescaped are the files that may let a value pass into a page or a mail as it is.
var unescaped = []string{"functions/internal/console/markup.go", "functions/internal/console/words.go"}

// reflective are the files that may parse templates while they run: those find methods by name, so the linker keeps
// every method of each type that a value leads to.
var reflective = []string{"functions/internal/compat/html.go"}

var unfinished = regexp.MustCompile(`(?i)\b(TODO|FIXME|XXX|not implemented|placeholder)\b`)

// finding is what is wrong in one file of the program; src is its text.
func findings(name, src string) []string {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		return []string{err.Error()}
	}
	// What a template is compiled to is read by nobody, so it may be long: its template is what is counted.
	compiled := strings.HasSuffix(name, "_templ.go") && ast.IsGenerated(f)
	out := long(src, compiled)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if lines := set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1; lines > mostFunctionLines && !compiled {
				out = append(out, fmt.Sprintf("func %s has %d lines; at most %d", n.Name.Name, lines, mostFunctionLines))
			}
		case *ast.ImportSpec:
			if strings.HasSuffix(n.Path.Value, `/template"`) && !within(reflective, name) {
				out = append(out, "imports "+n.Path.Value+": pages and mails are compiled from .templ files")
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				out = append(out, selector(name, x.Name+"."+n.Sel.Name)...)
			}
		}
		return true
	})
	for _, c := range f.Comments {
		if found := unfinished.FindString(c.Text()); found != "" {
			out = append(out, fmt.Sprintf("says %q: finish it or leave it out", found))
		}
	}
	return out
}

func long(src string, compiled bool) []string {
	if n := strings.Count(src, "\n"); n > mostFileLines && !compiled {
		return []string{fmt.Sprintf("has %d lines; at most %d", n, mostFileLines)}
	}
	return nil
}

func selector(name, what string) []string {
	switch what {
	case "time.Now", "time.Since", "time.Until":
		if what == "time.Now" && !within(clocks, name) {
			return []string{"looks at the clock: time comes in as data"}
		}
	case "os.Getenv", "os.LookupEnv", "os.Environ":
		if !within(environment, name) {
			return []string{"reads the environment: only package cloud and those below it do"}
		}
	case "templ.Raw", "templ.SafeURL", "templ.SafeCSS", "templ.SafeCSSProperty", "templ.JSUnsafeFuncCall", "templ.JSExpression", "templ.FromGoHTML":
		if !within(unescaped, name) {
			return []string{"lets a value pass unescaped with " + what}
		}
	}
	return nil
}

func within(list []string, name string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(name, p) })
}

func TestFiles(t *testing.T) {
	seen := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, p)
		name = filepath.ToSlash(name)
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && name != "." || d.Name() == "testdata" || d.Name() == "project") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(name, ".templ") {
			for _, f := range long(string(file(t, name)), false) {
				t.Errorf("%s: %s", name, f)
			}
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		seen++
		for _, f := range findings(name, string(file(t, name))) {
			t.Errorf("%s: %s", name, f)
		}
		return nil
	})
	if err != nil || seen < 100 {
		t.Fatalf("looked at %d files: %v", seen, err)
	}
}

func TestPlantedTemplatesAreCounted(t *testing.T) {
	const head = "package mail\n\nimport \"time\"\n\n"
	const mark = "// Code generated by templ - DO NOT EDIT.\n\n"
	body := strings.Repeat("// a line\n", 400) + "func f() {\n" + strings.Repeat("\tf()\n", 50) + "}\n"
	for _, c := range []struct {
		name, src string
		want      int
	}{
		{"functions/internal/mail/x_templ.go", mark + head + body, 0},
		{"functions/internal/mail/x_templ.go", head + body, 2},
		{"functions/internal/mail/x.go", mark + head + body, 2},
		{"functions/internal/mail/x_templ.go", mark + head + "var at = time.Now()\n", 1},
	} {
		if got := findings(c.name, c.src); len(got) != c.want {
			t.Errorf("%s: %q, want %d", c.name, got, c.want)
		}
	}
	if long(body, false) == nil {
		t.Error("a long template is not found")
	}
}

func TestPlantedFaultsInFilesAreFound(t *testing.T) {
	const head = "package release\n\nimport (\"os\"; \"time\")\n\n"
	for name, test := range map[string]struct{ src, want string }{
		"clock":       {head + "func now() time.Time { return time.Now() }\n", "clock"},
		"environment": {head + "func table() string { return os.Getenv(\"T\") }\n", "environment"},
		"long file":   {head + strings.Repeat("// a line\n", 400), "lines"},
		"long func":   {head + "func long() {\n" + strings.Repeat("\tlong()\n", 50) + "}\n", "func long"},
		"unescaped":   {head + "var page = templ.Raw(name)\n", "unescaped"},
		"address":     {head + "var link = templ.SafeURL(name)\n", "unescaped"},
		"parsed page": {"package release\n\nimport \"html/template\"\n", "compiled"},
		"parsed mail": {"package release\n\nimport plain \"text/template\"\n", "compiled"},
		"unfinished":  {head + "// TO" + "DO: later\nfunc f() {}\n", "finish it"},
		"fine":        {head + "func f(now time.Time) time.Time { return now }\n", ""},
	} {
		got := strings.Join(findings("functions/internal/release/x.go", test.src), "; ")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
