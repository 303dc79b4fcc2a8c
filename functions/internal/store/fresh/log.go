package fresh

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

var errStale = errors.New("the table does not answer")

// fresh says whether what is kept may be answered. Both clocks are asked: a frozen function's monotonic one may have
// stood still, and the other may have been set.
func (c *Cache[V]) fresh(now time.Time) bool {
	return c.known && c.seen == c.epoch && age(now, c.asOf) <= Bound
}

// age is how long ago a time was by the clock that says more; what lies in the future is older than anything.
func age(now, at time.Time) time.Duration {
	steady, wall := now.Sub(at), now.Round(0).Sub(at.Round(0))
	if steady < 0 || wall < 0 {
		return 1<<63 - 1
	}
	return max(steady, wall)
}

// refresh reads the slots unless they are known as of Bound ago.
func (c *Cache[V]) refresh(ctx context.Context) error {
	if fresh, failed := c.state(); fresh || failed {
		return verdict(fresh)
	}
	c.flight.Lock()
	defer c.flight.Unlock()
	if fresh, failed := c.state(); fresh || failed { // somebody else was reading
		return verdict(fresh)
	}
	c.mu.RLock()
	epoch, changing := c.epoch, c.changing > 0
	c.mu.RUnlock()
	var slots [store.Slots]store.Slot
	start, err := c.read(ctx, func(ctx context.Context) (err error) {
		slots, err = store.Changes(ctx, c.table)
		return err
	})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apply(start, slots)
	if c.seen = epoch; changing {
		c.seen-- // good for whoever asked for it, and for nobody who comes later
	}
	return nil
}

func verdict(fresh bool) error {
	if fresh {
		return nil
	}
	return errStale
}

// state says whether what is kept is fresh, or that reading failed so lately that it is not tried again.
func (c *Cache[V]) state() (fresh, failed bool) {
	now := c.now()
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.fresh(now), !c.failed.IsZero() && age(now, c.failed) < pause
}

// read tries a read, and says when the attempt that succeeded began.
func (c *Cache[V]) read(ctx context.Context, try func(context.Context) error) (start time.Time, err error) {
	for range attempts {
		start = c.now()
		within, cancel := context.WithTimeout(ctx, attempt)
		err = try(within)
		cancel()
		if err == nil {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed = (time.Time{}); err != nil {
		c.failed = c.now()
		slog.WarnContext(ctx, "placements could not be read; the last good answers are given", "error", err.Error())
	}
	return start, err
}

// apply takes in the state of the slots as of start.
func (c *Cache[V]) apply(start time.Time, slots [store.Slots]store.Slot) {
	before := c.asOf
	for i, s := range slots {
		if c.known && s.Rev == c.slots[i] {
			if c.unsettled[i] {
				c.spoil(i, before)
				c.unsettled[i] = false
			}
			continue
		}
		change, err := store.ReadChange(s)
		if c.known && (err != nil || s.Rev != c.slots[i]+1) {
			c.spoil(i, before)
			c.unsettled[i] = true
		}
		c.slots[i] = s.Rev
		c.least[i] = map[string]int64{}
		if err == nil {
			c.touch(i, change, start, before)
		}
	}
	c.known, c.asOf = true, start
	c.sweep()
}

// touch takes in one change whose mini program is known.
func (c *Cache[V]) touch(slot int, change store.Change, start, before time.Time) {
	for _, t := range change.Targets {
		key := keyOf(t.Target, change.MiniProgram)
		c.least[slot][key] = t.Rev
		e := c.entries[key]
		if e == nil && !c.absent(t.Target, change.MiniProgram) || e != nil && !e.dirty && e.row.Rev >= t.Rev {
			continue // nobody asked for it, or it was read after the change
		}
		var p rollout.Placement
		if json.Unmarshal(t.Placement, &p) != nil { // it is not there
			c.keep(key, c.spoiled(e, t.Target, change.MiniProgram, before))
			continue
		}
		p.MiniProgram, p.Target = change.MiniProgram, t.Target
		made := c.view(p)
		n := &entry[V]{row: store.PlacementRow{Target: t.Target, MiniProgram: change.MiniProgram, Rev: t.Rev}, slot: slot, readAt: start}
		n.view.Store(&made)
		c.views.Add(1)
		c.keep(key, n)
	}
}

// spoil marks everything of a slot as perhaps changed.
func (c *Cache[V]) spoil(slot int, before time.Time) {
	for _, t := range c.targets {
		t.whole &^= 1 << slot
	}
	for key, e := range c.entries {
		if e.slot == slot && !e.dirty {
			e.dirty, e.goodAt = true, before
			c.dirty[key] = e
		}
	}
}

// spoiled is an entry that is known to have changed; its last good state is kept for when the table does not answer.
func (c *Cache[V]) spoiled(e *entry[V], t rollout.Target, miniProgram string, before time.Time) *entry[V] {
	if e == nil { // it was known that nothing is placed
		e = &entry[V]{row: store.PlacementRow{Target: t, MiniProgram: miniProgram}, slot: store.SlotOf(miniProgram), readAt: before}
	}
	if !e.dirty {
		e.dirty, e.goodAt = true, before
	}
	return e
}
