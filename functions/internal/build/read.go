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
		data, err := readEntry(f, int64(entry.UncompressedSize64))
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("read package: %s: %w", entry.Name, err)
		}
		files[entry.Name] = data
	}
	return files, nil
}

// readEntry reads an entry to its end, where its checksum is looked at, into memory of the size that is announced.
func readEntry(r io.Reader, size int64) ([]byte, error) {
	const most = 64 << 20                                                        // beyond which memory is taken as it is needed
	b := bytes.NewBuffer(make([]byte, 0, min(max(size, 0), most)+bytes.MinRead)) // a buffer grows unless so much is free
	_, err := b.ReadFrom(r)
	return b.Bytes(), err
}
