//go:build linux

package isolate_test

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
)

// function makes the test program stand for a function that builds: it takes the archive that the variable names in, builds
// it, and says what came of that.
const functionVariable = "SLIPWAY_TEST_FUNCTION"

type outcome struct {
	Failed bool
	Err    string
	Pages  int
	Bytes  int64 // of the package
	Self   int64 // most memory that was resident, bytes
	Child  int64 // the same of the build process, which begins with what its parent had
}

func init() { roles = append(roles, function) }

func function() {
	name := os.Getenv(functionVariable)
	if name == "" {
		return
	}
	var o outcome
	if r, err := buildFile(name); err != nil {
		o.Err = err.Error()
	} else {
		o.Failed, o.Pages, o.Bytes = r.Failed, len(r.Pages), r.Size
	}
	o.Self, o.Child = resident(syscall.RUSAGE_SELF), resident(syscall.RUSAGE_CHILDREN)
	_ = json.NewEncoder(os.Stdout).Encode(o)
	os.Exit(0)
}

func resident(who int) int64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(who, &u) // fails for a wrong who only
	return u.Maxrss << 10
}

func buildFile(name string) (*build.Result, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	a, err := intake.Unpack(f, info.Size(), intake.Limits{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, endless := a.Files["endless.less"]; endless {
		ctx, cancel = context.WithTimeout(ctx, time.Second) // the function's own end comes while the project is built
		defer cancel()
	}
	return isolate.Build(ctx, a, build.Options{Version: "1.0.0"})
}

// largest is a project as large as the largest real ones: 50 pages, 5 000 files of packages, 30 MB of pictures.
func largest() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	files := map[string][]byte{"app.js": []byte("App({})"), "app.less": []byte("@c: red; .a { color: @c; }")}
	var pages []string
	for i := range 50 {
		page := fmt.Sprintf("pages/p%d/p%d", i, i)
		pages = append(pages, page)
		files[page+".js"] = fmt.Appendf(nil, "import { f%d } from 'lib/f%d'; import data from '../../data/d%d'; Page({ data, f: f%d })", i, i, i, i)
		files[page+".axml"] = slices.Repeat([]byte("<view class=\"a\" onTap=\"f\">{{data.x}}</view>\n"), 200)
		files[page+".acss"] = slices.Repeat([]byte(".a .b { margin: 10rpx 20rpx }\n"), 200)
		files[fmt.Sprintf("data/d%d.js", i)] = fmt.Appendf(nil, "export default { x: %q }", noise(20_000))
		files[fmt.Sprintf("images/i%d.png", i)] = noise(600_000)
	}
	for i := range 5_000 {
		files[fmt.Sprintf("node_modules/lib/f%d.js", i)] = fmt.Appendf(nil, "export function f%d(a) { return a ? %q : f%d(!a) }", i, noise(500), i)
	}
	files["app.json"], _ = json.Marshal(map[string]any{"pages": pages})
	return files
}

func writeZip(t *testing.T, files map[string][]byte) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "upload.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store}) // what repeats itself would look like a bomb
		if err == nil {
			_, err = w.Write(files[name])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return f.Name()
}

// TestAFunctionStaysSmallAndLeavesNothing builds the largest project in a function's place, also when the build fails and
// when the function's time ends before: memory of both processes together stays within what is promised for any project,
// and the folder for temporary files is for the next invocation as it was.
func TestAFunctionStaysSmallAndLeavesNothing(t *testing.T) {
	const most = 512 << 20
	for name, tc := range map[string]struct {
		change map[string]string
		want   func(outcome) bool
	}{
		"built":  {nil, func(o outcome) bool { return o.Pages == 50 && o.Bytes > 30e6 }},
		"failed": {map[string]string{"app.js": "require('gone'); App({})"}, func(o outcome) bool { return o.Failed }},
		"out of time": {map[string]string{"app.less": "@import './endless';", "endless.less": ".m(@i) when (@i > 0) { .w-@{i} { width: @i; } .m(@i - 1); } " + strings.Repeat(".m(300); ", 4000)},
			func(o outcome) bool { return o.Err == context.DeadlineExceeded.Error() }},
	} {
		t.Run(name, func(t *testing.T) {
			files := largest()
			for file, body := range tc.change {
				files[file] = []byte(body)
			}
			temporary := t.TempDir()
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), functionVariable+"="+writeZip(t, files), "TMPDIR="+temporary)
			cmd.Stderr = os.Stderr
			out, err := cmd.Output()
			if err != nil {
				t.Fatal(err)
			}
			var got outcome
			if err := json.Unmarshal(out, &got); err != nil || !tc.want(got) {
				t.Errorf("got %s, %v", out, err)
			}
			if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
			t.Logf("%d MiB and %d MiB", got.Self>>20, got.Child>>20)
			if !raceDetector && got.Self+got.Child > most {
				t.Errorf("the two took more than %d MiB", most>>20)
			}
		})
	}
}
