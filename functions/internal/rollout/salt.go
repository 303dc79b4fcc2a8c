package rollout

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

// Salt is what a release's buckets are made with. It lies ready to be hashed, for every launch asks for a bucket.
type Salt struct {
	text  string
	ready [saltRoom]byte // the text and the zero byte behind it; empty when there is no room for a user as well
}

// saltRoom is enough for a salt as releases have them and a user id of 37 bytes.
const saltRoom = 64

// NewSalt makes a salt of its text.
func NewSalt(text string) Salt {
	s := Salt{text: text}
	if len(text)+1 < saltRoom {
		copy(s.ready[:], text)
	}
	return s
}

// Bucket is the bucket of a user: Bucket(s.String(), user), but faster.
//
// What is hashed is put together from whole words. A processor that is to read a word of which parts were written just
// before waits for them to arrive in memory, which takes longer than the hash itself.
func (s *Salt) Bucket(user string) int {
	at := len(s.text) + 1
	n := at + len(user)
	if n >= saltRoom {
		return Bucket(s.text, user)
	}
	buf := s.ready
	word, shift := at&^7, uint(at%8)*8
	begun := binary.LittleEndian.Uint64(buf[word:]) // the end of the salt
	for ; len(user) >= 8; user = user[8:] {
		next := eight(user)
		binary.LittleEndian.PutUint64(buf[word:], begun|next<<shift)
		begun = next >> (64 - shift)
		word += 8
	}
	rest := few(user)
	binary.LittleEndian.PutUint64(buf[word:], begun|rest<<shift)
	if word += 8; word < n {
		binary.LittleEndian.PutUint64(buf[word:], rest>>(64-shift))
	}
	return int(xxhash.Sum64(buf[:n]) % Buckets)
}

// eight is the first eight bytes of a text as a number, which compiles to a single load.
func eight(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// few is a text of at most seven bytes as a number.
func few(s string) (out uint64) {
	if n := len(s); n >= 4 { // its first four and its last four bytes, which may be in part the same
		first := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
		last := uint64(s[n-4]) | uint64(s[n-3])<<8 | uint64(s[n-2])<<16 | uint64(s[n-1])<<24
		return first | last<<(8*(n-4))
	}
	for i := range len(s) {
		out |= uint64(s[i]) << (8 * i)
	}
	return out
}

// String is the text of the salt.
func (s Salt) String() string { return s.text }

// Equal says whether both make the same buckets.
func (s Salt) Equal(o Salt) bool { return s.text == o.text }

// MarshalText writes the text of the salt.
func (s Salt) MarshalText() ([]byte, error) { return []byte(s.text), nil }

// UnmarshalText reads it.
func (s *Salt) UnmarshalText(text []byte) error {
	*s = NewSalt(string(text))
	return nil
}
