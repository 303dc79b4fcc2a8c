package layout_test

import (
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "slipway/"

// arrow says what a package, or all below a path that ends in /..., may import beyond the standard library. Paths below
// slipway/functions/internal are written from there with a dot.
type arrow struct {
	from string
	to   []string
}

// domain is the heart: rules over values. It may import itself, and nothing that does anything.
var domain = []string{"./pattern", "./approval", "./catalog", "./release", "./removal", "./rollout", "./fault", "./compat/profile"}

// sdk is what is common to all services of the AWS SDK.
var sdk = []string{"github.com/aws/aws-sdk-go-v2/aws/..."}

// service is what an adapter to one service of AWS may import: a function links no client that it does not call.
func service(name string) []string {
	own := "github.com/aws/aws-sdk-go-v2/service/" + name + "/..."
	return slices.Concat([]string{"./cloud", "./cloud/client", own, "github.com/aws/smithy-go/..."}, sdk, domain)
}

// arrows is the picture of style.md as data. A package that is not in it fails the test, so a new one is a decision.
var arrows = []arrow{
	{"./fault", nil},
	{"./pattern", nil}, // lazy regular expressions
	{"./approval", domain},
	{"./catalog", domain},
	{"./release", domain},
	{"./removal", domain},
	{"./removal/picture", nil},
	{"./rollout", append([]string{"github.com/cespare/xxhash/v2"}, domain...)}, // the bucket of spec 7; a hash has no ideas of its own

	{"./keyring", []string{"./build/signature"}},

	{"./store", domain},
	{"./store/limits", []string{"./store", "./fault"}},
	{"./store/fresh", append([]string{"./store"}, domain...)}, // what a function knows of placements, and how old that is
	{"./review", append([]string{"./store", "./mail"}, domain...)},

	{"./build/...", []string{"./build/...", "./fault", "./pattern", "github.com/evanw/esbuild/...", "github.com/klauspost/compress/...", "github.com/tailscale/hujson", "golang.org/x/text/...", "github.com/dop251/goja/..."}},
	{"./compat/...", []string{"./compat/...", "./build/...", "./fault", "./pattern", "github.com/tailscale/hujson", "github.com/dop251/goja/...", "github.com/evanw/esbuild/...",
		"github.com/dlclark/regexp2/...", "github.com/go-sourcemap/sourcemap", "golang.org/x/sys/unix", "golang.org/x/text/..."}},
	{"./mail", []string{"./fault", "github.com/a-h/templ/..."}},
	{"./console", []string{"./fault", "./pattern", "github.com/a-h/templ/..."}},
	{"./qr", []string{"./fault", "github.com/boombuler/barcode/..."}},
	{"./asl", nil}, // knows nothing of releases
	{"./asl/journal", []string{"./asl", "go.etcd.io/bbolt"}}, // how an execution survives, on disk

	{"./api/strict", []string{"./fault"}},
	{"./api/identity", []string{"./api", "./fault", "github.com/coreos/go-oidc/..."}},
	{"./api/upload", []string{"./build/intake", "./fault"}},
	{"./api", append([]string{"./api/strict", "./store", "./store/fresh", "./review", "./console", "./mail", "./qr", "./keyring", "github.com/klauspost/compress/gzip",
		"github.com/aws/aws-lambda-go/events"}, domain...)},
	{"./task", append([]string{"./store", "./review", "./mail", "github.com/aws/aws-lambda-go/events", "github.com/aws/aws-lambda-go/lambda/messages"}, domain...)},
	{"./task/workshop", append([]string{"./task", "./store", "./mail", "./build/...", "./compat"}, domain...)},

	{"./cloud", domain}, // the environment, for mains too
	{"./cloud/client", append([]string{"./cloud", "github.com/aws/smithy-go/..."}, slices.Concat(sdk, domain)...)},
	{"./cloud/signed", slices.Concat([]string{"./cloud", "./cloud/client", "github.com/aws/smithy-go/encoding/httpbinding"}, sdk, domain)},
	{"./cloud/bucket", append(service("s3"), "./cloud/signed")},
	{"./cloud/dynamo", append(service("dynamodb"), "./store", "./store/limits")},
	{"./cloud/secrets", append(service("secretsmanager"), "./keyring")},
	{"./cloud/ses", append(service("sesv2"), "./mail")},
	{"./cloud/states", service("sfn")},
	{"./local/table", []string{"./store", "./store/limits", "./fault", "go.etcd.io/bbolt/..."}},
	{"./local", append([]string{"./local/...", "./removal/picture", "./api/...", "./task/...", "./keyring", "./store", "./mail", "./console", "./build/...", "./compat/...", "./asl/...", "go.etcd.io/bbolt/...",
		module + "statemachines", "github.com/aws/aws-lambda-go/...", "github.com/go-jose/go-jose/v4/...", "github.com/coreos/go-oidc/..."}, domain...)},
	{module + "functions/local", []string{"./local", "./api/strict", "./build/...", "./compat/...", "./fault"}}, // settings in a file are read as those in a body
	{module + "statemachines", nil},

	// What only tests import may look at everything.
	{"./api/contracttest", []string{"./...", "github.com/getkin/kin-openapi/..."}},
	{"./store/storetest", []string{"./...", "github.com/google/go-cmp/cmp", "pgregory.net/rapid"}},
	{"./cloud/cloudtest", []string{"./fault"}},
	{"./moto/...", []string{"./...", "github.com/aws/...", "github.com/go-jose/go-jose/v4/..."}},
	{"./story", []string{"./...", module + "statemachines", "github.com/google/go-cmp/cmp"}},
	{"./phone", []string{"github.com/chromedp/chromedp/..."}},
	{"./hostile", nil},
	{"./layout", nil},
}

// entryPoint is what the mains of Lambda functions may import: they compose, so they alone see the packages of cloud. Two of them
// also begin as a child process of themselves, in which strangers' projects are built and run.
var entryPoint = []string{"./api/...", "./task/...", "./approval", "./cloud", "./cloud/bucket", "./cloud/dynamo", "./cloud/secrets", "./cloud/ses", "./cloud/signed", "./cloud/states", "./build/isolate", "./compat/smoke", "./removal/picture", "github.com/aws/aws-lambda-go/lambda"}

// onlyInTests are packages that no running program may hold.
var onlyInTests = []string{"./api/contracttest", "./store/storetest", "./cloud/cloudtest", "./moto/...", "./story", "./phone", "./hostile", "./layout"}

// full writes a pattern of the table as an import path.
func full(pattern string) string {
	if rest, ok := strings.CutPrefix(pattern, "./"); ok {
		return module + "functions/internal/" + rest
	}
	return pattern
}

func matches(pattern, importPath string) bool {
	pattern = full(pattern)
	if prefix, ok := strings.CutSuffix(pattern, "/..."); ok {
		return importPath == prefix || strings.HasPrefix(importPath, prefix+"/")
	}
	return importPath == pattern
}

func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".") && importPath != "slipway" && !strings.HasPrefix(importPath, module)
}

// allowed is the list of the first arrow that fits a package.
func allowed(importPath string) (list []string, ok bool) {
	for _, a := range arrows {
		if matches(a.from, importPath) {
			return a.to, true
		}
	}
	if dir := path.Dir(path.Dir(importPath)); dir == module+"functions" && !matches("./...", importPath) {
		return entryPoint, true
	}
	return nil, false
}

// wrongArrows names each import that the table does not have.
func wrongArrows(importPath string, imports []string) []string {
	list, ok := allowed(importPath)
	if !ok {
		return []string{importPath + " is not in the table of arrows; say there what it may import"}
	}
	var out []string
	for _, i := range imports {
		if !standard(i) && !slices.ContainsFunc(list, func(p string) bool { return matches(p, i) }) {
			out = append(out, fmt.Sprintf("%s imports %s", importPath, i))
		}
	}
	return out
}

type goPackage struct {
	ImportPath   string
	Imports      []string
	Deps         []string
	GoFiles      []string
	TestImports  []string
	XTestImports []string
	Dir          string
	Error        *struct{ Err string }
}

func goList(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps=false", "-json=ImportPath,Imports,Deps,GoFiles,TestImports,XTestImports,Dir,Error", "./...")
	cmd.Dir = root
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var list []goPackage
	for decoder := json.NewDecoder(out); ; {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
	if err := cmd.Wait(); err != nil || len(list) == 0 {
		t.Fatalf("go list: %v, %d packages", err, len(list))
	}
	return list
}

func TestArrows(t *testing.T) {
	for _, p := range goList(t) {
		for _, w := range wrongArrows(p.ImportPath, p.Imports) {
			t.Error(w)
		}
		if !strings.HasPrefix(p.ImportPath, module+"functions/internal/") {
			holdProgram(t, p)
		}
	}
}

// clients are those of the SDK through which Slipway speaks to AWS, by the package that does. They are part of the product's
// given shape: a protocol of our own would start faster, and would be ours to keep up with AWS for ever.
var clients = map[string]string{
	"./cloud/bucket": "s3", "./cloud/dynamo": "dynamodb", "./cloud/secrets": "secretsmanager", "./cloud/ses": "sesv2", "./cloud/states": "sfn",
}

func TestAWSIsSpokenToThroughTheSDK(t *testing.T) {
	found := 0
	for _, p := range goList(t) {
		for from, c := range clients {
			if p.ImportPath != full(from) {
				continue
			}
			if found++; !slices.Contains(p.Imports, "github.com/aws/aws-sdk-go-v2/service/"+c) {
				t.Errorf("%s does not use the SDK's client of %s", p.ImportPath, c)
			}
		}
	}
	if found != len(clients) {
		t.Errorf("%d adapters of %d are there", found, len(clients))
	}
}

// holdProgram looks at everything that ends up in a program.
func holdProgram(t *testing.T, p goPackage) {
	t.Helper()
	local := p.ImportPath == module+"functions/local"
	for _, d := range p.Deps {
		switch {
		case slices.ContainsFunc(onlyInTests, func(o string) bool { return matches(o, d) }):
			t.Errorf("%s holds %s, which is for tests", p.ImportPath, d)
		case local && (matches("./cloud/...", d) || matches("github.com/aws/aws-sdk-go-v2/...", d)):
			t.Errorf("the laptop holds %s", d)
		case !local && (matches("./local/...", d) || matches("./asl/...", d)):
			t.Errorf("%s holds %s, which is for laptops", p.ImportPath, d)
		}
	}
}

func TestPlantedArrowsAreFound(t *testing.T) {
	for name, test := range map[string]struct {
		from, imports string
		want          int
	}{
		"a rule that stores":      {"slipway/functions/internal/release", "slipway/functions/internal/store", 1},
		"a rule that calls AWS":   {"slipway/functions/internal/catalog", "github.com/aws/aws-sdk-go-v2/aws", 1},
		"an event in a rule":      {"slipway/functions/internal/approval", "github.com/aws/aws-lambda-go/events", 1},
		"cloud in a handler":      {"slipway/functions/internal/api", "slipway/functions/internal/cloud", 1},
		"cloud on a laptop":       {"slipway/functions/local", "slipway/functions/internal/cloud", 1},
		"two services in one":     {"slipway/functions/internal/cloud/dynamo", "github.com/aws/aws-sdk-go-v2/service/s3", 1},
		"a client in a main":      {"slipway/functions/releases/apply", "slipway/functions/internal/cloud/client", 1},
		"a laptop in a main":      {"slipway/functions/releases/apply", "slipway/functions/internal/local", 1},
		"releases in the machine": {"slipway/functions/internal/asl", "slipway/functions/internal/release", 1},
		"a new package":           {"slipway/functions/internal/helpers", "fmt", 1},
		"rules among themselves":  {"slipway/functions/internal/release", "slipway/functions/internal/rollout", 0},
		"the standard library":    {"slipway/functions/internal/release", "time", 0},
		"cloud in a main":         {"slipway/functions/releases/apply", "slipway/functions/internal/cloud/dynamo", 0},
	} {
		if got := wrongArrows(test.from, []string{test.imports}); len(got) != test.want {
			t.Errorf("%s: %q, want %d", name, got, test.want)
		}
	}
}
