// Package fresh keeps placements in a function's memory and bounds how old they can be.
//
// What it keeps is good for as long as the slots of changes (package store) are as they were: one small read of them
// vouches for everything at once. An answer is given only when that read began at most Bound ago, so a change is seen
// by every answer that is given later than Bound after its commit. Nothing runs in the background, because a function
// that is not called is frozen: whoever asks first after Bound waits for the read.
//
// What a placement means does not belong here, nor do words on the wire.
package fresh

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// How fresh is fresh. With one read of the slots each Bound, 100 questions a second cost 0.0125 reads each, and 200 ms
// remain of the second after a removal in which no answer may name it any more for an answer to be on its way.
const (
	Bound    = 800 * time.Millisecond
	attempt  = 400 * time.Millisecond // a read that hangs is tried once more, on another connection
	attempts = 2
	pause    = time.Second // after a failure nobody waits for another one
)

// Cache answers what is placed. V is what the caller makes of a placement, once for each that is asked for.
type Cache[V any] struct {
	table store.Table
	now   func() time.Time
	view  func(rollout.Placement) V

	flight sync.Mutex // one read of the slots at a time

	mu       sync.RWMutex // guards what follows
	known    bool         // the slots have been read
	asOf     time.Time    // when the last read of the slots began
	failed   time.Time    // when a read failed last, zero after one that did not
	epoch    uint64       // counts the beginnings and ends of changes made here (Changing)
	seen     uint64       // the epoch in which the last read began
	changing int          // changes that have begun and not ended
	slots    [store.Slots]int64
	// DynamoDB shows the parts of a transaction one after another. After a change whose mini program is not known, what
	// was read at once may be from before it, and is read again next time.
	unsettled [store.Slots]bool
	least     [store.Slots]map[string]int64 // revisions that the last change of a slot told of
	entries   map[string]*entry[V]
	dirty     map[string]*entry[V] // those of the entries that are
	targets   map[rollout.Target]*target
	bytes     int
	views     atomic.Int64 // entries with a view
}

// entry is one placement, or that there is none. Only dirty changes, under mu.
type entry[V any] struct {
	row    store.PlacementRow
	slot   int
	readAt time.Time // when the read that brought it began
	dirty  bool      // it may have changed since goodAt
	goodAt time.Time
	asked  atomic.Bool // since the last sweep
	view   atomic.Pointer[V]
}

// target is what is known of a whole target.
type target struct {
	misses int    // since its placements were read as a whole
	whole  uint64 // slots of which no mini program is placed but those among the entries
	pages  int
	tooBig bool
}

// New makes an empty cache. now should have a monotonic reading; view is called with placements that exist.
func New[V any](table store.Table, now func() time.Time, view func(rollout.Placement) V) *Cache[V] {
	return &Cache[V]{table: table, now: now, view: view, entries: map[string]*entry[V]{}, dirty: map[string]*entry[V]{}, targets: map[rollout.Target]*target{}}
}

// Found is what is known of one placement.
type Found[V any] struct {
	View   V
	Placed bool          // false: nothing ever was, and View is zero
	Stale  bool          // it could not be confirmed within Bound: the table does not answer
	Known  bool          // false, only when stale: nothing was ever read of it
	Age    time.Duration // since it was confirmed last; 0 when not stale
	Err    error         // the record is damaged
}

// AppendKey appends the key of a placement, for Hit. Names have no control characters.
func AppendKey(to []byte, targetApp, environment, miniProgram string) []byte {
	to = append(append(to, targetApp...), 0)
	to = append(append(to, environment...), 0)
	return append(to, miniProgram...)
}

func keyOf(t rollout.Target, miniProgram string) string {
	return t.TargetApp + "\x00" + t.Environment + "\x00" + miniProgram
}

// Hit is the view of a placement when it can be given at once: it exists, was asked for before, and is fresh.
func (c *Cache[V]) Hit(key []byte) (v *V) {
	now := c.now()
	c.mu.RLock()
	if e := c.entries[string(key)]; e != nil && !e.dirty && c.fresh(now) {
		if v = e.view.Load(); v != nil && !e.asked.Load() {
			e.asked.Store(true)
		}
	}
	c.mu.RUnlock()
	return v
}

// Get answers for some mini programs on a target, in their order. It fails only for a damaged record, and there.
func (c *Cache[V]) Get(ctx context.Context, t rollout.Target, miniPrograms ...string) []Found[V] {
	ctx = context.WithoutCancel(ctx) // what one caller reads is for others, too
	var direct map[string]*entry[V]
	for range 3 {
		stale := c.refresh(ctx) != nil
		found, missing := c.collect(t, miniPrograms, direct, stale)
		if len(missing) == 0 || stale {
			return found
		}
		var err error
		if direct, err = c.load(ctx, t, missing); err != nil {
			break
		}
	}
	found, _ := c.collect(t, miniPrograms, direct, true)
	return found
}

// Changing is for a process that makes changes itself, and is called before it commits one: until done, every question
// reads the slots. Whoever sees the change, even before its maker is told that it is committed, then gets an answer
// that knows of it.
func (c *Cache[V]) Changing() (done func()) {
	c.turn(1)
	return func() { c.turn(-1) }
}

func (c *Cache[V]) turn(by int) {
	c.mu.Lock()
	c.epoch++
	c.changing += by
	c.mu.Unlock()
}

// collect answers from memory; what is missing has to be read first. When stale, whatever there is will do.
func (c *Cache[V]) collect(t rollout.Target, miniPrograms []string, direct map[string]*entry[V], stale bool) (found []Found[V], missing []string) {
	found = make([]Found[V], len(miniPrograms))
	now := c.now()
	c.mu.RLock()
	defer c.mu.RUnlock()
	for i, m := range miniPrograms {
		key := keyOf(t, m)
		e := c.entries[key]
		switch d := direct[key]; {
		case d != nil && age(now, d.readAt) <= Bound:
			found[i] = c.found(d)
		case e != nil && !e.dirty && !stale:
			found[i] = c.found(e)
		case e == nil && !stale && c.absent(t, m):
			found[i] = Found[V]{Known: true}
		case stale && e != nil:
			found[i] = c.found(e)
			good := c.asOf
			if e.dirty {
				good = e.goodAt
			}
			// What is not dirty can be fresh all the same, when it was another one that could not be read.
			if found[i].Stale = e.dirty || !c.fresh(now); found[i].Stale {
				found[i].Age = age(now, good)
			}
		case stale:
			found[i] = Found[V]{Stale: true}
		default:
			missing = append(missing, m)
		}
	}
	return found, missing
}

// absent says whether it is known that nothing is placed, without ever having asked for it.
func (c *Cache[V]) absent(t rollout.Target, miniProgram string) bool {
	known := c.targets[t]
	return known != nil && known.whole>>store.SlotOf(miniProgram)&1 == 1
}

func (c *Cache[V]) found(e *entry[V]) Found[V] {
	if !e.asked.Load() {
		e.asked.Store(true)
	}
	f := Found[V]{Known: true, Placed: e.row.Rev > 0}
	if !f.Placed {
		return f
	}
	v := e.view.Load()
	if v == nil {
		p, err := e.row.Placement()
		if err != nil {
			return Found[V]{Err: err}
		}
		made := c.view(p)
		if e.view.CompareAndSwap(nil, &made) {
			c.views.Add(1)
		}
		v = e.view.Load()
	}
	f.View = *v
	return f
}
