package store

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"

	"slipway/functions/internal/rollout"
)

// Changes of placements can be followed without reading the placements: every transaction that writes some also
// writes, without a condition, the row of their mini program's slot.
//
//	CHANGES / 00 … 63   the last change of a mini program of that slot; its revision counts the changes
//
// A row carries no condition, so two changes never make each other fail; and as it is written in the transaction of
// the placements, a reader that finds every revision as it was knows that no placement has changed, whatever became
// of the answer to whoever wrote. A revision that went up by one tells what changed, by more only the slot.
const changesPK = "CHANGES"

// Slots is how many rows there are: few enough for one small read, enough that two changes seldom meet in one.
const Slots = 64

// SlotOf is the slot of a mini program: the 32 bits of FNV-1a, modulo Slots. All functions have to agree on it.
func SlotOf(miniProgram string) int {
	h := uint32(2166136261)
	for i := range len(miniProgram) {
		h = (h ^ uint32(miniProgram[i])) * 16777619
	}
	return int(h % Slots)
}

// Change is the last change in a slot.
type Change struct {
	MiniProgram string          `json:"miniProgram"`
	Targets     []ChangedTarget `json:"targets"`
}

// ChangedTarget is one target of a change.
type ChangedTarget struct {
	rollout.Target
	Rev int64 `json:"rev"` // of the placement, from this change on
	// Placement is there, as JSON, when it is small, as nearly all are: then nobody has to read it to carry the change
	// out. Most readers never asked for it, so they need not decode it.
	Placement json.RawMessage `json:"placement,omitempty"`
}

// Bounds of what a row carries along, in bytes; a reader asks for the rest. A version takes some 300, so a placement
// with two of them and their history has room.
const (
	maxCarried    = 1 << 10
	maxCarriedAll = 12 << 10
)

// SavePlacements makes the writes of all placements of one mini program that a transaction changes, each under the
// revision it was read with, and of the row that tells of them: one write more than there are placements.
func SavePlacements(placements []rollout.Placement, revs []int64) []Write {
	if len(placements) == 0 {
		return nil
	}
	change := Change{MiniProgram: placements[0].MiniProgram}
	var writes []Write
	carried := 0
	for i, p := range placements {
		w := savePlacement(p, revs[i])
		writes = append(writes, w)
		t := ChangedTarget{Target: p.Target, Rev: revs[i] + 1}
		if size := len(w.Data); size <= maxCarried && carried+size <= maxCarriedAll {
			if data, err := json.Marshal(p); err == nil {
				t.Placement, carried = data, carried+size
			}
		}
		change.Targets = append(change.Targets, t)
	}
	return append(writes, writeOf(changesKey(SlotOf(change.MiniProgram)), change, Any))
}

// ChangesPlacements says whether a transaction tells of changed placements.
func ChangesPlacements(writes []Write) bool {
	return slices.ContainsFunc(writes, func(w Write) bool { return w.Key.PK == changesPK })
}

func changesKey(slot int) Key {
	s := strconv.Itoa(slot)
	if slot < 10 {
		s = "0" + s
	}
	return Key{changesPK, s}
}

// Slot is the state of one slot: Rev counts its changes, Data is the last one, for ReadChange.
type Slot struct {
	Rev  int64
	Data []byte
}

// Changes reads the state of every slot, in one read of the table as long as a page of 1 MB holds them all.
func Changes(ctx context.Context, t Table) (all [Slots]Slot, err error) {
	q := Query{PK: changesPK, Limit: Slots}
	for n, more := 0, true; more && n < Slots; {
		page, err := t.Query(ctx, q)
		if err != nil {
			return all, err
		}
		for _, item := range page.Items {
			if i, err := strconv.Atoi(item.SK); err == nil && i >= 0 && i < Slots {
				all[i] = Slot{item.Rev, item.Data}
			}
			q.After = item.SK
		}
		n += len(page.Items)
		more = page.More && len(page.Items) > 0
	}
	return all, nil
}

// ReadChange reads what a slot says of its last change.
func ReadChange(s Slot) (c Change, err error) { return c, json.Unmarshal(s.Data, &c) }

// PlacementRow is a placement as it is kept, to be read when it is needed.
type PlacementRow struct {
	Target      rollout.Target
	MiniProgram string
	Rev         int64 // 0: nothing ever was placed there
	Data        []byte
}

// Placement reads the row.
func (r PlacementRow) Placement() (rollout.Placement, error) {
	p := rollout.Placement{}
	if r.Rev > 0 {
		var err error
		if p, err = decode[rollout.Placement](Item{Key: placementKey(r.Target, r.MiniProgram), Data: r.Data}); err != nil {
			return p, err
		}
	}
	p.MiniProgram, p.Target = r.MiniProgram, r.Target
	return p, nil
}

// PlacementRows fills the rows, of which target and mini program are set, in one read of the table; at most 100.
func PlacementRows(ctx context.Context, t Table, rows []PlacementRow) error {
	keys := make([]Key, len(rows))
	for i, r := range rows {
		keys[i] = placementKey(r.Target, r.MiniProgram)
	}
	items, err := t.Get(ctx, keys...)
	if err != nil {
		return err
	}
	for i, item := range items {
		rows[i].Rev, rows[i].Data = item.Rev, item.Data
	}
	return nil
}

// PlacementsOf reads a page of a target's placements as rows, after a mini program; more says whether to go on.
func PlacementsOf(ctx context.Context, t Table, target rollout.Target, after string) (rows []PlacementRow, more bool, err error) {
	q := Query{PK: placementKey(target, "").PK, Prefix: "P#", Limit: 1000}
	if after != "" {
		q.After = "P#" + after
	}
	page, err := t.Query(ctx, q)
	if err != nil {
		return nil, false, err
	}
	for _, item := range page.Items {
		rows = append(rows, PlacementRow{Target: target, MiniProgram: item.SK[len("P#"):], Rev: item.Rev, Data: item.Data})
	}
	return rows, page.More && len(rows) > 0, nil
}
