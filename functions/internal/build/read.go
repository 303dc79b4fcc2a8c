package build

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"

	"github.com/klauspost/compress/zip"
)

// ReadPackage reads back a package that Build made: the built tree with its subpackages, by path from the mini
// program's root, without the manifest. Every file is held against its digest there.
func ReadPackage(r io.ReaderAt, size int64) (map[string][]byte, error) {
	files, err := readZip(r, size)
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(files[manifestFile], &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", manifestFile, err)
	}
	delete(files, manifestFile)
	for _, part := range m.SubPackages {
		data := files[part.File]
		delete(files, part.File)
		more, err := readZip(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return nil, fmt.Errorf("subpackage %s: %w", part.Root, err)
		}
		maps.Copy(files, more)
	}
	for name, want := range m.Files {
		if got, ok := files[name]; !ok || hexSum(got) != want.SHA256 {
			return nil, fmt.Errorf("read package: %s is not what the manifest says", name)
		}
	}
	if len(files) != len(m.Files) {
		return nil, fmt.Errorf("read package: %d files, and the manifest lists %d", len(files), len(m.Files))
	}
	return files, nil
}

func readZip(r io.ReaderAt, size int64) (map[string][]byte, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("read package: %w", err)
	}
	files := make(map[string][]byte, len(z.File))
	for _, entry := range z.File {
		f, err := entry.Open()
		if err != nil {
			return nil, fmt.Errorf("read package: %s: %w", entry.Name, err)
		}
		data, err := io.ReadAll(f)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read package: %s: %w", entry.Name, err)
		}
		files[entry.Name] = data
	}
	return files, nil
}
