package pieces_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/build/pieces"
)

func send(t interface{ Fatal(...any) }, known pieces.Set, sets ...pieces.Set) []byte {
	var b bytes.Buffer
	if err := pieces.Send(bufio.NewWriter(&b), known, sets...); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func receive(data []byte, known pieces.Set, sets int) ([]pieces.Set, error) {
	return pieces.Receive(bufio.NewReader(bytes.NewReader(data)), known, sets)
}

func TestWhatIsSentArrives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.MapOf(rapid.String(), rapid.SliceOfN(rapid.Byte(), 0, 20))
		known := files.Draw(t, "known")
		sets := rapid.SliceOfN(files, 0, 4).Draw(t, "sets")
		for _, set := range sets { // some are the same bytes, or a part of them, by other names
			for name, b := range known {
				if rapid.Bool().Draw(t, "again") {
					set["again"+name] = b[:rapid.IntRange(0, len(b)).Draw(t, "part")]
				}
			}
		}
		got, err := receive(send(t, known, sets...), known, len(sets))
		if err != nil {
			t.Fatal(err)
		}
		for i := range sets {
			for name, b := range got[i] {
				if b == nil {
					t.Fatalf("%q, which is there, is nil", name)
				}
				if len(b) == 0 {
					sets[i][name] = b
				}
			}
			if diff := cmp.Diff(sets[i], got[i]); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestTheSameBytesGoOnce(t *testing.T) {
	large := bytes.Repeat([]byte("a"), 1<<20)
	known := pieces.Set{"k": large}
	if n := len(send(t, nil, pieces.Set{"a": large, "b": large}, pieces.Set{"a": large})); n > 1<<20+100 {
		t.Errorf("sent once it takes %d bytes", n)
	}
	data := send(t, known, pieces.Set{"a": large})
	if len(data) > 100 {
		t.Errorf("known to the other side it takes %d bytes", len(data))
	}
	if got, err := receive(data, known, 1); err != nil || &got[0]["a"][0] != &large[0] {
		t.Errorf("the other side has it twice, %v", err)
	}
}

func TestWhatIsBrokenOffIsNoResult(t *testing.T) {
	data := send(t, nil, pieces.Set{"a": []byte("bcd"), "e": nil}, pieces.Set{"f": []byte("g")})
	for n := range data {
		if _, err := receive(data[:n], nil, 2); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("of %d bytes: %v", n, err)
		}
	}
	if _, err := receive(data, nil, 1); err == nil {
		t.Error("a set too many is no error")
	}
	for _, lie := range []string{"\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "\x01\x01a\x05", "\x01\x01a\x00\xff\xff\xff\xff\xff\x01"} {
		if _, err := receive([]byte(lie), nil, 1); err == nil {
			t.Errorf("%q is no error", lie)
		}
	}
}

// TestAnAnnouncementTakesNoMemory: a process that was taken over could announce anything.
func TestAnAnnouncementTakesNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := receive([]byte("\x01\x01a\x00\x80\x80\x80\x80\x04"+strings.Repeat("b", 10)), nil, 1); err == nil {
		t.Error("a gigabyte was not missed")
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 80<<20 {
		t.Errorf("it took %d bytes", took)
	}
}
