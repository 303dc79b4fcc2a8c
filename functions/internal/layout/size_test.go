package layout_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A function is fetched whole before it first starts, so its zip is part of every cold start.
const mostZip = 3_500_000 // bytes

// largeZips are the functions that weigh more, with what they may weigh and why.
var largeZips = map[string]int64{
	"tasks/build": 11_000_000, // carries the compilers
	"tasks/test":  12_000_000, // carries the script engine
}

// onlyInCI skips what builds every function, unless CI asks for it.
func onlyInCI(t testing.TB) {
	t.Helper()
	if os.Getenv("CI") != "true" {
		t.Skip("builds every function, which takes minutes; CI=true go test ./functions/internal/layout does it")
	}
}

// zipped is the size of a zip with the program in it; CI has the tool.
func zipped(t testing.TB, program string) int64 {
	t.Helper()
	to := filepath.Join(t.TempDir(), "function.zip")
	if said, err := exec.Command("zip", "-9", "-q", "-j", to, program).CombinedOutput(); err != nil {
		t.Fatalf("zip: %v\n%s", err, said)
	}
	info, err := os.Stat(to)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// tooLarge says what is wrong with the size of a function's zip.
func tooLarge(folder string, size int64) string {
	most, named := largeZips[folder]
	switch {
	case !named && size > mostZip:
		return fmt.Sprintf("functions/%s is a zip of %d bytes; at most %d are allowed (go tool nm -size says what weighs)", folder, size, mostZip)
	case named && size > most:
		return fmt.Sprintf("functions/%s is a zip of %d bytes; even with what it carries at most %d are allowed", folder, size, most)
	case named && size <= mostZip:
		return fmt.Sprintf("functions/%s is a zip of %d bytes and needs no exception any more", folder, size)
	}
	return ""
}

func TestZipsAreSmall(t *testing.T) {
	onlyInCI(t)
	for _, folder := range mains(t) {
		t.Run(folder, func(t *testing.T) {
			t.Parallel() // it waits for another program
			size := zipped(t, programOf(t, "arm64", folder))
			t.Logf("%d bytes", size)
			if wrong := tooLarge(folder, size); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

func TestPlantedSizesAreFound(t *testing.T) {
	for _, c := range []struct {
		folder string
		size   int64
		wrong  bool
	}{
		{"releases/apply", mostZip, false}, {"releases/apply", mostZip + 1, true},
		{"tasks/build", 9_000_000, false}, {"tasks/build", 13_000_000, true}, {"tasks/build", 3_000_000, true},
	} {
		if got := tooLarge(c.folder, c.size); (got != "") != c.wrong {
			t.Errorf("%s of %d bytes: %q", c.folder, c.size, got)
		}
	}
}
