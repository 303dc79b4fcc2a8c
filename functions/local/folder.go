package main

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/fault"
)

// readArchive takes in a zip file, or a folder as if it had been zipped: the same intake judges both.
func readArchive(name string) (*intake.Archive, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		data, err := zipFolder(name)
		if err != nil {
			return nil, err
		}
		// Nothing is compressed here, so that the limit of an upload is held against what it would unpack to.
		return intake.Unpack(data, data.size, intake.Limits{MaxUpload: 2 * intake.DefaultLimits().MaxUnpacked})
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is neither a folder nor a file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return intake.Unpack(f, info.Size(), intake.Limits{})
}

// folder packs a folder's files. Links are followed as long as they stay in the folder, because package managers make
// node_modules of them.
type folder struct {
	root    *os.Root
	zip     *zip.Writer
	entries int
	bytes   int64
	limits  intake.Limits
}

func zipFolder(dir string) (*chunks, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	out := &chunks{}
	f := &folder{root: root, zip: zip.NewWriter(out), limits: intake.DefaultLimits()}
	if err := f.add("."); err != nil {
		return nil, err
	}
	if err := f.zip.Close(); err != nil {
		return nil, err
	}
	return out, nil
}

// notUploaded are names that the intake leaves out anyway, and that may be larger than the project.
var notUploaded = []string{".git", ".svn", ".hg", ".DS_Store"}

func (f *folder) add(dir string) error {
	if depth := strings.Count(dir, "/"); depth > f.limits.MaxDepth {
		return f.refuse("archive_depth", dir, "The folder lies more than %d deep; an upload of it would be refused.", f.limits.MaxDepth)
	}
	list, err := fs.ReadDir(f.root.FS(), dir)
	if err != nil {
		return err
	}
	for _, entry := range list {
		if slices.Contains(notUploaded, entry.Name()) {
			continue
		}
		name := path.Join(dir, entry.Name())
		info, err := f.root.Stat(name)
		switch {
		case err != nil:
			return fmt.Errorf("%s cannot be read, or is a link that leads out of the folder or in a circle: %w", name, err)
		case info.IsDir():
			err = f.add(name)
		case info.Mode().IsRegular():
			err = f.file(name, info.Size())
		default:
			err = f.refuse("archive_type", name, "It is neither a file nor a folder.")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) file(name string, size int64) error {
	f.entries++
	f.bytes += size
	if f.entries > f.limits.MaxEntries {
		return f.refuse("archive_entries", "", "The folder has more than %d files; an upload of it would be refused. Leave out development dependencies.", f.limits.MaxEntries)
	}
	if f.bytes > f.limits.MaxUnpacked {
		return f.refuse("archive_unpacked", name, "The folder holds more than %d MiB; an upload of it would be refused.", f.limits.MaxUnpacked>>20)
	}
	in, err := f.root.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	w, err := f.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, io.LimitReader(in, f.limits.MaxUnpacked))
	return err
}

func (f *folder) refuse(code, name, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	if name != "" {
		detail = name + ": " + detail
	}
	return fault.New(fault.TooLarge, code, "%s", detail)
}
