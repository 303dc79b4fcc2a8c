package build

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/signature"
)

// Manifest lists a package's contents; it is its file manifest.json.
type Manifest struct {
	Format               int                     `json:"format"` // 1
	MiniProgram          string                  `json:"miniProgram"`
	Version              string                  `json:"version"`
	TargetApp            string                  `json:"targetApp"`
	Environment          string                  `json:"environment"`
	EnvironmentVariables []string                `json:"environmentVariables,omitempty"` // names; values are in the scripts
	Pages                []string                `json:"pages"`
	SubPackages          []ManifestPart          `json:"subPackages,omitempty"`
	Tools                map[string]string       `json:"tools"`
	Files                map[string]ManifestFile `json:"files"` // the whole tree, subpackages included
}

// ManifestPart is a subpackage: a zip inside the package, stored uncompressed, that can be served by itself.
type ManifestPart struct {
	Root   string   `json:"root"`
	File   string   `json:"file"` // entry of the package
	Pages  []string `json:"pages"`
	Size   int64    `json:"size"`
	SHA256 string   `json:"sha256"`
}

// ManifestFile is one file of the built tree.
type ManifestFile struct {
	Size       int64  `json:"size"`
	SHA256     string `json:"sha256"`
	SubPackage string `json:"subPackage,omitempty"` // root of the part that holds it
}

// tools names what decides the bytes of a package: the build's own rules, and the versions in go.mod (a test compares). They
// are constants because a binary does not always know what it was built from.
var tools = map[string]string{"slipway": "2", "esbuild": "v0.28.2", "compress": "v1.20.3"}

// pack writes the package: the main tree, one zip per subpackage, and the manifest that vouches for all of it.
func pack(ctx context.Context, p *intake.Project, o *Options, r *Result) error {
	m := Manifest{Format: 1, MiniProgram: o.MiniProgram, Version: o.Version, TargetApp: o.TargetApp, Environment: o.Environment,
		EnvironmentVariables: sortedKeys(o.EnvironmentVariables), Tools: maps.Clone(tools), Files: map[string]ManifestFile{}}
	for _, page := range p.Pages {
		m.Pages = append(m.Pages, page.Path)
	}
	groups := map[string]map[string][]byte{"": {}}
	for name, b := range r.Files {
		root := partOf(p, name)
		if groups[root] == nil {
			groups[root] = map[string][]byte{}
		}
		groups[root][name] = b
		m.Files[name] = ManifestFile{Size: int64(len(b)), SHA256: hexSum(b), SubPackage: root}
	}
	r.Parts = map[string][]byte{}
	main := groups[""]
	for i, s := range p.App.SubPackages {
		part, err := archive(ctx, groups[s.Root])
		if err != nil {
			return err
		}
		file := fmt.Sprintf("subpackages/%d.zip", i+1)
		for taken := true; taken; {
			if _, taken = r.Files[file]; taken {
				file = "_" + file
			}
		}
		pages := make([]string, len(s.Pages))
		for i, page := range s.Pages {
			pages[i] = path.Join(s.Root, page)
		}
		m.SubPackages = append(m.SubPackages, ManifestPart{Root: s.Root, File: file, Pages: pages, Size: int64(len(part)), SHA256: hexSum(part)})
		r.Parts[s.Root], main[file] = part, part
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write manifest: %w", err)
	}
	main[manifestFile] = append(text, '\n')
	if r.Package, err = archive(ctx, main); err != nil {
		return err
	}
	r.Manifest, r.Size, r.SHA256 = m, int64(len(r.Package)), hexSum(r.Package)
	if o.Signer == nil {
		return nil
	}
	return r.Sign(ctx, o.Signer)
}

const manifestFile = "manifest.json"

// Sign has the package signed; Build does so by itself when its options have a signer.
func (r *Result) Sign(ctx context.Context, signer signature.Signer) error {
	digest := sha256.Sum256(r.Package)
	var err error
	if r.Signature, r.KeyID, err = signer.Sign(ctx, digest[:]); err != nil {
		return fmt.Errorf("sign package: %w", err)
	}
	return nil
}

// partOf is the subpackage a file of the built tree belongs to.
func partOf(p *intake.Project, name string) string {
	for _, s := range p.App.SubPackages {
		if intake.Within(name, s.Root) {
			return s.Root
		}
	}
	return ""
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

type packed struct {
	header zip.FileHeader
	data   []byte
}

// archive writes a zip whose bytes depend on nothing but its files: sorted, without times, compressed with fixed settings.
// Entries are compressed on all cores and written in order.
func archive(ctx context.Context, files map[string][]byte) ([]byte, error) {
	names := sortedKeys(files)
	order := slices.Clone(names) // the largest first: a core that begins with it last would make the others wait
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(len(files[b]), len(files[a])) })
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	done := make([]packed, len(names))
	var group sync.WaitGroup
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(order) && ctx.Err() == nil; i = next.Add(1) - 1 {
				done[at[order[i]]] = compress(order[i], files[order[i]])
			}
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Grow(zipSize(done)) // growing step by step would hold everything twice
	z := zip.NewWriter(&out)
	for i := range done {
		w, err := z.CreateRaw(&done[i].header)
		if err == nil {
			_, err = w.Write(done[i].data)
		}
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", names[i], err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write package: %w", err)
	}
	return out.Bytes(), nil
}

// zipSize is at least what a zip of the entries takes.
func zipSize(entries []packed) int {
	const frame, end = 30 + 46 + 64, 22 // headers before the data and in the directory, with room for extra fields
	n := end
	for _, e := range entries {
		n += len(e.data) + 2*len(e.header.Name) + frame
	}
	return n
}

// Level 5 is two and a half times as fast on one core as the standard library's default, for 1 % less bytes. Above it time
// grows faster than bytes shrink. In a small file there is little to find, so that level 2 suffices; elsewhere it takes a
// few per cent more. All of it was measured on a component library's tree and on what its demo app is built to;
// BenchmarkZip holds the two side by side.
const (
	levelSmall = 2
	levelLarge = 5
	largeFile  = 1 << 10
)

// deflater is used for one file after another, because to make one takes longer than most files.
type deflater struct {
	small, large *flate.Writer
	out          bytes.Buffer
}

var deflaters = sync.Pool{New: func() any {
	d := &deflater{}
	d.small, _ = flate.NewWriter(nil, levelSmall) // the levels are valid, which is the only error there is
	d.large, _ = flate.NewWriter(nil, levelLarge)
	return d
}}

// deflate gives b compressed, until it is used again.
func (d *deflater) deflate(b []byte) []byte {
	w := d.small
	if len(b) >= largeFile {
		w = d.large
	}
	d.out.Reset()
	w.Reset(&d.out)
	_, _ = w.Write(b) // a bytes.Buffer takes everything
	_ = w.Close()
	return d.out.Bytes()
}

// densely are formats that are compressed already; trying again costs time and gains nothing.
var densely = map[string]bool{".png": true, ".jpg": true, ".jpeg": true, ".gif": true, ".webp": true, ".avif": true, ".mp3": true, ".m4a": true, ".aac": true, ".ogg": true, ".mp4": true, ".mov": true, ".webm": true, ".woff": true, ".woff2": true, ".zip": true}

const (
	firstDay  = 1<<5 | 1 // 1 January 1980 as zip has it: no day at all, which is 0, is none that every reader takes
	inUnicode = 1 << 11  // the name is UTF-8; without it readers guess
)

func compress(name string, b []byte) packed {
	p := packed{data: b, header: zip.FileHeader{Name: name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(b), UncompressedSize64: uint64(len(b))}}
	//lint:ignore SA1019 Modified, which stands in for it, does not reach an entry that is written as it is
	p.header.ModifiedDate = firstDay
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		p.header.Flags = inUnicode
	}
	if !densely[strings.ToLower(path.Ext(name))] && len(b) > 0 {
		d := deflaters.Get().(*deflater)
		if less := d.deflate(b); len(less) < len(b) {
			p.data, p.header.Method = bytes.Clone(less), zip.Deflate
		}
		deflaters.Put(d)
	}
	p.header.CompressedSize64 = uint64(len(p.data))
	p.header.SetMode(0o644)
	return p
}
