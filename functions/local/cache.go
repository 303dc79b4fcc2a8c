package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// cacheFiles keeps compiled sheets and what checks found in a folder, so that the next check of the same project is quick.
// It is a cache: what cannot be read or written is made again, and nobody is told.
type cacheFiles struct{ dir string }

const maxCache = 64 << 20 // bytes that the folder may hold when a check begins

// openCache makes the folder and shortens it. Files in it are the user's own, and no other user's.
func openCache(dir string) *cacheFiles {
	_ = os.MkdirAll(dir, 0o700)
	f := &cacheFiles{dir: dir}
	f.prune(maxCache)
	return f
}

// defaultCache is where they are kept unless somebody says otherwise; "" where the system has no such place.
func defaultCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "slipway", "check")
}

// Load gives the entry of a key, which is hexadecimal and so a safe name.
func (f *cacheFiles) Load(key string) []byte {
	data, err := os.ReadFile(filepath.Join(f.dir, key))
	if err != nil {
		return nil
	}
	return data
}

// Keep writes beside and renames, so that a check at the same time reads a whole entry or none.
func (f *cacheFiles) Keep(key string, entry []byte) {
	temporary, err := os.CreateTemp(f.dir, "new-*")
	if err != nil {
		return
	}
	_, failed := temporary.Write(entry)
	if closed := temporary.Close(); failed != nil || closed != nil || os.Rename(temporary.Name(), filepath.Join(f.dir, key)) != nil {
		_ = os.Remove(temporary.Name())
	}
}

// prune takes the oldest files away until so many bytes are left.
func (f *cacheFiles) prune(most int64) {
	type kept struct {
		name string
		size int64
		at   time.Time
	}
	var list []kept
	entries, _ := os.ReadDir(f.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			list = append(list, kept{e.Name(), info.Size(), info.ModTime()})
		}
	}
	slices.SortFunc(list, func(a, b kept) int { return cmp.Or(b.at.Compare(a.at), cmp.Compare(a.name, b.name)) })
	for _, k := range list {
		if most -= k.size; most < 0 {
			_ = os.Remove(filepath.Join(f.dir, k.name))
		}
	}
}
