package local_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// with adds an entry to the smallest project.
func with(header *zip.FileHeader, data []byte) []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{"app.json": `{"pages": ["p/p"]}`, "app.js": "App({});", "p/p.axml": "<view/>", "p/p.js": "Page({});"} {
		f, _ := z.Create(name) // a buffer takes everything
		f.Write([]byte(text))
	}
	f, _ := z.CreateHeader(header)
	f.Write(data)
	z.Close()
	return out.Bytes()
}

func link(name, target string) []byte {
	h := &zip.FileHeader{Name: name}
	h.SetMode(fs.ModeSymlink | 0o777)
	return with(h, []byte(target))
}

// lying says that an entry has fewer bytes than it has.
func lying() []byte {
	data := bytes.Repeat([]byte("x"), 4096)
	h := &zip.FileHeader{Name: "big.txt", Method: zip.Store, CRC32: crc32.ChecksumIEEE(data), UncompressedSize64: 4096, CompressedSize64: 4096}
	archive := with(h, data)
	at := bytes.LastIndex(archive, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(archive[at+24:], 16)
	return archive
}

// many is an archive of more entries than any project has.
func many() []byte {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range 70_000 {
		z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("f%d", i), Method: zip.Store})
	}
	z.Close()
	return out.Bytes()
}

// TestHostileArchives uploads what no project is: the submission is refused and says why, nothing is kept, and the
// number is still free for a good one.
func TestHostileArchives(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	whole := story.Project("1.0.0")
	for name, c := range map[string]struct {
		archive []byte
		says    string
	}{
		"no zip":         {[]byte("hello, this is no zip"), "zip"},
		"empty":          {[]byte{}, ""},
		"truncated":      {whole[:len(whole)/2], "zip"},
		"a byte changed": {flipped(whole), ""},
		"slip":           {with(&zip.FileHeader{Name: "../../etc/passwd"}, []byte("x")), "etc/passwd"},
		"absolute":       {with(&zip.FileHeader{Name: "/etc/passwd"}, []byte("x")), "etc/passwd"},
		"backslash":      {with(&zip.FileHeader{Name: `..\..\evil`}, []byte("x")), "evil"},
		"symlink":        {link("p/secret.js", "/etc/passwd"), "p/secret.js"},
		"bomb":           {with(&zip.FileHeader{Name: "zero.bin", Method: zip.Deflate}, make([]byte, 200<<20)), ""},
		"lying":          {lying(), "big.txt"},
		"many":           {many(), ""},
		"no app.json":    {story.Zip(map[string]string{"readme.md": "hello"}), "app.json"},
		"broken json":    {story.Zip(map[string]string{"app.json": "{"}), "app.json"},
		"no pages":       {story.Zip(map[string]string{"app.json": `{"pages": []}`, "app.js": ""}), "pages"},
		"missing page":   {story.Zip(map[string]string{"app.json": `{"pages": ["p/p"]}`, "app.js": ""}), "p/p"},
	} {
		t.Run(name, func(t *testing.T) {
			number := w.In(t).Number()
			path := "/v1/mini-programs/" + program + "/versions"
			made := story.Into[api.VersionView](w, admin.Must("POST", path, map[string]string{"number": number, "notes": name}, 201))
			refused(t, admin.Do("POST", path+"/"+number+"/submit", nil), 409, "nothing_uploaded")
			if len(c.archive) > 0 || len(made.Upload.Fields) == 0 { // a form of S3 takes no upload of nothing
				admin.Send(made, c.archive)
			}
			a := admin.Do("POST", path+"/"+number+"/submit", nil)
			p := a.Problem()
			if a.Status < 400 || a.Status >= 500 || p.Detail == "" || !strings.Contains(fmt.Sprintf("%s %+v", p.Detail, p.Errors), c.says) {
				t.Fatalf("want a refusal that says %q: %s", c.says, a)
			}
			v := story.Into[api.VersionView](w, admin.Must("GET", path+"/"+number, nil, 200))
			equal(t, "status", v.Status, catalog.AwaitingUpload)
			admin.Send(made, story.Project(number))
			admin.Must("POST", path+"/"+number+"/submit", nil, 200)
		})
	}
}

// TestUploadAddress: it takes no more than it says, and is good for nothing else.
func TestUploadAddress(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	made := story.Into[api.VersionView](w, admin.Must("POST", "/v1/mini-programs/"+program+"/versions", map[string]string{"number": "9.9.9", "notes": "big"}, 201))
	if a := w.Nobody().Do(made.Upload.Method, made.Upload.URL, make([]byte, made.Upload.MaxBytes+1)); a.Status != 413 {
		t.Errorf("an upload over the limit: %d", a.Status)
	}
	if a := w.Nobody().Do(made.Upload.Method, made.Upload.URL+"x", story.Project("9.9.9")); a.Status != 403 {
		t.Errorf("an upload to an address that was not given out: %s", a)
	}
}

// TestOnlyWhatWasAnnouncedIsUploaded: who says beforehand what the bytes are has all others refused, and nothing kept of
// them; for a version's project, for another address of it, and for an image.
func TestOnlyWhatWasAnnouncedIsUploaded(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	path := "/v1/mini-programs/" + program + "/versions"
	right, other := story.Project("1.0.0"), story.Project("1.0.1")
	announced := map[string]any{"number": "1.0.0", "sha256": fmt.Sprintf("%x", sha256.Sum256(right))}
	refusedUpload := func(to release.Upload, content []byte) {
		t.Helper()
		if a := w.Send(to, content); a.Status != 400 {
			t.Errorf("other bytes than announced: %s", a)
		}
	}
	made := story.Into[api.VersionView](w, admin.Must("POST", path, announced, 201))
	refusedUpload(*made.Upload, other)
	refused(t, admin.Do("POST", path+"/1.0.0/submit", nil), 409, "nothing_uploaded")
	announced["renew"] = true
	again := story.Into[api.VersionView](w, admin.Must("POST", path, announced, 200))
	refusedUpload(*again.Upload, other)
	admin.Send(again, right)
	refusedUpload(*made.Upload, other)
	submitted := story.Into[api.VersionView](w, admin.Must("POST", path+"/1.0.0/submit", nil, 200))
	equal(t, "what is kept", submitted.ArchiveSHA256, announced["sha256"].(string))

	asPNG, asJPEG := pictures()
	image := map[string]any{"name": "a.png", "contentType": "image/png", "size": 2 << 20, "sha256": fmt.Sprintf("%x", sha256.Sum256(asPNG))}
	one := story.Into[struct {
		ID     string
		Upload release.Upload
	}](w, admin.Must("POST", "/v1/mini-programs/"+program+"/images", image, 201))
	refusedUpload(one.Upload, asJPEG)
	if a := w.Send(one.Upload, asPNG); a.Status >= 300 {
		t.Errorf("the image that was announced: %s", a)
	}
	for _, digest := range []string{"abc", strings.Repeat("A", 64), base64.StdEncoding.EncodeToString(make([]byte, 32))} {
		announced["number"], announced["sha256"], image["sha256"] = "1.0.1", digest, digest
		refused(t, admin.Do("POST", path, announced), 400, "invalid")
		refused(t, admin.Do("POST", "/v1/mini-programs/"+program+"/images", image), 400, "invalid")
	}
}

// flipped changes one byte of the compressed data, so that a checksum does not hold.
func flipped(archive []byte) []byte {
	out := bytes.Clone(archive)
	at := bytes.Index(out, []byte("PK\x03\x04"))
	out[at+30+len("pages/index/index.axml")+4] ^= 0xff
	return out
}
