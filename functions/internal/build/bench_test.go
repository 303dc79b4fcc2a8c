package build_test

import (
	"archive/zip"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway/functions/internal/build"
)

// texts are the files of the folder that SLIPWAY_TREE names, for example a component library, or else some megabytes of
// source text that every machine with Go has.
func texts(b *testing.B) (map[string][]byte, int64) {
	if dir := os.Getenv("SLIPWAY_TREE"); dir != "" {
		return folder(b, dir)
	}
	root := os.Getenv("GOROOT")
	if root == "" {
		b.Skip("GOROOT is not set; go test sets it")
	}
	files, total := map[string][]byte{}, int64(0)
	for _, dir := range []string{"net/http", "go/types", "crypto/tls", "encoding/json"} {
		names, _ := filepath.Glob(filepath.Join(root, "src", dir, "*.go"))
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				b.Fatal(err)
			}
			files[dir+"/"+filepath.Base(name)] = data
			total += int64(len(data))
		}
	}
	if total < 1<<20 {
		b.Skip("the machine has no sources of Go")
	}
	return files, total
}

func folder(b *testing.B, dir string) (map[string][]byte, int64) {
	files, total := map[string][]byte{}, int64(0)
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		files[strings.TrimPrefix(name, dir+"/")] = data
		total += int64(len(data))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return files, total
}

// BenchmarkZip is the package's zip beside the standard library's, on the same files.
func BenchmarkZip(b *testing.B) {
	files, total := texts(b)
	b.Run("slipway", func(b *testing.B) {
		b.SetBytes(total)
		size := 0
		for b.Loop() {
			out, err := build.WriteZip(context.Background(), files)
			if err != nil {
				b.Fatal(err)
			}
			size = len(out)
		}
		b.ReportMetric(float64(size), "zip-bytes")
	})
	b.Run("archive-zip", func(b *testing.B) {
		b.SetBytes(total)
		size := 0
		for b.Loop() {
			var out bytes.Buffer
			z := zip.NewWriter(&out)
			for _, name := range keys(files) {
				w, err := z.Create(name)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = w.Write(files[name])
			}
			if err := z.Close(); err != nil {
				b.Fatal(err)
			}
			size = out.Len()
		}
		b.ReportMetric(float64(size), "zip-bytes")
	})
}
