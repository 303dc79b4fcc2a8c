package intake_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/fault"
)

func unpack(b []byte) (*intake.Archive, error) {
	return intake.Unpack(bytes.NewReader(b), int64(len(b)), intake.Limits{})
}

func TestHostileArchivesAreRefusedByName(t *testing.T) {
	all := hostiles()
	if len(all) < 80 {
		t.Fatalf("the corpus has shrunk to %d", len(all))
	}
	t.Logf("%d hostile archives", len(all))
	seen := map[string]bool{}
	for _, h := range all {
		if seen[h.name] {
			t.Errorf("two are called %s", h.name)
		}
		seen[h.name] = true
		t.Run(h.name, func(t *testing.T) {
			b := h.raw
			if b == nil {
				b = h.kit.bytes()
			}
			a, err := unpack(b)
			var f *fault.Error
			if !errors.As(err, &f) {
				t.Fatalf("Unpack gave %v, %v; want a refusal", a, err)
			}
			if f.Code != h.code {
				t.Errorf("code %s (%s), want %s", f.Code, f.Detail, h.code)
			}
			if f.Kind != fault.Unprocessable && f.Kind != fault.TooLarge {
				t.Errorf("kind %s", f.Kind)
			}
			if !strings.HasSuffix(f.Detail, ".") || strings.ContainsAny(f.Detail, "\x00\n\x1b\u202e") {
				t.Errorf("not a sentence fit for people: %q", f.Detail)
			}
		})
	}
}

// measured counts what is read of an archive.
type measured struct {
	r    *bytes.Reader
	read int64
}

func (m *measured) ReadAt(b []byte, at int64) (int, error) {
	n, err := m.r.ReadAt(b, at)
	m.read += int64(n)
	return n, err
}

// The promise is 64 MiB for each, where all allocations are counted, also those freed meanwhile. What takes time is
// reading, which happens at most three times; BenchmarkHostileArchives has the time.
func TestHostileArchivesAreCheap(t *testing.T) {
	list := hostiles()
	if len(list) < 80 {
		t.Fatalf("%d hostile archives, want 80", len(list))
	}
	for _, h := range list {
		b := h.bytes()
		var before, after runtime.MemStats
		m := &measured{r: bytes.NewReader(b)}
		runtime.ReadMemStats(&before)
		_, err := intake.Unpack(m, int64(len(b)), intake.Limits{})
		runtime.ReadMemStats(&after)
		if err == nil {
			t.Errorf("%s is accepted", h.name)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<20 {
			t.Errorf("%s allocated %d MiB", h.name, n>>20)
		}
		if most := 3*int64(len(b)) + 1<<16; m.read > most {
			t.Errorf("%s: %d bytes were read of %d", h.name, m.read, len(b))
		}
	}
}

func (h hostile) bytes() []byte {
	if h.raw != nil {
		return h.raw
	}
	return h.kit.bytes()
}

// BenchmarkHostileArchives gives the mean and the worst time to refuse one; 50 ms are promised.
func BenchmarkHostileArchives(b *testing.B) {
	var all [][]byte
	for _, h := range hostiles() {
		all = append(all, h.bytes())
	}
	worst := make([]time.Duration, len(all))
	for b.Loop() {
		for i, archive := range all {
			start := time.Now()
			_, _ = unpack(archive)
			if took := time.Since(start); worst[i] == 0 || took < worst[i] {
				worst[i] = took // the least of all rounds: what the archive takes, not what the machine adds
			}
		}
	}
	b.ReportMetric(float64(slices.Max(worst).Microseconds())/1000, "ms-worst")
	b.ReportMetric(float64(len(all)), "archives")
}

func TestRefusalsNameEntryAndRule(t *testing.T) {
	_, err := unpack(named("good.js", "../one.js", "/two.js").bytes())
	var f *fault.Error
	if !errors.As(err, &f) {
		t.Fatal(err)
	}
	want := []fault.Field{
		{Field: "path", File: "../one.js", Detail: `The path leaves the project with "..". Paths must stay inside.`},
		{Field: "path", File: "/two.js", Detail: "The path is absolute. Paths must be relative to the project."},
	}
	if diff := cmp.Diff(want, f.Fields); diff != "" {
		t.Error(diff)
	}
}

func TestTooLargeAnUploadIsNotEvenRead(t *testing.T) {
	_, err := intake.Unpack(failing{}, 65<<20, intake.Limits{})
	if !fault.Is(err, fault.TooLarge) {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) ReadAt([]byte, int64) (int, error) { return 0, errors.New("no route to store") }

func TestAStoreThatFailsIsNotTheArchivesFault(t *testing.T) {
	if _, err := intake.Unpack(failing{}, 1000, intake.Limits{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
	b := with(item{name: "a.js", body: strings.Repeat("Page({})", 9000), store: true}).bytes()
	if _, err := intake.Unpack(failsAt{bytes.NewReader(b)}, int64(len(b)), intake.Limits{}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v, want unavailable", err)
	}
}

type failsAt struct{ r io.ReaderAt }

func (f failsAt) ReadAt(b []byte, at int64) (int, error) {
	if len(b) > 8000 && at < 5000 {
		return 0, errors.New("connection reset")
	}
	return f.r.ReadAt(b, at)
}

func TestHonestArchives(t *testing.T) {
	streamed := with(item{name: "a.js", body: "Page({})", flags: 8, localCRC: p(uint32(0)), localPacked: p(uint32(0)), localSize: p(uint32(0)), trailer: strings.Repeat("d", 16)})
	folders := kit{items: []item{{name: "shop/"}, {name: "shop/app.json", body: "{}"}, {name: "shop/img/"}, {name: "shop/img/a.png", body: "png", store: true}}}
	mac := kit{items: []item{{name: "shop/app.json", body: "{}"}, {name: "__MACOSX/shop/._app.json", body: "x"}, {name: "shop/.DS_Store", body: "x"}, {name: "shop/a.js.map", body: "{}"}, {name: "shop/node_modules/.cache/x/y.js", body: "x"}, {name: "shop/node_modules/.bin/z", body: "x"}}}
	dotted := kit{items: []item{{name: "./"}, {name: "./app.json", body: "{}"}, {name: "./a.js", body: "x"}}}
	commented := kit{items: with().items, comment: "made by hand"}
	umlaut := kit{items: []item{{name: "app.json", body: "{}"}, {name: "bilder/küche.png", body: "x", flags: 1 << 11}, {name: "图.png", body: "y"}}}
	apart := kit{items: []item{{name: "app.json", body: "{}"}, {name: "bilder/ku\u0308che.png", body: "x", flags: 1 << 11}}}
	wide := with(item{name: "a.js", body: "hello", store: true, localSize: p(uint32(0xffffffff)), localPacked: p(uint32(0xffffffff)), localExtra: wideField(5, 5)})
	twice := kit{items: []item{{name: "a/"}, {name: "a/"}, {name: "a/app.json", body: "{}"}, {name: "a/empty.txt"}}}
	for name, tc := range map[string]struct {
		b     []byte
		top   string
		files string
	}{
		"plain":              {b: with(item{name: "a.js", body: "x"}).bytes(), files: "a.js app.json"},
		"streamed":           {b: streamed.bytes(), files: "a.js app.json"},
		"one top folder":     {b: folders.bytes(), top: "shop", files: "app.json img/a.png"},
		"zipped on a Mac":    {b: mac.bytes(), top: "shop", files: "app.json"},
		"dots before":        {b: dotted.bytes(), files: "a.js app.json"},
		"comment":            {b: commented.bytes(), files: "app.json"},
		"names with accents": {b: umlaut.bytes(), files: "app.json bilder/küche.png 图.png"},
		"accents apart":      {b: apart.bytes(), files: "app.json bilder/k\u00fcche.png"},
		"zip64 header":       {b: wide.bytes(), files: "a.js app.json"},
		"a folder twice":     {b: twice.bytes(), top: "a", files: "app.json empty.txt"},
		"archive/zip":        {b: byStandardLibrary(t), files: "app.json pages/a.js"},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := unpack(tc.b)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(keys(a.Files), " "); got != tc.files || a.Top != tc.top {
				t.Errorf("got %q under %q, want %q under %q", got, a.Top, tc.files, tc.top)
			}
		})
	}
}

// wideField is a zip64 field of a local header, behind a field of another kind.
func wideField(full, packed uint64) string {
	b := []byte("UT\x01\x00x\x01\x00\x10\x00")
	return string(binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, full), packed))
}

func byStandardLibrary(t *testing.T) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range []string{"app.json", "pages/", "pages/a.js"} {
		w, err := z.Create(name)
		if err == nil && !strings.HasSuffix(name, "/") {
			_, err = w.Write([]byte(strings.Repeat(name, 50)))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What the intake accepts, the standard library must read alike: two readers, one opinion.
func FuzzUnpack(f *testing.F) {
	for _, h := range hostiles() {
		if b := h.raw; b == nil {
			if b = h.kit.bytes(); len(b) < 4<<10 {
				f.Add(b)
			}
		}
	}
	f.Add(with(item{name: "a.js", body: "Page({})"}).bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		limits := intake.Limits{MaxUnpacked: 1 << 20}
		a, err := intake.Unpack(bytes.NewReader(b), int64(len(b)), limits)
		if err != nil {
			var told *fault.Error
			if !errors.As(err, &told) || told.Kind == fault.Internal || told.Detail == "" {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("accepted what archive/zip refuses: %v", err)
		}
		same := 0
		for _, file := range z.File {
			name := strings.TrimPrefix(strings.TrimPrefix(file.Name, "./"), a.Top+"/")
			want, kept := a.Files[name]
			if !kept || strings.HasSuffix(file.Name, "/") {
				continue
			}
			same++
			r, err := file.Open()
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: archive/zip reads %d bytes (%v), the intake %d", name, len(got), err, len(want))
			}
		}
		if same != len(a.Files) {
			t.Fatalf("archive/zip has %d of %d files", same, len(a.Files))
		}
	})
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
