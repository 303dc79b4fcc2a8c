package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/build/less"
)

func TestASecondCheckUsesWhatTheFirstCompiled(t *testing.T) {
	const sheet = ".a { .b { width: 1px + 2px; } }"
	dir, cache := project(t, map[string]string{"app.less": sheet}), t.TempDir()
	if status, out, said := checked1(t, "--cache", cache, dir); status != exitClean {
		t.Fatal(out, said)
	}
	name := filepath.Join(cache, less.Key("app.less", sheet))
	if _, err := os.Stat(name); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(`{"CSS": ".from-the-cache { width: calc(1px"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(dir, "app.js") // or else what was found before would be found again
	if err := os.WriteFile(edited, []byte("App({ a: 1 })"), 0o600); err != nil {
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
	f := openCache(t.TempDir())
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
