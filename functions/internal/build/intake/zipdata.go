package intake

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"

	"slipway/functions/internal/fault"
)

// checkLocals compares each local header with its directory record and proves that no two entries share a byte and none
// reaches into the directory.
func checkLocals(r io.ReaderAt, end int64, entries []*entry) error {
	ordered := slices.Clone(entries)
	slices.SortStableFunc(ordered, func(a, b *entry) int { return cmp.Compare(a.offset, b.offset) })
	var before int64
	for i, e := range ordered {
		if i == 0 && e.offset != 0 {
			return refuse("archive_layout", "layout", e.raw, "Data precedes the first entry. Write the archive anew with an ordinary zip tool.")
		}
		if e.offset < before {
			return refuse("archive_overlap", "overlap", e.raw, fmt.Sprintf("The entry overlaps %s; every entry needs bytes of its own.", shown(ordered[i-1].raw)))
		}
		if err := e.readLocal(r, end); err != nil {
			return err
		}
		before = e.data + e.packed
		if before > end {
			return refuse("archive_sizes", "size", e.raw, "The entry claims more bytes than there are before the archive's directory.")
		}
	}
	return nil
}

// readLocal reads the header before an entry's data and refuses any difference to the directory: a reader that trusts the
// one would unpack something else than a reader that trusts the other.
func (e *entry) readLocal(r io.ReaderAt, end int64) error {
	if e.offset+localLen+int64(len(e.raw)) > end {
		return refuse("archive_sizes", "offset", e.raw, "The entry lies beyond the end of the archive.")
	}
	b := make([]byte, localLen+len(e.raw))
	if err := readAt(r, b, e.offset); err != nil {
		return err
	}
	le := binary.LittleEndian
	if string(b[:4]) != sigLocal {
		return refuse("archive_header", "header", e.raw, "There is no entry where the archive's directory says it is.")
	}
	if int(le.Uint16(b[26:])) != len(e.raw) || string(b[localLen:]) != e.raw {
		return refuse("archive_header", "name", e.raw, "The entry has another name in its own header than in the archive's directory.")
	}
	const same = flagCrypt | flagStrong | flagMasked | flagPatch
	flags := le.Uint16(b[6:])
	if flags&same != e.flags&same || le.Uint16(b[8:]) != e.method {
		return refuse("archive_header", "header", e.raw, "The entry's own header and the archive's directory disagree on how it is packed.")
	}
	crc, packed, full := le.Uint32(b[14:]), int64(le.Uint32(b[18:])), int64(le.Uint32(b[22:]))
	if packed == 0xffffffff && full == 0xffffffff && flags&flagStreamed == 0 {
		var err error
		if full, packed, err = wideSizes(r, e.offset+localLen+int64(len(e.raw)), int(le.Uint16(b[28:]))); err != nil {
			return err
		}
	}
	streamed := flags&flagStreamed != 0
	agree := func(have, want int64) bool { return have == want || streamed && (have == 0 || have == 0xffffffff) }
	if !agree(packed, e.packed) || !agree(full, e.size) || !agree(int64(crc), int64(e.crc)) {
		return refuse("archive_sizes", "size", e.raw, "The entry's own header and the archive's directory disagree on its size or checksum.")
	}
	e.data = e.offset + localLen + int64(len(e.raw)) + int64(le.Uint16(b[28:]))
	return nil
}

// wideSizes reads the sizes that a local header leaves to its zip64 field, which tools write that do not know beforehand
// how long an entry becomes. -1 where there is no such field.
func wideSizes(r io.ReaderAt, at int64, n int) (full, packed int64, err error) {
	extra := make([]byte, n)
	if err := readAt(r, extra, at); err != nil {
		return 0, 0, err
	}
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if len(extra) < 4+n {
			break
		}
		if id == 1 && n >= 16 {
			return int64(le.Uint64(extra[4:])), int64(le.Uint64(extra[12:])), nil
		}
		extra = extra[4+n:]
	}
	return -1, -1, nil
}

var (
	inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}
	sections  = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16<<10) }}
)

// decode writes the unpacked entry to w. It writes at most the claimed size, and refuses an entry that is longer or
// shorter than claimed, does not use all its packed bytes, or does not match its checksum.
func (e *entry) decode(r io.ReaderAt, w io.Writer) error {
	if e.dir {
		return nil
	}
	section := sections.Get().(*bufio.Reader)
	defer sections.Put(section)
	source := &tally{r: io.NewSectionReader(r, e.data, e.packed)}
	section.Reset(source)
	sum := &checksum{w: w, crc: crc32.NewIEEE(), left: e.size}
	var err error
	if e.method == methodStore {
		_, err = io.Copy(sum, section)
	} else {
		err = e.inflate(section, sum)
	}
	var told *fault.Error
	switch {
	case errors.As(err, &told):
		return told
	case source.err != nil:
		return fault.Wrap(fault.Unavailable, "archive_unreadable", source.err, "The uploaded archive could not be read. Try again.")
	case errors.Is(err, errLonger):
		return refuse("archive_sizes", "size", e.raw, fmt.Sprintf("The entry claims %d bytes and unpacks to more.", e.size))
	case err != nil:
		return refuse("archive_corrupt", "data", e.raw, "The entry's data is damaged. Write the archive anew.")
	case sum.left > 0:
		return refuse("archive_sizes", "size", e.raw, fmt.Sprintf("The entry claims %d bytes and unpacks to %d.", e.size, e.size-sum.left))
	case sum.crc.Sum32() != e.crc:
		return refuse("archive_corrupt", "checksum", e.raw, "The entry does not match its checksum. Write the archive anew.")
	}
	return nil
}

func (e *entry) inflate(section *bufio.Reader, w io.Writer) error {
	z := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(z)
	if err := z.(flate.Resetter).Reset(section, nil); err != nil {
		return err
	}
	if _, err := io.Copy(w, z); err != nil {
		return err
	}
	// The inflater reads byte by byte from a bufio.Reader, so whatever is left was never part of the stream.
	if _, err := section.ReadByte(); err != io.EOF {
		return refuse("archive_sizes", "size", e.raw, "Data hides behind the end of the entry's compressed stream.")
	}
	return nil
}

var errLonger = errors.New("longer than claimed")

// checksum passes on at most left bytes and sums them.
type checksum struct {
	w    io.Writer
	crc  hash.Hash32
	left int64
}

func (c *checksum) Write(b []byte) (int, error) {
	if int64(len(b)) > c.left {
		return 0, errLonger
	}
	c.left -= int64(len(b))
	c.crc.Write(b)
	return c.w.Write(b)
}

// tally tells an error of the store from an error in the data.
type tally struct {
	r   io.Reader
	err error
}

func (t *tally) Read(b []byte) (int, error) {
	n, err := t.r.Read(b)
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}
