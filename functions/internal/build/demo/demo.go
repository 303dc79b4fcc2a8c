// Package demo holds a whole mini program, Harbour Coffee, as a merchant would upload it.
//
// What belongs here: the demo's sources and their archive. What does not: who owns it and where it is released (the
// laptop's seed).
package demo

import (
	"archive/zip"
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed all:project
var project embed.FS

// Archive is the project as a zip with one top folder, ready to be uploaded as that version; the orders page shows the
// number. The same version gives the same bytes.
func Archive(version string) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	add := func(name string, b []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "harbour-coffee/" + name, Method: zip.Deflate})
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	}
	err := fs.WalkDir(project, "project", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := project.ReadFile(name)
		if err != nil {
			return err
		}
		if name == "project/version.json" {
			b = fmt.Appendf(nil, "{ \"version\": %q }\n", version)
		}
		return add(strings.TrimPrefix(name, "project/"), b)
	})
	if err == nil {
		err = z.Close()
	}
	if err != nil {
		panic("demo project: " + err.Error()) // embedded files and a buffer: cannot fail on one machine alone
	}
	return out.Bytes()
}
