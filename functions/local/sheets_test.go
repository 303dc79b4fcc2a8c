package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestASecondCheckUsesWhatTheFirstCompiled(t *testing.T) {
	dir, cache := project(t, map[string]string{"app.less": ".a { .b { width: 1px + 2px; } }"}), t.TempDir()
	if status, out, said := checked1(t, "--cache", cache, dir); status != exitClean {
		t.Fatal(out, said)
	}
	files, err := os.ReadDir(cache)
	if err != nil || len(files) != 1 {
		t.Fatalf("the cache holds %v, %v", files, err)
	}
	name := filepath.Join(cache, files[0].Name())
	if err := os.WriteFile(name, []byte(`{"CSS": ".from-the-cache { width: calc(1px"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, out, _ := checked1(t, "--cache", cache, dir); !strings.Contains(out, "app.less") {
		t.Error("the second check compiled the sheet again")
	}
	if _, out, _ := checked1(t, "--cache", "", dir); strings.Contains(out, "app.less") {
		t.Error("without a cache the check still uses it")
	}
}

func TestTheCacheIsShortenedFromItsOldEnd(t *testing.T) {
	f := openSheets(t.TempDir())
	for i := range 10 {
		key := fmt.Sprintf("%064d", i)
		f.Keep(key, make([]byte, 100))
		at := time.Unix(int64(1_000_000+i), 0)
		if err := os.Chtimes(filepath.Join(f.dir, key), at, at); err != nil {
			t.Fatal(err)
		}
	}
	f.prune(350)
	for i := range 10 {
		if kept := f.Load(fmt.Sprintf("%064d", i)) != nil; kept != (i >= 7) {
			t.Errorf("entry %d is kept: %v", i, kept)
		}
	}
}
