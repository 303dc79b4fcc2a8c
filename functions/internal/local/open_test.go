package local_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/functions/internal/local"
)

// TestOneServerMakesTheKeys: a second server on the same folder is refused before it could replace the keys, on which
// every link and signature given out depends.
func TestOneServerMakesTheKeys(t *testing.T) {
	dir := t.TempDir()
	first, err := local.Open(local.Options{Data: dir, Base: "http://127.0.0.1:8080"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { first.Close() })
	file := filepath.Join(dir, "keys.json")
	made, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil { // as the second one sees it when both start at once
		t.Fatal(err)
	}
	if second, err := local.Open(local.Options{Data: dir, Base: "http://127.0.0.1:8081"}); err == nil {
		second.Close()
		t.Fatal("two servers opened one folder")
	}
	if again, err := os.ReadFile(file); err == nil {
		t.Errorf("the second server made keys of its own: the same as the first's: %t", bytes.Equal(made, again))
	}
}

// TestKeysAreWhole: a file of keys that lost some of them is named, and no server starts with the rest.
func TestKeysAreWhole(t *testing.T) {
	for _, broken := range []string{`{}`, `{"identity": "AAAA"}`, `null`, `[`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "keys.json"), []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		server, err := local.Open(local.Options{Data: dir, Base: "http://127.0.0.1:8080"})
		if err == nil {
			server.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "keys") {
			t.Errorf("%s: %v, want an error about the keys", broken, err)
		}
	}
}
