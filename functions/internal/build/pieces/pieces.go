// Package pieces sends files from one process to another, one by one, so that neither side holds any of them twice, and the
// same bytes only once whatever they are called.
//
// What belongs here: how files go through a pipe. What does not: which ones (packages isolate and smoke).
package pieces

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
)

// Set is files by path.
type Set = map[string][]byte

// maxPiece bounds what one file may take on the receiving side; nothing that is taken in is near it.
const maxPiece = 1 << 30

// Each entry is the set's number from 1, the name, and the number of its bytes: those of the known files, sorted by path,
// come first, then those that were sent, in order. New bytes follow with their length. A set's number of 0 is the end.

// Send writes sets of files. What shares its memory with a known file, which the other side has too, or with one that was
// sent before is only named.
func Send(w *bufio.Writer, known Set, sets ...Set) error {
	numbers := map[*byte]uint64{}
	sizes := map[uint64]int{}
	for i, name := range slices.Sorted(maps.Keys(known)) {
		if b := known[name]; len(b) > 0 {
			numbers[&b[0]], sizes[uint64(i)] = uint64(i), len(b)
		}
	}
	next := uint64(len(known))
	for i, set := range sets {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			b := set[name]
			number(w, uint64(i)+1)
			number(w, uint64(len(name)))
			_, _ = w.WriteString(name) // Flush says what went wrong
			if len(b) > 0 {
				if n, sent := numbers[&b[0]]; sent && sizes[n] == len(b) {
					number(w, n)
					continue
				}
				numbers[&b[0]], sizes[next] = next, len(b)
			}
			number(w, next)
			number(w, uint64(len(b)))
			_, _ = w.Write(b)
			next++
		}
	}
	number(w, 0)
	return w.Flush()
}

func number(w *bufio.Writer, n uint64) {
	var b [binary.MaxVarintLen64]byte
	_, _ = w.Write(b[:binary.PutUvarint(b[:], n)])
}

// Receive reads what Send wrote with the same known files and so many sets. Files of the same bytes share them.
func Receive(r *bufio.Reader, known Set, sets int) ([]Set, error) {
	var pieces [][]byte
	for _, name := range slices.Sorted(maps.Keys(known)) {
		pieces = append(pieces, known[name])
	}
	got := make([]Set, sets)
	for i := range got {
		got[i] = Set{}
	}
	for {
		set, err := upTo(r, uint64(sets), nil)
		if err != nil || set == 0 {
			return got, err
		}
		name, err := text(r)
		n, err := upTo(r, uint64(len(pieces)), err)
		if err == nil && n == uint64(len(pieces)) {
			var b []byte
			b, err = text(r)
			pieces = append(pieces, b)
		}
		if err != nil {
			return nil, err
		}
		got[set-1][string(name)] = pieces[n]
	}
}

// text reads a length and so many bytes. Beyond what any project has it takes memory as they come, not as announced.
func text(r *bufio.Reader) ([]byte, error) {
	const step = 64 << 20
	n, err := upTo(r, maxPiece, nil)
	b := make([]byte, 0, min(n, step))
	for err == nil && uint64(len(b)) < n {
		at := len(b)
		b = slices.Grow(b, int(min(n-uint64(at), step)))
		b = b[:min(n, uint64(cap(b)))]
		_, err = io.ReadFull(r, b[at:])
	}
	return b, whole(err)
}

func upTo(r *bufio.Reader, most uint64, before error) (uint64, error) {
	if before != nil {
		return 0, before
	}
	n, err := binary.ReadUvarint(r)
	if err == nil && (n > most || n > math.MaxInt) {
		err = fmt.Errorf("a number is %d, and %d at most is expected", n, most)
	}
	return n, whole(err)
}

// whole makes an end before the end what it is.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
