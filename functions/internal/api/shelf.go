package api

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"slipway/functions/internal/keyring"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// maxShelves bounds what one function remembers: a target of 10 000 mini programs takes about 3 MB.
const maxShelves = 32

// shelves keep the manifests of the targets that were asked for, so that a change costs its own row and not the whole
// target's. Nothing is answered from them without a look at what has changed.
type shelves struct {
	table store.Table
	rings keyring.Holder

	mu      sync.Mutex
	targets map[rollout.Target]*shelf
	clock   int64 // counts requests
}

// get is the manifest of a target as of now or later.
func (s *shelves) get(ctx context.Context, target rollout.Target, now time.Time) (*document, error) {
	s.mu.Lock()
	one := s.targets[target]
	if one == nil {
		one = &shelf{target: target}
		s.targets[target] = one
	}
	s.clock++
	one.asked = s.clock
	s.mu.Unlock()

	one.mu.Lock() // who waits here asks again afterwards: what the other one read may be older than this request
	defer one.mu.Unlock()
	if err := one.refresh(ctx, s.table); err != nil {
		if !one.known { // it may be a name at random as well
			s.forget(one)
		}
		return nil, err
	}
	if !slices.ContainsFunc(one.lines, rollout.Line.Says) { // also the answer for a target that does not exist
		s.forget(one)
		return nil, noManifest()
	}
	if day := now.UTC().Truncate(24 * time.Hour); one.document == nil || !one.day.Equal(day) {
		ring, err := s.rings.Ring(ctx)
		if err != nil {
			return nil, err
		}
		doc, err := publish(ring, rollout.Compose(target, day, one.lines))
		if err != nil {
			return nil, err
		}
		one.document, one.day = doc, day
		s.evict()
	}
	return one.document, nil
}

// forget leaves out a target of which nothing is to be said: asking for names at random must not cost others theirs.
func (s *shelves) forget(one *shelf) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.targets[one.target] == one {
		delete(s.targets, one.target)
	}
}

// evict forgets the targets that were asked for longest ago while there are too many.
func (s *shelves) evict() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.targets) > maxShelves {
		var oldest *shelf
		for _, one := range s.targets {
			if oldest == nil || one.asked < oldest.asked {
				oldest = one
			}
		}
		delete(s.targets, oldest.target)
	}
}

// shelf is what is known of one target.
type shelf struct {
	target rollout.Target
	asked  int64 // guarded by shelves.mu

	mu       sync.Mutex
	known    bool
	slots    [store.Slots]int64 // the changes that the lines contain
	lines    []rollout.Line     // in the order of mini programs
	revs     map[string]int64   // of the placements behind the lines
	document *document          // nil when a line has changed since
	day      time.Time
}

// refresh brings the lines up to what the table holds, or later.
//
// DynamoDB shows the parts of a transaction one after another, so a slot may tell of a placement that cannot be read
// yet. Nobody has been told of that change either; its slot is looked at again the next time. An earlier change of the
// same slot is whole by then, because two transactions that write one item do so one after the other.
func (s *shelf) refresh(ctx context.Context, t store.Table) error {
	slots, err := store.Changes(ctx, t)
	if err != nil {
		return err
	}
	var changed []int
	few := s.known
	for i, slot := range slots {
		if step := slot.Rev - s.slots[i]; step != 0 {
			changed = append(changed, i)
			few = few && step == 1
		}
	}
	if s.known && len(changed) == 0 {
		return nil
	}
	notices, err := s.notices(slots[:], changed)
	if err != nil {
		return err
	}
	if few {
		err = s.reread(ctx, t, notices)
	} else {
		err = s.readAll(ctx, t)
	}
	if err != nil {
		return err
	}
	for _, i := range changed {
		s.slots[i] = slots[i].Rev
	}
	for _, c := range notices {
		if s.revs[c.miniProgram] < c.rev {
			s.slots[c.slot] = slots[c.slot].Rev - 1
		}
	}
	s.known = true
	return nil
}

// notice is what the last change of a slot says about this target.
type notice struct {
	slot        int
	miniProgram string
	rev         int64
}

func (s *shelf) notices(slots []store.Slot, changed []int) (out []notice, err error) {
	for _, i := range changed {
		change, err := store.ReadChange(slots[i])
		if err != nil {
			return nil, err
		}
		for _, t := range change.Targets {
			if t.Target == s.target {
				out = append(out, notice{i, change.MiniProgram, t.Rev})
			}
		}
	}
	return out, nil
}

// reread reads the few placements that changed.
func (s *shelf) reread(ctx context.Context, t store.Table, changes []notice) error {
	var rows []store.PlacementRow
	for _, c := range changes {
		rows = append(rows, store.PlacementRow{Target: s.target, MiniProgram: c.miniProgram})
	}
	if len(rows) == 0 {
		return nil
	}
	if err := store.PlacementRows(ctx, t, rows); err != nil {
		return err
	}
	for _, row := range rows {
		if row.Rev == 0 || row.Rev == s.revs[row.MiniProgram] {
			continue
		}
		line, err := row.Line()
		if err != nil {
			return err
		}
		i, found := slices.BinarySearchFunc(s.lines, line, byMiniProgram)
		if found {
			s.lines[i] = line
		} else {
			s.lines = slices.Insert(s.lines, i, line)
		}
		s.revs[row.MiniProgram] = row.Rev
		s.document = nil
	}
	return nil
}

// readAll reads the whole target.
func (s *shelf) readAll(ctx context.Context, t store.Table) error {
	var lines []rollout.Line
	revs := map[string]int64{}
	for after, more := "", true; more; {
		rows, again, err := store.PlacementsOf(ctx, t, s.target, after)
		if err != nil {
			return err
		}
		for _, row := range rows {
			line, err := row.Line()
			if err != nil {
				return err
			}
			lines = append(lines, line)
			revs[row.MiniProgram] = row.Rev
			after = row.MiniProgram
		}
		more = again
	}
	slices.SortFunc(lines, byMiniProgram) // they are, in every table that keeps its promise
	s.lines, s.revs, s.document = lines, revs, nil
	return nil
}

func byMiniProgram(a, b rollout.Line) int { return cmp.Compare(a.MiniProgram, b.MiniProgram) }

// writers are used again: one takes a megabyte.
var writers = sync.Pool{New: func() any { w, _ := gzip.NewWriterLevel(nil, gzipLevel); return w }}

// gzipLevel: what there is to gain is in the names of fields, which the fastest levels find as well. Ids do not repeat.
const gzipLevel = 3

func compress(plain []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(plain)/2 + 512)
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&out)
	if _, err := w.Write(plain); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
