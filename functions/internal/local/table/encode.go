package table

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"slipway/functions/internal/store"
)

// encodeKey is the length of pk as a uvarint, pk, sk. The length keeps partitions apart whatever bytes they hold, and
// within one of them the order of keys is the order of sk.
func encodeKey(pk, sk string) []byte {
	k := make([]byte, 0, binary.MaxVarintLen32+len(pk)+len(sk)+1)
	k = binary.AppendUvarint(k, uint64(len(pk)))
	k = append(k, pk...)
	return append(k, sk...)
}

// successor is the least key greater than everything that begins with k. The length in front of every key ends in
// a byte below 0x80, so there always is one.
func successor(k []byte) []byte {
	s := slices.Clone(k)
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] != 0xff {
			s[i]++
			return s[:i+1]
		}
	}
	return s
}

// encode is the revision and the expiry (Unix seconds, 0 for never) as uvarints, then the data.
func encode(rev int64, expires time.Time, data []byte) []byte {
	var at uint64
	if !expires.IsZero() {
		at = uint64(expires.Unix())
	}
	v := make([]byte, 0, 2*binary.MaxVarintLen64+len(data))
	v = binary.AppendUvarint(v, uint64(rev))
	v = binary.AppendUvarint(v, at)
	return append(v, data...)
}

var errDamaged = errors.New("a stored item is damaged; restore .slipway from a copy, or remove it to start anew")

// decode fills what encode wrote, copying the data out of the file's memory. A nil value leaves the item missing.
func decode(v []byte, item *store.Item) error {
	head, err := decodeBoth(v, item)
	if err == nil && v != nil {
		item.Data = slices.Clone(v[head:])
	}
	return err
}

// decodeHead fills revision and expiry only.
func decodeHead(v []byte, item *store.Item) error {
	_, err := decodeBoth(v, item)
	return err
}

func decodeBoth(v []byte, item *store.Item) (head int, err error) {
	if v == nil {
		return 0, nil
	}
	rev, n := binary.Uvarint(v)
	if n <= 0 || rev == 0 {
		return 0, errDamaged
	}
	at, m := binary.Uvarint(v[n:])
	if m <= 0 {
		return 0, errDamaged
	}
	item.Rev = int64(rev)
	if at != 0 {
		item.Expires = time.Unix(int64(at), 0).UTC()
	}
	return n + m, nil
}
