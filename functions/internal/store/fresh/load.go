package fresh

import (
	"context"
	"strings"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// What is read at once, and how much of it is kept.
const (
	// A target of which more than this many placements were missed is read as a whole: a thousand in one read, and
	// then also what is not there is known.
	fewMisses = 4
	// One read brings at most this many single placements.
	most = 100
	// This much is kept, in bytes of records and keys: 50 000 placements of 1 KB.
	maxBytes = 64 << 20
	overhead = 256 // of an entry
	viewSize = 3 << 10
)

// load reads what is missing. What comes back was read just now, and may be answered even where it cannot be kept.
func (c *Cache[V]) load(ctx context.Context, t rollout.Target, missing []string) (map[string]*entry[V], error) {
	if _, failed := c.state(); failed {
		return nil, errStale
	}
	c.mu.Lock()
	known := c.targets[t]
	if known == nil {
		known = &target{}
		c.targets[t] = known
		c.bytes += overhead
	}
	known.misses += len(missing)
	whole := !known.tooBig && known.misses > fewMisses*(1+known.pages)
	c.mu.Unlock()
	if whole {
		if err := c.loadWhole(ctx, t, known); err != nil {
			return nil, err
		}
		return nil, nil
	}
	rows := c.wanted(t, missing)
	before := c.revisions()
	start, err := c.read(ctx, func(ctx context.Context) error { return store.PlacementRows(ctx, c.table, rows) })
	if err != nil {
		return nil, err
	}
	out := map[string]*entry[V]{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range rows {
		e := c.insert(row, start, before)
		out[keyOf(row.Target, row.MiniProgram)] = e
	}
	c.sweep()
	return out, nil
}

// wanted are the rows of one read: what is missing, and with it what else may have changed and was asked for.
func (c *Cache[V]) wanted(t rollout.Target, missing []string) []store.PlacementRow {
	rows, have := []store.PlacementRow{}, map[string]bool{}
	for _, m := range missing[:min(len(missing), most)] {
		rows = append(rows, store.PlacementRow{Target: t, MiniProgram: m})
		have[keyOf(t, m)] = true
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for key, e := range c.dirty {
		if len(rows) == most {
			break
		}
		if e.asked.Load() && !have[key] {
			rows = append(rows, store.PlacementRow{Target: e.row.Target, MiniProgram: e.row.MiniProgram})
		}
	}
	return rows
}

// revisions are those of the slots that what is read next is at least as new as.
func (c *Cache[V]) revisions() [store.Slots]int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.slots
}

// loadWhole reads all placements of a target, as long as there is room for them.
func (c *Cache[V]) loadWhole(ctx context.Context, t rollout.Target, known *target) error {
	before, after, pages := c.revisions(), "", 0
	var start time.Time
	for more := true; more; pages++ {
		var rows []store.PlacementRow
		var err error
		start, err = c.read(ctx, func(ctx context.Context) (err error) {
			rows, more, err = store.PlacementsOf(ctx, c.table, t, after)
			return err
		})
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			after = rows[len(rows)-1].MiniProgram
		}
		if full := c.insertAll(rows, start, before); full {
			c.mu.Lock()
			known.tooBig = true
			c.sweep()
			c.mu.Unlock()
			return nil
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	known.misses, known.pages, known.whole = 0, pages, 0
	for i := range c.slots {
		if c.slots[i] == before[i] {
			known.whole |= 1 << i
		}
	}
	c.announced(t, start)
	return nil
}

// announced keeps in mind what a change told of and the read of a whole target did not find yet.
func (c *Cache[V]) announced(t rollout.Target, start time.Time) {
	for _, least := range c.least {
		for key := range least {
			if m, ok := strings.CutPrefix(key, keyOf(t, "")); ok && c.entries[key] == nil {
				c.keep(key, c.spoiled(nil, t, m, start))
			}
		}
	}
}

func (c *Cache[V]) insertAll(rows []store.PlacementRow, start time.Time, before [store.Slots]int64) (full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, row := range rows {
		c.insert(row, start, before)
	}
	return c.size() > maxBytes
}

// insert keeps what was read. It is good only if its slot has not changed since before it was read, and if it is not
// older than what a change told of: DynamoDB may show the row of a change first.
func (c *Cache[V]) insert(row store.PlacementRow, start time.Time, before [store.Slots]int64) *entry[V] {
	key, slot := keyOf(row.Target, row.MiniProgram), store.SlotOf(row.MiniProgram)
	old := c.entries[key]
	if old != nil && !old.dirty && old.row.Rev >= row.Rev {
		return old // read meanwhile by somebody else, or just as good
	}
	e := &entry[V]{row: row, slot: slot, readAt: start}
	if c.slots[slot] != before[slot] || row.Rev < c.least[slot][key] {
		e.dirty, e.goodAt = true, start
	}
	if old != nil {
		e.asked.Store(old.asked.Load())
	}
	c.keep(key, e)
	return e
}

func (c *Cache[V]) keep(key string, e *entry[V]) {
	if old := c.entries[key]; old != nil && old != e {
		c.forget(key, old)
	}
	if e.dirty {
		c.dirty[key] = e
	}
	if c.entries[key] != e {
		c.entries[key] = e
		c.bytes += overhead + len(key) + len(e.row.Data)
	}
}

func (c *Cache[V]) forget(key string, e *entry[V]) {
	c.bytes -= overhead + len(key) + len(e.row.Data)
	if e.view.Load() != nil {
		c.views.Add(-1)
	}
	delete(c.entries, key)
	delete(c.dirty, key)
}

func (c *Cache[V]) size() int { return c.bytes + viewSize*int(c.views.Load()) }

// sweep makes room: first what was not asked for since the last sweep goes, then, when that is too little, everything.
func (c *Cache[V]) sweep() {
	if c.size() <= maxBytes {
		return
	}
	for key, e := range c.entries {
		if e.asked.Swap(false) {
			continue
		}
		c.forget(key, e)
	}
	// What was dropped is not known to be absent, and targets that nobody has are not worth remembering either.
	big := map[rollout.Target]*target{}
	for t, known := range c.targets {
		if known.tooBig {
			big[t] = &target{tooBig: true}
		}
	}
	c.bytes -= overhead * (len(c.targets) - len(big))
	c.targets = big
	if c.size() > maxBytes/4*3 {
		c.views.Store(0)
		clear(c.entries)
		clear(c.dirty)
		clear(c.targets)
		c.bytes = 0
	}
}
