package layout_test

import (
	"slices"
	"strings"
	"testing"
)

// heavy are modules that weigh more than a function, and the few mains that may link them.
var heavy = []struct {
	modules []string
	mains   []string
}{
	{ // compilers and the script engine: what builds, and what tests
		[]string{"github.com/evanw/esbuild/", "github.com/dop251/goja"},
		[]string{"tasks/build", "tasks/test", "local"},
	},
	{ // what only the laptop, or only tests, have a use for
		[]string{"go.etcd.io/bbolt", "github.com/chromedp/", "github.com/getkin/kin-openapi/", "go.yaml.in/yaml/"},
		[]string{"local"},
	},
	// What reads images, and the tables of all languages, which the script engine asks for.
	{[]string{"image/jpeg"}, []string{"requests/force-remove", "tasks/build", "tasks/test", "local"}},
	{[]string{module + "functions/internal/removal/picture"}, []string{"requests/force-remove", "local"}},
	{[]string{"golang.org/x/text/language", "golang.org/x/text/cases"}, []string{"tasks/build", "tasks/test", "local"}},
	{[]string{"github.com/coreos/go-oidc/", "github.com/go-jose/"}, []string{"workspaces/authorize", "local"}},
	// Looking for profiles and sign-ins takes a start longer than the rest of it, and finds nothing in a function.
	{[]string{"github.com/aws/aws-sdk-go-v2/config"}, nil},
	// Since it serializes by schemas, a service's client describes every shape of the service before main begins: DynamoDB's
	// takes half a millisecond and 590 KB of each start, a quarter of a whole one that says hello. go.mod stays below that.
	{[]string{awsService + "dynamodb/schemas", awsService + "secretsmanager/schemas", awsService + "sesv2/schemas", awsService + "sfn/schemas", awsService + "s3/schemas"}, nil},
}

const awsService = "github.com/aws/aws-sdk-go-v2/service/"

// overweight names what a main links and should not.
func overweight(main string, deps []string) (out []string) {
	for _, h := range heavy {
		if slices.Contains(h.mains, main) {
			continue
		}
		for _, m := range h.modules {
			if slices.ContainsFunc(deps, func(d string) bool { return strings.HasPrefix(d, m) }) {
				out = append(out, m)
			}
		}
	}
	return out
}

func TestOnlyFewMainsLinkWhatIsHeavy(t *testing.T) {
	for _, p := range goList(t) {
		main, ok := strings.CutPrefix(p.ImportPath, module+"functions/")
		if !ok || strings.HasPrefix(main, "internal/") {
			continue
		}
		for _, m := range overweight(main, p.Deps) {
			t.Errorf("functions/%s links %s; only what needs it may (go list -deps says by which way it comes)", main, m)
		}
	}
}

func TestPlantedWeightIsFound(t *testing.T) {
	esbuild := []string{"fmt", "github.com/evanw/esbuild/pkg/api"}
	if got := overweight("releases/apply", esbuild); len(got) != 1 {
		t.Errorf("a compiler in releases/apply: %q", got)
	}
	if got := overweight("tasks/build", esbuild); len(got) != 0 {
		t.Errorf("a compiler in tasks/build: %q", got)
	}
	for _, planted := range []string{"github.com/aws/aws-sdk-go-v2/config", awsService + "dynamodb/schemas", module + "functions/internal/removal/picture"} {
		if got := overweight("tasks/build", []string{planted}); len(got) != 1 {
			t.Errorf("%s: %q", planted, got)
		}
	}
}
