package intake_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
)

// item is one entry of a hand-made archive. Fields left zero are made honest; the pointers lie.
type item struct {
	name  string
	body  string
	store bool
	attrs uint32 // external attributes; the upper half is the Unix mode
	flags uint16
	extra string // of the directory record
	at    *uint32

	raw         *string // packed bytes instead of body's
	method      *uint16
	crc         *uint32
	packed      *uint32
	size        *uint32
	localName   *string
	localMethod *uint16
	localFlags  *uint16
	localCRC    *uint32
	localPacked *uint32
	localSize   *uint32
	localExtra  string
	localSig    string
	trailer     string // after the data: a data descriptor, or junk
	disk        uint16
}

// kit makes archives that no zip tool would.
type kit struct {
	items   []item
	prefix  string
	gap     string // between the entries and the directory
	after   string // between the directory and the end record
	comment string
	tail    string // after everything
	entries *uint16
	onDisk  *uint16
	disk    uint16
	dirSize *uint32
	dirAt   *uint32
	cut     int // bytes cut off the end
}

func p[T any](v T) *T { return &v }

func or[T any](v *T, honest T) T {
	if v != nil {
		return *v
	}
	return honest
}

func deflated(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 6)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func (k kit) bytes() []byte {
	var out, dir bytes.Buffer
	put := func(b *bytes.Buffer, values ...any) {
		for _, v := range values {
			if s, ok := v.(string); ok {
				b.WriteString(s)
				continue
			}
			_ = binary.Write(b, binary.LittleEndian, v)
		}
	}
	out.WriteString(k.prefix)
	for _, it := range k.items {
		data, method := it.body, uint16(0)
		if !it.store && it.body != "" {
			data, method = deflated(it.body), 8
		}
		data, method = or(it.raw, data), or(it.method, method)
		crc, packed, size := or(it.crc, crc32.ChecksumIEEE([]byte(it.body))), or(it.packed, uint32(len(data))), or(it.size, uint32(len(it.body)))
		offset := uint32(out.Len())
		local := or(it.localName, it.name)
		sig := "PK\x03\x04"
		if it.localSig != "" {
			sig = it.localSig
		}
		put(&out, sig, uint16(20), or(it.localFlags, it.flags), or(it.localMethod, method), uint32(0), or(it.localCRC, crc), or(it.localPacked, packed), or(it.localSize, size),
			uint16(len(local)), uint16(len(it.localExtra)), local, it.localExtra, data, it.trailer)
		put(&dir, "PK\x01\x02", uint16(3<<8|20), uint16(20), it.flags, method, uint32(0), crc, packed, size,
			uint16(len(it.name)), uint16(len(it.extra)), uint16(0), it.disk, uint16(0), it.attrs, or(it.at, offset), it.name, it.extra)
	}
	out.WriteString(k.gap)
	at := uint32(out.Len())
	out.Write(dir.Bytes())
	out.WriteString(k.after)
	n := or(k.entries, uint16(len(k.items)))
	put(&out, "PK\x05\x06", k.disk, uint16(0), or(k.onDisk, n), n, or(k.dirSize, uint32(dir.Len())), or(k.dirAt, at), uint16(len(k.comment)), k.comment, k.tail)
	return out.Bytes()[:out.Len()-k.cut]
}

// with gives an archive whose second entry is it, beside an honest app.json.
func with(items ...item) kit {
	return kit{items: append([]item{{name: "app.json", body: `{"pages":["a"]}`}}, items...)}
}

func named(names ...string) kit {
	k := with()
	for _, n := range names {
		k.items = append(k.items, item{name: n, body: "x", store: true})
	}
	return k
}

type hostile struct {
	name, code string
	kit        kit
	raw        []byte // instead of kit
}

var zeros = strings.Repeat("\x00", 1<<20)

func hostiles() []hostile {
	return slices.Concat(hostileShapes(), hostileNames(), hostileManyNames(), hostileSizes(), hostileHeaders(), hostileKinds())
}

func hostileShapes() []hostile {
	good := with(item{name: "a.js", body: "Page({})"}).bytes()
	many := kit{}
	for range 60_000 {
		many.items = append(many.items, item{name: "x"})
	}
	million := bytes.Repeat([]byte("PK\x01\x02"+strings.Repeat("\x00", 42)), 180_000)
	return []hostile{
		{name: "nothing", code: "archive_not_zip", raw: []byte{}},
		{name: "one byte", code: "archive_not_zip", raw: []byte("P")},
		{name: "text", code: "archive_not_zip", raw: []byte(strings.Repeat("hello ", 100))},
		{name: "gzip", code: "archive_not_zip", raw: append([]byte("\x1f\x8b\x08\x00"), make([]byte, 200)...)},
		{name: "rar", code: "archive_not_zip", raw: append([]byte("Rar!\x1a\x07\x01\x00"), make([]byte, 200)...)},
		{name: "7z", code: "archive_not_zip", raw: append([]byte("7z\xbc\xaf\x27\x1c"), make([]byte, 200)...)},
		{name: "tar", code: "archive_not_zip", raw: append([]byte("app.json\x00"), make([]byte, 1024)...)},
		{name: "png before zip", code: "archive_not_zip", raw: append([]byte("\x89PNG\r\n\x1a\n"), good...)},
		{name: "shell script before zip", code: "archive_not_zip", kit: kit{prefix: "#!/bin/sh\n", items: with().items}},
		{name: "only a signature", code: "archive_not_zip", raw: append([]byte("PK\x03\x04"), make([]byte, 100)...)},
		{name: "no entries", code: "archive_empty", kit: kit{}},
		{name: "no entries after junk", code: "archive_empty", kit: kit{gap: "PK\x03\x04", items: nil}},
		{name: "only folders", code: "archive_empty", kit: kit{items: []item{{name: "a/"}, {name: "a/b/"}}}},
		{name: "only litter", code: "archive_empty", kit: kit{items: []item{{name: ".DS_Store", body: "x"}, {name: ".git/config", body: "x"}}}},
		{name: "cut short", code: "archive_not_zip", kit: kit{items: with().items, cut: 9}},
		{name: "cut at the directory", code: "archive_not_zip", raw: good[:len(good)-60]},
		{name: "something follows", code: "archive_not_zip", kit: kit{items: with().items, tail: "junk"}},
		{name: "second archive follows", code: "archive_layout", raw: append(slices.Clone(good), good...)},
		{name: "second end in the comment", code: "archive_layout", kit: kit{items: with().items, comment: "PK\x05\x06" + strings.Repeat("\x00", 30)}},
		{name: "gap before the directory end", code: "archive_layout", kit: kit{items: with().items, after: "hidden"}},
		{name: "directory elsewhere", code: "archive_layout", kit: kit{items: with().items, dirAt: p(uint32(4))}},
		{name: "directory beyond the end", code: "archive_layout", kit: kit{items: with().items, dirAt: p(uint32(1 << 30))}},
		{name: "directory claims much", code: "archive_directory", kit: kit{items: with().items, dirSize: p(uint32(1 << 30))}},
		{name: "directory claims less", code: "archive_layout", kit: kit{items: with().items, dirSize: p(uint32(10))}},
		{name: "split archive", code: "archive_split", kit: kit{items: with().items, disk: 1}},
		{name: "other disk count", code: "archive_split", kit: kit{items: with().items, onDisk: p(uint16(7))}},
		{name: "entry on another disk", code: "archive_split", kit: with(item{name: "a.js", disk: 3})},
		{name: "counts more", code: "archive_directory", kit: kit{items: with().items, entries: p(uint16(9))}},
		{name: "counts fewer", code: "archive_directory", kit: kit{items: named("a", "b").items, entries: p(uint16(1))}},
		{name: "zip64 by count", code: "archive_zip64", kit: kit{items: with().items, entries: p(uint16(0xffff))}},
		{name: "zip64 by offset", code: "archive_zip64", kit: kit{items: with().items, dirAt: p(uint32(math.MaxUint32))}},
		{name: "zip64 by size", code: "archive_zip64", kit: kit{items: with().items, dirSize: p(uint32(math.MaxUint32)), dirAt: p(uint32(0))}},
		{name: "zip64 locator", code: "archive_zip64", kit: kit{items: with().items, after: "PK\x06\x07" + strings.Repeat("\x00", 16)}},
		{name: "60 000 entries", code: "archive_entries", kit: many},
		{name: "directory of junk", code: "archive_directory", kit: kit{items: with().items, gap: strings.Repeat("J", 4096), dirSize: p(uint32(4096 + 54)), dirAt: p(uint32(38 + len(deflated(`{"pages":["a"]}`))))}},
		{name: "180 000 records in 8 MiB", code: "archive_entries", raw: rawDirectory(million, 0)},
		{name: "a million records", code: "archive_directory", raw: rawDirectory(bytes.Repeat(million, 6), 1)},
	}
}

// rawDirectory puts any bytes where the directory belongs.
func rawDirectory(dir []byte, entries uint16) []byte {
	var b bytes.Buffer
	b.WriteString("PK\x03\x04" + strings.Repeat("\x00", 26))
	at := b.Len()
	b.Write(dir)
	b.WriteString("PK\x05\x06\x00\x00\x00\x00")
	for _, v := range []any{entries, entries, uint32(len(dir)), uint32(at), uint16(0)} {
		_ = binary.Write(&b, binary.LittleEndian, v)
	}
	return b.Bytes()
}

func hostileNames() []hostile {
	var list []hostile
	for label, name := range map[string]string{
		"parent": "../evil.js", "parent inside": "a/../../evil.js", "parent at the end": "a/..", "absolute": "/etc/passwd", "double slash": "//host/share",
		"drive": `C:/evil.js`, "drive relative": `c:evil.js`, "back-slash": `a\b.js`, "back-slash parent": `..\evil.js`, "unc": `\\host\share\x`,
		"NUL": "a.js\x00.png", "newline": "a\n.js", "escape": "a\x1b[31m.js", "delete": "a\x7f.js", "direction": "a\u202esj.exe", "isolate": "a\u2066b.js",
		"line separator": "a\u2028.js", "not UTF-8": "\xc4\xe3\xba\xc3.js", "overlong": "a\xc0\xaf..\xc0\xafb", "surrogate": "a\xed\xa0\x80.js",
		"empty segment": "a//b.js", "dot segment": "a/./b.js", "dot": ".", "dots": "..", "empty": "", "slash": "/",
		"long": strings.Repeat("a/b", 81), "long segment": strings.Repeat("n", 241), "deep": strings.Repeat("d/", 24) + "x",
		"byte order mark": "\ufeffa.js",
	} {
		list = append(list, hostile{name: "name: " + label, code: "archive_path", kit: named(name)})
	}
	for label, names := range map[string][]string{
		"same": {"a.js", "a.js"}, "case": {"a.js", "A.JS"}, "folder case": {"pages/a.js", "Pages/a.js"}, "composed": {"caf\u00e9.js", "cafe\u0301.js"},
		"sharp s": {"stra\u00dfe.js", "STRASSE.js"}, "full width": {"a.js", "\uff41.js"}, "ligature": {"\ufb01x.js", "fix.js"}, "kelvin": {"k.js", "\u212a.js"},
		"file and folder": {"a", "a/b.js"}, "folder then file": {"a/b.js", "a"}, "folder entry and file": {"a/", "a"}, "file far up": {"a", "a/b/c/d.js"},
		"second app.json": {"app.json"}, "dot prefix": {"x.js", "./x.js"}, "folded file and folder": {"A", "a/b.js"},
	} {
		k := with()
		for _, n := range names {
			it := item{name: n, body: "x", store: true}
			if strings.HasSuffix(n, "/") {
				it.body = ""
			}
			k.items = append(k.items, it)
		}
		list = append(list, hostile{name: "clash: " + label, code: "archive_clash", kit: k})
	}
	return list
}

// hostileManyNames are as many and as deep as allowed, of characters that stand for many, or that are put together, so that
// comparing them costs the most; the last two clash, or the whole of them.
func hostileManyNames() []hostile {
	var list []hostile
	for label, folder := range map[string]string{"ligatures": "\ufdfa\ufdfa", "accents": "e\u0304\u0300", "case": "AbCdEfGh", "Greek": "\u1fb3\u0301", "Hangul": "\u1112\u1161\u11ab"} {
		k := with()
		path := strings.Repeat(folder+"/", 22)
		for i := range 9_990 {
			k.items = append(k.items, item{name: fmt.Sprintf("%s%c%d", path, '\u4e00'+rune(i), i), body: "x", store: true})
		}
		k.items = append(k.items, item{name: path + "a.js", store: true}, item{name: strings.ToUpper(path) + "A.JS", store: true})
		list = append(list, hostile{name: "many names: " + label, code: "archive_clash", kit: k})
	}
	same := with()
	for i := range 9_990 {
		same.items = append(same.items, item{name: strings.Repeat("a/", 20) + strings.Repeat("\ufdfa", i%2+60), body: "x", store: true})
	}
	return append(list, hostile{name: "many names: all the same", code: "archive_clash", kit: same})
}

func hostileSizes() []hostile {
	bomb := deflated(strings.Repeat(zeros, 8))
	big := item{name: "big", raw: p(bomb), method: p(uint16(8)), size: p(uint32(8 << 20)), crc: p(crc32.ChecksumIEEE([]byte(strings.Repeat(zeros, 8))))}
	liar := big
	liar.size = p(uint32(100))
	many := with()
	for i := range 300 {
		many.items = append(many.items, item{name: strings.Repeat("z", i%100+1) + strings.Repeat("y", i/100), raw: p("x"), method: p(uint16(8)), packed: p(uint32(1 << 20)), size: p(uint32(1 << 20))})
	}
	return []hostile{
		{name: "bomb", code: "archive_ratio", kit: with(big)},
		{name: "bomb that claims little", code: "archive_sizes", kit: with(liar)},
		{name: "claims 4 GB", code: "archive_ratio", kit: with(item{name: "a", body: "x", size: p(uint32(math.MaxUint32 - 1))})},
		{name: "claims 300 MiB", code: "archive_unpacked", kit: many},
		{name: "claims more than there is", code: "archive_sizes", kit: with(item{name: "a", body: "hello hello hello", size: p(uint32(40))})},
		{name: "claims less than there is", code: "archive_sizes", kit: with(item{name: "a", body: "hello hello hello", size: p(uint32(4))})},
		{name: "claims nothing", code: "archive_sizes", kit: with(item{name: "a", body: "hello hello hello", size: p(uint32(0)), crc: p(uint32(0))})},
		{name: "stored with two sizes", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, size: p(uint32(4))})},
		{name: "packed beyond the end", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, packed: p(uint32(1 << 20)), size: p(uint32(1 << 20))})},
		{name: "packed into the directory", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, packed: p(uint32(30)), size: p(uint32(30))})},
		{name: "zip64 entry size", code: "archive_zip64", kit: with(item{name: "a", body: "x", size: p(uint32(math.MaxUint32))})},
		{name: "zip64 entry packed", code: "archive_zip64", kit: with(item{name: "a", body: "x", packed: p(uint32(math.MaxUint32))})},
		{name: "zip64 entry offset", code: "archive_zip64", kit: with(item{name: "a", body: "x", at: p(uint32(math.MaxUint32))})},
		{name: "data behind the stream", code: "archive_sizes", kit: with(item{name: "a", body: "hello", raw: p(deflated("hello") + "hidden")})},
		{name: "stream cut short", code: "archive_corrupt", kit: with(item{name: "a", body: "hello", raw: p(deflated("hello")[:3])})},
		{name: "stream of junk", code: "archive_corrupt", kit: with(item{name: "a", body: "hello", raw: p("\xff\xff\xff\xff\xff")})},
		{name: "wrong checksum", code: "archive_corrupt", kit: with(item{name: "a", body: "hello", crc: p(uint32(7))})},
		{name: "wrong checksum in litter", code: "archive_corrupt", kit: with(item{name: ".git/x", body: "hello", crc: p(uint32(7))})},
		{name: "folder with contents", code: "archive_sizes", kit: with(item{name: "a/", body: "hidden"})},
		{name: "folder with packed bytes", code: "archive_sizes", kit: with(item{name: "a/", raw: p("hidden")})},
	}
}

func hostileHeaders() []hostile {
	second := uint32(30 + 8 + len(deflated(`{"pages":["a"]}`))) // where the entry after app.json begins
	return []hostile{
		{name: "overlapping entries", code: "archive_overlap", kit: with(item{name: "app.json2", body: "x"}, item{name: "b", body: "x", at: p(uint32(4))})},
		{name: "two names for one entry", code: "archive_overlap", kit: with(item{name: "a", body: "x", store: true}, item{name: "b", body: "x", store: true, at: p(second)})},
		{name: "quoted overlap", code: "archive_overlap", kit: with(item{name: "a", body: strings.Repeat("x", 80), store: true}, item{name: "b", body: "x", at: p(second + 40)})},
		{name: "data before the first entry", code: "archive_layout", kit: kit{items: []item{{name: "a", body: "x", at: p(uint32(31))}, {name: "b", body: "x", at: p(uint32(40))}}}},
		{name: "offset beyond the end", code: "archive_sizes", kit: with(item{name: "a", body: "x", at: p(uint32(1 << 29))})},
		{name: "offset into nothing", code: "archive_header", kit: with(item{name: "a", body: strings.Repeat("x", 90), store: true, at: p(second + 1)})},
		{name: "no local signature", code: "archive_header", kit: with(item{name: "a", body: "x", localSig: "PK\x01\x02"})},
		{name: "other local name", code: "archive_header", kit: with(item{name: "a.js", body: "x", localName: p("b.js")})},
		{name: "longer local name", code: "archive_header", kit: with(item{name: "a.js", body: "x", localName: p("a.js.exe")})},
		{name: "evil local name", code: "archive_header", kit: with(item{name: "a.js", body: "x", localName: p("../a.js")})},
		{name: "other local method", code: "archive_header", kit: with(item{name: "a", body: "hello", localMethod: p(uint16(0))})},
		{name: "other local size", code: "archive_sizes", kit: with(item{name: "a", body: "hello", localSize: p(uint32(9))})},
		{name: "other local packed size", code: "archive_sizes", kit: with(item{name: "a", body: "hello", localPacked: p(uint32(1))})},
		{name: "other local checksum", code: "archive_sizes", kit: with(item{name: "a", body: "hello", localCRC: p(uint32(1))})},
		{name: "other local size in zip64", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, localSize: p(uint32(0xffffffff)), localPacked: p(uint32(0xffffffff)), localExtra: wideField(6, 5)})},
		{name: "other local packed size in zip64", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, localSize: p(uint32(0xffffffff)), localPacked: p(uint32(0xffffffff)), localExtra: wideField(5, 4)})},
		{name: "zip64 sizes that are not there", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, localSize: p(uint32(0xffffffff)), localPacked: p(uint32(0xffffffff))})},
		{name: "zip64 field cut short", code: "archive_sizes", kit: with(item{name: "a", body: "hello", store: true, localSize: p(uint32(0xffffffff)), localPacked: p(uint32(0xffffffff)), localExtra: "\x01\x00\x10\x00abc"})},
		{name: "zero local size without streaming", code: "archive_sizes", kit: with(item{name: "a", body: "hello", localSize: p(uint32(0))})},
		{name: "local encryption", code: "archive_header", kit: with(item{name: "a", body: "hello", localFlags: p(uint16(1))})},
		{name: "unicode path extra", code: "archive_header", kit: with(item{name: "a.js", body: "x", extra: "\x75\x70\x09\x00\x01\x00\x00\x00\x00evil"})},
		{name: "local extra beyond the end", code: "archive_sizes", kit: kit{items: []item{{name: "a", body: "x", store: true, localExtra: "", raw: p("x")}, {name: "b", body: strings.Repeat("y", 50), store: true, packed: p(uint32(1000)), size: p(uint32(1000))}}}},
	}
}

func hostileKinds() []hostile {
	list := []hostile{
		{name: "encrypted", code: "archive_encrypted", kit: with(item{name: "a", body: "x", flags: 1})},
		{name: "strongly encrypted", code: "archive_encrypted", kit: with(item{name: "a", body: "x", flags: 1 << 6})},
		{name: "masked headers", code: "archive_encrypted", kit: with(item{name: "a", body: "x", flags: 1 << 13})},
		{name: "patched data", code: "archive_method", kit: with(item{name: "a", body: "x", flags: 1 << 5})},
		{name: "folder mode, file name", code: "archive_link", kit: with(item{name: "a", body: "x", attrs: 0o040755 << 16})},
	}
	for label, mode := range map[string]uint32{"link": 0o120777, "character device": 0o020666, "block device": 0o060666, "pipe": 0o010644, "socket": 0o140755} {
		list = append(list, hostile{name: "type: " + label, code: "archive_link", kit: with(item{name: "a", body: "/etc/passwd", attrs: mode << 16})})
	}
	for label, method := range map[string]uint16{"shrink": 1, "implode": 6, "deflate64": 9, "bzip2": 12, "lzma": 14, "zstd": 93, "xz": 95, "aes": 99} {
		list = append(list, hostile{name: "method: " + label, code: "archive_method", kit: with(item{name: "a", body: "x", method: p(method)})})
	}
	return list
}
