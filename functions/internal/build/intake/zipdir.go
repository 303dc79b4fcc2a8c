package intake

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"slipway/functions/internal/fault"
)

// The parts of the zip format (APPNOTE 6.3) that an honest project needs. archive/zip is not used for the intake: it is
// lenient where two readers may come to two opinions, and it allocates by what the archive claims.
const (
	sigLocal     = "PK\x03\x04"
	sigCentral   = "PK\x01\x02"
	sigEnd       = "PK\x05\x06"
	sigEnd64Loc  = "PK\x06\x07"
	localLen     = 30
	centralLen   = 46
	endLen       = 22
	methodStore  = 0
	methodFlate  = 8
	flagCrypt    = 1 << 0
	flagStreamed = 1 << 3 // sizes and checksum follow the data
	flagPatch    = 1 << 5
	flagStrong   = 1 << 6
	flagUTF8     = 1 << 11
	flagMasked   = 1 << 13

	maxDirectory = 8 << 20 // 10 000 entries with the longest allowed paths need less than half
)

// entry is one record of the central directory.
type entry struct {
	raw    string // name as written
	name   string // name as understood: without a leading "./" and a trailing "/"
	dir    bool
	flags  uint16
	method uint16
	crc    uint32
	packed int64
	size   int64
	offset int64 // of the local header
	data   int64 // of the first packed byte, known after checkLocals
	mode   fs.FileMode
}

type endRecord struct {
	entries   int
	dirSize   int64
	dirOffset int64
	at        int64
}

// readDirectory reads the central directory and holds it to the one shape in which all readers agree: it begins with a
// local header, nothing precedes it, and directory and end record are adjacent at the end of the file. It also gives the
// directory's offset, which no entry may reach.
func readDirectory(r io.ReaderAt, size int64, limits Limits) (entries []*entry, at int64, err error) {
	if size > limits.MaxUpload {
		return nil, 0, fault.New(fault.TooLarge, "archive_too_large", "The archive is %s; at most %s can be uploaded.", BytesText(size), BytesText(limits.MaxUpload))
	}
	head := make([]byte, 4)
	if size < endLen {
		return nil, 0, notZip("The file is too short to be a zip archive.")
	}
	if err := readAt(r, head, 0); err != nil {
		return nil, 0, err
	}
	if string(head) == sigEnd {
		return nil, 0, fault.New(fault.Unprocessable, "archive_empty", "The archive is empty. Zip the project folder, with app.json in it.")
	}
	if string(head) != sigLocal {
		return nil, 0, notZip("The file is not a zip archive (it does not begin like one). Upload the project as .zip.")
	}
	end, err := findEnd(r, size)
	if err != nil {
		return nil, 0, err
	}
	if end.entries > limits.MaxEntries {
		return nil, 0, tooMany(limits)
	}
	if end.dirSize > maxDirectory {
		return nil, 0, tooLarge("archive_directory", "directory", "", fmt.Sprintf("The archive's directory claims %s; no project within the limits needs more than %s.", BytesText(end.dirSize), BytesText(maxDirectory)))
	}
	if end.dirOffset+end.dirSize != end.at {
		return nil, 0, refuse("archive_layout", "layout", "", "The archive's directory is not where its end record says, or data lies between the two. Write the archive anew with an ordinary zip tool.")
	}
	dir := make([]byte, end.dirSize)
	if err := readAt(r, dir, end.dirOffset); err != nil {
		return nil, 0, err
	}
	entries, err = parseDirectory(dir, end, limits)
	return entries, end.dirOffset, err
}

func tooMany(limits Limits) error {
	return tooLarge("archive_entries", "entries", "", fmt.Sprintf("The archive has more than %d entries; leave out what the mini program does not need, for example unused packages in node_modules.", limits.MaxEntries))
}

func notZip(detail string) error { return refuse("archive_not_zip", "format", "", detail) }

// findEnd finds the one end record. Two candidates mean that two readers may see two archives.
func findEnd(r io.ReaderAt, size int64) (endRecord, error) {
	tail := make([]byte, min(size, endLen+0xffff))
	start := size - int64(len(tail))
	if err := readAt(r, tail, start); err != nil {
		return endRecord{}, err
	}
	at := -1
	for i := len(tail) - endLen; i >= 0; i-- {
		if string(tail[i:i+4]) != sigEnd {
			continue
		}
		if i+endLen+int(binary.LittleEndian.Uint16(tail[i+20:])) == len(tail) {
			at = i
			break
		}
	}
	if at < 0 {
		return endRecord{}, notZip("The archive has no end record, or something follows it: it is cut short or not a zip archive.")
	}
	if bytes.Contains(tail[at+endLen:], []byte(sigEnd)) {
		return endRecord{}, refuse("archive_layout", "layout", "", "The archive's comment holds a second end record. Write the archive anew without a comment.")
	}
	if at >= 20 && string(tail[at-20:at-16]) == sigEnd64Loc {
		return endRecord{}, zip64("")
	}
	b := tail[at:]
	le := binary.LittleEndian
	end := endRecord{entries: int(le.Uint16(b[10:])), dirSize: int64(le.Uint32(b[12:])), dirOffset: int64(le.Uint32(b[16:])), at: start + int64(at)}
	if end.entries == 0xffff || end.dirSize == 0xffffffff || end.dirOffset == 0xffffffff {
		return endRecord{}, zip64("")
	}
	if le.Uint16(b[4:]) != 0 || le.Uint16(b[6:]) != 0 || le.Uint16(b[8:]) != le.Uint16(b[10:]) {
		return endRecord{}, refuse("archive_split", "layout", "", "The archive is one part of several. Upload it as a single file.")
	}
	return end, nil
}

func zip64(name string) error {
	return refuse("archive_zip64", "zip64", name, "The archive uses zip64, which nothing within the size limits needs. Write it anew with an ordinary zip tool.")
}

// parseDirectory reads every record and stops at the first thing that does not add up.
func parseDirectory(dir []byte, end endRecord, limits Limits) ([]*entry, error) {
	entries := make([]*entry, 0, min(end.entries, limits.MaxEntries, len(dir)/centralLen))
	for len(dir) > 0 {
		if len(entries) >= limits.MaxEntries {
			return nil, tooMany(limits)
		}
		e, rest, err := parseEntry(dir)
		if err != nil {
			return nil, err
		}
		entries, dir = append(entries, e), rest
	}
	if len(entries) != end.entries {
		return nil, refuse("archive_directory", "directory", "", fmt.Sprintf("The archive's end record counts %d entries, its directory has %d.", end.entries, len(entries)))
	}
	if len(entries) == 0 {
		return nil, fault.New(fault.Unprocessable, "archive_empty", "The archive is empty. Zip the project folder, with app.json in it.")
	}
	return entries, nil
}

func parseEntry(b []byte) (*entry, []byte, error) {
	le := binary.LittleEndian
	if len(b) < centralLen || string(b[:4]) != sigCentral {
		return nil, nil, refuse("archive_directory", "directory", "", "The archive's directory is damaged.")
	}
	nameLen, extraLen, commentLen := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	if len(b) < centralLen+nameLen+extraLen+commentLen {
		return nil, nil, refuse("archive_directory", "directory", "", "The archive's directory is cut short.")
	}
	e := &entry{
		raw:    string(b[centralLen : centralLen+nameLen]),
		flags:  le.Uint16(b[8:]),
		method: le.Uint16(b[10:]),
		crc:    le.Uint32(b[16:]),
		packed: int64(le.Uint32(b[20:])),
		size:   int64(le.Uint32(b[24:])),
		offset: int64(le.Uint32(b[42:])),
		mode:   fs.FileMode(le.Uint32(b[38:]) >> 16),
	}
	if e.packed == 0xffffffff || e.size == 0xffffffff || e.offset == 0xffffffff {
		return nil, nil, zip64(e.raw)
	}
	if le.Uint16(b[34:]) != 0 {
		return nil, nil, refuse("archive_split", "layout", e.raw, "The entry lies in another part of a split archive. Upload a single file.")
	}
	extra := b[centralLen+nameLen : centralLen+nameLen+extraLen]
	if err := e.check(extra); err != nil {
		return nil, nil, err
	}
	return e, b[centralLen+nameLen+extraLen+commentLen:], nil
}

// Unix file types as zip keeps them in the upper half of the external attributes.
const (
	unixType = 0xf000
	unixDir  = 0x4000
	unixFile = 0x8000
	unixLink = 0xa000
)

// check refuses what an entry may not be, whatever its name.
func (e *entry) check(extra []byte) error {
	if e.flags&(flagCrypt|flagStrong|flagMasked) != 0 {
		return refuse("archive_encrypted", "encryption", e.raw, "The entry is encrypted. Upload the project without a password.")
	}
	if e.flags&flagPatch != 0 || (e.method != methodStore && e.method != methodFlate) {
		return refuse("archive_method", "method", e.raw, fmt.Sprintf("The entry uses compression method %d; only stored (0) and deflate (8) are accepted.", e.method))
	}
	switch kind := uint32(e.mode) & unixType; kind {
	case 0, unixFile, unixDir:
		if kind == unixDir && len(e.raw) > 0 && e.raw[len(e.raw)-1] != '/' {
			return refuse("archive_link", "type", e.raw, "The entry is marked as a folder but named as a file.")
		}
	case unixLink:
		return refuse("archive_link", "type", e.raw, "Symbolic links are not accepted. "+insteadOfLink(e.raw))
	default:
		return refuse("archive_link", "type", e.raw, "The entry is a device, pipe or socket. Only files and folders are accepted.")
	}
	if name, ok := unicodePath(extra); ok && name != e.raw {
		return refuse("archive_header", "name", e.raw, fmt.Sprintf("The entry has a second name %s in an extra field; one name is enough.", shown(name)))
	}
	return nil
}

// insteadOfLink says what to do about a link. Those of installed packages come by the thousand.
func insteadOfLink(name string) string {
	switch {
	case strings.Contains("/"+name, "/node_modules/.bin/"):
		return "Delete the folders node_modules/.bin before you zip: they hold commands for your machine, and no mini program needs them."
	case strings.Contains("/"+name, "/node_modules/"):
		return "Install the packages with npm, or with pnpm's setting node-linker=hoisted, or zip with a tool that follows links, such as zip -r."
	}
	return "Put a copy of the file in its place."
}

// unicodePath gives the name of an Info-ZIP Unicode Path extra field, with which an entry can carry two names.
func unicodePath(extra []byte) (string, bool) {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if len(extra) < 4+n {
			return "", false
		}
		if id == 0x7075 && n >= 5 {
			return string(extra[4+5 : 4+n]), true
		}
		extra = extra[4+n:]
	}
	return "", false
}

// readAt fills b or says why not; being cut short is the archive's fault, anything else is not.
func readAt(r io.ReaderAt, b []byte, at int64) error {
	n, err := r.ReadAt(b, at)
	switch {
	case n == len(b):
		return nil
	case err == io.EOF || err == nil:
		return refuse("archive_corrupt", "data", "", "The archive is cut short.")
	}
	return fault.Wrap(fault.Unavailable, "archive_unreadable", err, "The uploaded archive could not be read. Try again.")
}
