package build_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/signature"
)

// bakery is the fixture as a project.
func bakery(t *testing.T) map[string]string {
	t.Helper()
	src, err := os.ReadFile("testdata/bakery.txt")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, part := range strings.Split(string(src), "\n-- ")[1:] {
		name, body, ok := strings.Cut(part, " --\n")
		if !ok {
			t.Fatalf("bad fixture at %q", part)
		}
		files[name] = body + "\n"
	}
	return files
}

var bakeryOptions = build.Options{Version: "1.4.2", MiniProgram: "mp_1", TargetApp: "app_1", Environment: "production", EnvironmentVariables: map[string]string{"API_BASE": `https://x.example/"q"`}}

func TestARealProjectBuildsAndRuns(t *testing.T) {
	r := run(t, bakery(t), bakeryOptions)
	var rules []string
	for _, d := range r.Diagnostics {
		rules = append(rules, d.Severity+" "+d.Rule+" "+d.File)
	}
	want := []string{"warning lenient-json mini.project.json", "warning lenient-json mini/app.json", "warning page-path mini/app.json", "warning duplicate-page mini/app.json"}
	if diff := cmp.Diff(want, rules); diff != "" {
		t.Fatalf("diagnostics: %s\n%s", diff, r.Log)
	}
	h := newHost(r.Files)
	for _, file := range []string{"app.js", "pages/index/index.js", "pages/detail/detail.js", "pages/ts/ts.js", "extra/pages/more/more.js"} {
		if _, err := h.eval(file); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	got := []any{h.App["env"], h.App["mode"], h.App["other"]}
	for _, page := range h.Pages {
		got = append(got, page["data"])
	}
	shown, _ := json.Marshal(got)
	wantShown := `["https://x.example/\"q\"","production",true,` +
		`{"env":"browser","list":3,"loaves":3,"nothing":"undefined","ring":"aba"},` +
		`{"loaves":3,"self":true},{"kind":7,"name":"rye"},{"loaves":5}]`
	if diff := cmp.Diff(wantShown, string(shown)); diff != "" {
		t.Error(diff)
	}
	fmt, err := h.eval("pages/index/fmt.sjs")
	if err != nil || fmt.ToObject(h.vm).Get("two") == nil {
		t.Errorf("the .sjs module does not run: %v", err)
	}
}

func TestTheBuiltTree(t *testing.T) {
	r := run(t, bakery(t), bakeryOptions)
	want := strings.Fields(`app.acss app.js app.json components/card/index.axml components/card/index.js components/card/index.json
		components/tree/tree.axml components/tree/tree.js components/tree/tree.json extra/pages/more/more.acss extra/pages/more/more.axml extra/pages/more/more.js
		images/bg.png node_modules/nice-ui/es/button/index.acss node_modules/nice-ui/es/button/index.axml node_modules/nice-ui/es/button/index.js node_modules/nice-ui/es/button/index.json
		node_modules/tiny-store/es/browser.js node_modules/tiny-store/es/index.js pages/detail/detail.axml pages/detail/detail.js
		pages/index/fmt.sjs pages/index/help.sjs pages/index/index.axml pages/index/index.js pages/index/index.json pages/ts/ts.axml pages/ts/ts.js
		shared/a.js shared/b.js shared/data.json shared/data.json.js shared/old.js shared/store.js templates/line.axml`)
	if diff := cmp.Diff(want, keys(r.Files)); diff != "" {
		t.Error(diff)
	}
	if got, want := string(r.Files["app.json"]), `{"pages":["pages/index/index","pages/detail/detail","pages/ts/ts"],"subPackages":[{"pages":["pages/more/more"],"root":"extra"}],"tabBar":{"items":[]},"usingComponents":{"nice-button":"/node_modules/nice-ui/es/button/index"},"window":{}}`; got != want {
		t.Errorf("app.json\n%s\nwant\n%s", got, want)
	}
	if got, want := string(r.Files["pages/index/index.json"]), `{"defaultTitle":"Bakery","price":12345678901234567890,"usingComponents":{"card":"/components/card/index","plug":"plugin://p/x","tree":"/components/tree/tree"}}`; got != want {
		t.Errorf("index.json\n%s\nwant\n%s", got, want)
	}
	style := string(r.Files["extra/pages/more/more.acss"])
	for _, part := range []string{"color:red", "10rpx 20rpx", "/images/bg.png"} {
		if !strings.Contains(style, part) {
			t.Errorf("the style lacks %s: %s", part, style)
		}
	}
	for _, newer := range []string{"async ", "?.", "??", "import("} {
		if strings.Contains(string(r.Files["pages/detail/detail.js"]), newer) {
			t.Errorf("%s is newer than ES2015", newer)
		}
	}
}

func TestSourceMapsNameTheMerchantsFiles(t *testing.T) {
	fixture := bakery(t)
	r := run(t, fixture, bakeryOptions)
	for name, src := range r.SourceMaps {
		var m struct{ Sources, SourcesContent []string }
		if err := json.Unmarshal(src, &m); err != nil || len(m.Sources) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		if !slices.ContainsFunc(m.Sources, func(s string) bool { return fixture["shop/"+s] != "" }) {
			t.Errorf("%s is mapped to %q", name, m.Sources)
		}
	}
	if len(r.SourceMaps) < 12 {
		t.Errorf("%d source maps", len(r.SourceMaps))
	}
	for name := range r.Files {
		if strings.HasSuffix(name, ".map") {
			t.Errorf("%s is in the package", name)
		}
	}
}

type signer struct{ key ed25519.PrivateKey }

func (s signer) Sign(_ context.Context, digest []byte) ([]byte, string, error) {
	sig, err := signature.Sign(s.key, digest)
	return sig, "key-1", err
}

func TestThePackageIsWhatItsManifestSays(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	o := bakeryOptions
	o.Signer = signer{key}
	r := run(t, bakery(t), o)
	digest := sha256.Sum256(r.Package)
	if hex.EncodeToString(digest[:]) != r.SHA256 || int64(len(r.Package)) != r.Size || r.KeyID != "key-1" {
		t.Error("digest, size or key id is wrong")
	}
	if !signature.Verify(key.Public().(ed25519.PublicKey), digest[:], r.Signature) {
		t.Error("the signature does not verify")
	}
	digest[0]++
	if signature.Verify(key.Public().(ed25519.PublicKey), digest[:], r.Signature) {
		t.Error("the signature verifies for another digest")
	}
	if ed25519.Verify(key.Public().(ed25519.PublicKey), digest[:], ed25519.Sign(key, digest[:])) && signature.Verify(key.Public().(ed25519.PublicKey), digest[:], ed25519.Sign(key, digest[:])) {
		t.Error("a signature without the domain verifies")
	}
	files := unzip(t, r.Package)
	var m build.Manifest
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r.Manifest, m); diff != "" {
		t.Error(diff)
	}
	if m.Version != "1.4.2" || m.MiniProgram != "mp_1" || m.TargetApp != "app_1" || m.Environment != "production" || len(m.Tools) < 3 {
		t.Errorf("manifest %+v", m)
	}
	for _, part := range m.SubPackages {
		b := files[part.File]
		if sum(b) != part.SHA256 || int64(len(b)) != part.Size || !bytes.Equal(b, r.Parts[part.Root]) {
			t.Errorf("the part %s is not what the manifest says", part.Root)
		}
		delete(files, part.File)
		for name, b := range unzip(t, b) {
			if !strings.HasPrefix(name, part.Root+"/") || m.Files[name].SubPackage != part.Root {
				t.Errorf("%s does not belong to %s", name, part.Root)
			}
			files[name] = b
		}
	}
	delete(files, "manifest.json")
	if diff := cmp.Diff(keys(m.Files), keys(files)); diff != "" {
		t.Error(diff)
	}
	for name, b := range files {
		if sum(b) != m.Files[name].SHA256 || int64(len(b)) != m.Files[name].Size || !bytes.Equal(b, r.Files[name]) {
			t.Errorf("%s is not what the manifest says", name)
		}
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func unzip(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	last := ""
	for _, f := range z.File {
		if f.Name <= last {
			t.Errorf("%s comes after %s", f.Name, last)
		}
		last = f.Name
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// TestEveryReaderTakesNamesAndTimes: where the format leaves a choice, readers differ.
func TestEveryReaderTakesNamesAndTimes(t *testing.T) {
	r := run(t, map[string]string{"app.json": `{"pages": ["a/a"]}`, "app.js": "App({})", "a/a.js": "Page({})", "a/a.axml": "<view/>", "图片/首页.txt": "x"}, build.Options{})
	z, err := zip.NewReader(bytes.NewReader(r.Package), r.Size)
	if err != nil {
		t.Fatal(err)
	}
	unicode := 0
	for _, f := range z.File {
		if ascii := strings.IndexFunc(f.Name, func(r rune) bool { return r > '~' }) < 0; ascii != (f.Flags&(1<<11) == 0) {
			t.Errorf("%s has the flags %x", f.Name, f.Flags)
		} else if !ascii {
			unicode++
		}
		if !f.Modified.Equal(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s is of %v", f.Name, f.Modified)
		}
	}
	if unicode != 1 {
		t.Errorf("%d names beyond ASCII", unicode)
	}
}

func TestTheSameProjectGivesTheSameBytes(t *testing.T) {
	fixture := bakery(t)
	first := run(t, fixture, bakeryOptions)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, procs := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(procs)
		t.Chdir(t.TempDir())
		moved := map[string]string{}
		for name, body := range fixture {
			moved[strings.Replace(name, "shop/", "another folder/", 1)] = body
		}
		again := run(t, moved, bakeryOptions)
		if again.SHA256 != first.SHA256 {
			t.Fatalf("with %d cores the package is another one", procs)
		}
		if diff := cmp.Diff(first.SourceMaps, again.SourceMaps); diff != "" {
			t.Error("source maps differ")
		}
		if again.Log != first.Log {
			t.Error("logs differ")
		}
	}
}

func TestWhatThePackageDependsOn(t *testing.T) {
	base := run(t, bakery(t), bakeryOptions).SHA256
	o := bakeryOptions
	o.EnvironmentVariables = map[string]string{"API_BASE": "https://y.example"}
	if run(t, bakery(t), o).SHA256 == base {
		t.Error("an environment variable changes nothing")
	}
	o = bakeryOptions
	o.Environment = "sandbox"
	if run(t, bakery(t), o).SHA256 == base {
		t.Error("the target changes nothing")
	}
	if r := run(t, bakery(t), build.Options{EnvironmentVariables: map[string]string{"a-b": "x"}}); !r.Failed {
		t.Error("a variable nobody can read was accepted")
	}
}

func TestABuildStops(t *testing.T) {
	p, _ := load(t, bakery(t))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := build.Build(ctx, p, bakeryOptions); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestPageSizesCountEverythingOnce(t *testing.T) {
	r := run(t, small(map[string]string{"pages/home/home.js": "require('../../a'); require('../../b'); Page({})", "a.js": "require('./b')", "b.js": "exports.x = 1"}), build.Options{})
	var want int64
	for _, name := range []string{"pages/home/home.js", "pages/home/home.axml", "a.js", "b.js", "app.js", "app.json"} {
		want += int64(len(r.Files[name]))
	}
	if len(r.Pages) != 1 || r.Pages[0].Total != want || r.Pages[0].Own >= want {
		t.Errorf("%+v, want a total of %d", r.Pages, want)
	}
}

func TestTheManifestNamesTheToolsInUse(t *testing.T) {
	mod, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	tools := run(t, small(nil), build.Options{}).Manifest.Tools
	for module, name := range map[string]string{"github.com/evanw/esbuild": "esbuild", "github.com/klauspost/compress": "compress"} {
		if version := tools[name]; version == "" || !strings.Contains(string(mod), module+" "+version) {
			t.Errorf("the manifest says %s %q, go.mod another version", name, version)
		}
	}
}

func TestLessAndCSSMix(t *testing.T) {
	r := run(t, small(map[string]string{
		"app.less":             "@import './styles/vars'; .a { color: @red; .b { width: @w * 2; background: url(./x.png); } }",
		"styles/vars.less":     "@red: #f00; @w: 10rpx; .v { background: url(../images/v.png); }",
		"pages/home/home.acss": "@import '../../styles/vars.less'; .h { top: 0 }",
	}), build.Options{})
	if r.Failed || len(r.Diagnostics) > 0 {
		t.Fatal(r.Log)
	}
	got := []string{strings.TrimSpace(string(r.Files["app.acss"])), strings.TrimSpace(string(r.Files["pages/home/home.acss"]))}
	want := []string{".v{background:url(/images/v.png)}.a{color:red}.a .b{width:20rpx;background:url(/x.png)}", ".v{background:url(/images/v.png)}.h{top:0}"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAMissingExportIsToldOnceAndOnlyWhereItIsCertain(t *testing.T) {
	r := run(t, small(map[string]string{
		"app.js": "import { a, gone } from './esm'; import { b } from './cjs'; import { c } from './star'; import { d } from './only'; App({ a, gone, b, c, d })",
		"esm.js": "export const a = 1", "cjs.js": "exports.x = 1", "only.js": "export default { d: 1 }", "star.js": "export * from './cjs'",
	}), build.Options{})
	var got []string
	for _, d := range r.Diagnostics {
		got = append(got, d.Message)
	}
	if diff := cmp.Diff([]string{`No matching export in "esm.js" for import "gone".`}, got); r.Failed || diff != "" {
		t.Error(diff)
	}
}
