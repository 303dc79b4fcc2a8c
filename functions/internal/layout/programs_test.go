package layout_test

import (
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// asDeployed is how a function is built; .ci/run and the README say the same.
var asDeployed = []string{"build", "-tags", "lambda.norpc,nethttpomithttp2", "-trimpath", "-ldflags", "-s -w", "-o"}

// goBuild makes a program, or a folder of programs.
func goBuild(arch, to string, from ...string) error {
	cmd := exec.Command("go", slices.Concat(asDeployed, []string{to}, from)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %v: %w\n%s", from, err, said)
	}
	return nil
}

// shelf holds the programs of all functions, by architecture: in the folder that .ci/run has filled and named in
// SLIPWAY_PROGRAMS, where what is up to date is not made again, or in one that goes with these tests.
var shelf struct {
	sync.Mutex
	folder string
	filled map[string]bool
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shelf.folder != os.Getenv("SLIPWAY_PROGRAMS") {
		_ = os.RemoveAll(shelf.folder) // a gigabyte
	}
	os.Exit(code)
}

// programOf is the program of a function for an architecture.
func programOf(t testing.TB, arch, folder string) string {
	t.Helper()
	shelf.Lock()
	defer shelf.Unlock()
	if shelf.folder == "" {
		if shelf.folder = os.Getenv("SLIPWAY_PROGRAMS"); shelf.folder == "" {
			made, err := os.MkdirTemp("", "slipway-layout-")
			if err != nil {
				t.Fatal(err)
			}
			shelf.folder = made
		}
		shelf.filled = map[string]bool{}
	}
	to := filepath.Join(shelf.folder, arch)
	if !shelf.filled[arch] {
		for resource, folders := range byResource(mains(t)) { // within one they have different names
			if err := goBuild(arch, filepath.Join(to, resource)+"/", folders...); err != nil {
				t.Fatal(err)
			}
		}
		shelf.filled[arch] = true
	}
	return filepath.Join(to, filepath.FromSlash(folder))
}

func byResource(folders []string) map[string][]string {
	out := map[string][]string{}
	for _, f := range folders {
		out[path.Dir(f)] = append(out[path.Dir(f)], "./functions/"+f)
	}
	return out
}
