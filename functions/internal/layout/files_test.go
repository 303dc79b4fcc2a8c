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
	"functions/workspaces/authorize/main.go", // hands the clock to who fetches keys
	"functions/tasks/found/main.go",          // no event tells CloudFormation's time
	"functions/resolve/resolve/main.go",      // hands it to who has to know how old its knowledge is
	"functions/internal/compat/smoke/",       // bounds hostile scripts by the wall
}

// environment is where variables may be read.
var environment = []string{
	"functions/internal/cloud/", "functions/internal/moto/", "functions/local/",
	"functions/internal/build/isolate/", "functions/internal/compat/smoke/", // a child learns like this that it is one
}

var unfinished = regexp.MustCompile(`(?i)\b(TODO|FIXME|XXX|not implemented|placeholder)\b`)

// finding is what is wrong in one file of the program; src is its text.
func findings(name, src string) []string {
	var out []string
	if n := strings.Count(src, "\n"); n > mostFileLines {
		out = append(out, fmt.Sprintf("has %d lines; at most %d", n, mostFileLines))
	}
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		return append(out, err.Error())
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if lines := set.Position(n.End()).Line - set.Position(n.Pos()).Line + 1; lines > mostFunctionLines {
				out = append(out, fmt.Sprintf("func %s has %d lines; at most %d", n.Name.Name, lines, mostFunctionLines))
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

func selector(name, what string) []string {
	within := func(list []string) bool {
		return slices.ContainsFunc(list, func(p string) bool { return strings.HasPrefix(name, p) })
	}
	switch what {
	case "time.Now", "time.Since", "time.Until":
		if what == "time.Now" && !within(clocks) {
			return []string{"looks at the clock: time comes in as data"}
		}
	case "os.Getenv", "os.LookupEnv", "os.Environ":
		if !within(environment) {
			return []string{"reads the environment: only package cloud and those below it do"}
		}
	}
	return nil
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

func TestPlantedFaultsInFilesAreFound(t *testing.T) {
	const head = "package release\n\nimport (\"os\"; \"time\")\n\n"
	for name, test := range map[string]struct{ src, want string }{
		"clock":       {head + "func now() time.Time { return time.Now() }\n", "clock"},
		"environment": {head + "func table() string { return os.Getenv(\"T\") }\n", "environment"},
		"long file":   {head + strings.Repeat("// a line\n", 400), "lines"},
		"long func":   {head + "func long() {\n" + strings.Repeat("\tlong()\n", 50) + "}\n", "func long"},
		"unfinished":  {head + "// TO" + "DO: later\nfunc f() {}\n", "finish it"},
		"fine":        {head + "func f(now time.Time) time.Time { return now }\n", ""},
	} {
		got := strings.Join(findings("functions/internal/release/x.go", test.src), "; ")
		if (test.want == "") != (got == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
