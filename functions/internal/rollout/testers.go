package rollout

import (
	"encoding/json"
	"slices"
)

// Testers are the user ids that a pilot is for. They are made once and asked at every launch: nearly everybody who
// asks is none, so that has to be found out without comparing ids.
type Testers struct {
	ids    []string
	set    map[string]struct{}
	filter [16]uint64 // of 1024 bits, one per tester: a clear bit says that nobody of the set ends like this
}

// NewTesters keeps a copy of the ids.
func NewTesters(ids []string) Testers {
	t := Testers{ids: slices.Clone(ids)}
	for _, id := range ids {
		if t.set == nil {
			t.set = make(map[string]struct{}, len(ids))
		}
		t.set[id] = struct{}{}
		bit := trait(id)
		t.filter[bit/64] |= 1 << (bit % 64)
	}
	return t
}

// Has says whether a user is one of them.
func (t *Testers) Has(user string) bool {
	if bit := trait(user); t.filter[bit/64]&(1<<(bit%64)) == 0 {
		return false
	}
	_, ok := t.set[user]
	return ok
}

// trait is a number below 1024 made of where ids differ most: their ends and their length.
func trait(id string) uint {
	n := uint(len(id))
	if n < 4 {
		return n
	}
	tail := uint(id[n-1]) | uint(id[n-2])<<8 | uint(id[n-3])<<16 | uint(id[n-4])<<24
	return uint((uint64(tail)*0x9e3779b97f4a7c15 + uint64(n)) >> 54)
}

// IDs are the user ids in the order in which they were given.
func (t Testers) IDs() []string { return slices.Clone(t.ids) }

// Equal says whether both are the same ids in the same order.
func (t Testers) Equal(o Testers) bool { return slices.Equal(t.ids, o.ids) }

// MarshalJSON writes the list of ids.
func (t Testers) MarshalJSON() ([]byte, error) {
	if t.ids == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(t.ids)
}

// UnmarshalJSON reads it.
func (t *Testers) UnmarshalJSON(data []byte) error {
	var ids []string
	if err := json.Unmarshal(data, &ids); err != nil {
		return err
	}
	*t = NewTesters(ids)
	return nil
}
