package fresh_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/fresh"
)

var errAway = errors.New("the table is away")

// memory is a table without conditions, for one goroutine.
type memory struct {
	items      map[store.Key]store.Item
	partitions map[string][]string // sorted
}

func newMemory() *memory {
	return &memory{map[store.Key]store.Item{}, map[string][]string{}}
}

func (m *memory) Get(_ context.Context, keys ...store.Key) ([]store.Item, error) {
	out := make([]store.Item, len(keys))
	for i, k := range keys {
		out[i] = m.items[k]
		out[i].Key = k
	}
	return out, nil
}

func (m *memory) Query(_ context.Context, q store.Query) (page store.Page, err error) {
	page.Items = make([]store.Item, 0, 64)
	for _, sk := range m.partitions[q.PK] {
		if !strings.HasPrefix(sk, q.Prefix) || sk <= q.After {
			continue
		}
		if len(page.Items) == q.Limit {
			page.More = true
			break
		}
		page.Items = append(page.Items, m.items[store.Key{PK: q.PK, SK: sk}])
	}
	return page, nil
}

func (m *memory) Transact(_ context.Context, writes ...store.Write) error {
	for _, w := range writes {
		it, ok := m.items[w.Key]
		if !ok {
			sks := append(m.partitions[w.Key.PK], w.Key.SK)
			slices.Sort(sks)
			m.partitions[w.Key.PK] = sks
		}
		it.Key, it.Rev, it.Data = w.Key, it.Rev+1, w.Data
		m.items[w.Key] = it
	}
	return nil
}

// place changes a placement as a transaction does.
func place(t testing.TB, m store.Table, p rollout.Placement) {
	t.Helper()
	_, rev, err := store.Placement(context.Background(), m, p.Target, p.MiniProgram)
	if err == nil {
		err = m.Transact(context.Background(), store.SavePlacements([]rollout.Placement{p}, []int64{rev})...)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// environment is a function's: it handles one question at a time, and its reads take time or fail.
type environment struct {
	store.Table
	now     time.Time
	latency func() time.Duration
	away    func(time.Time) bool
	before  func() // runs once, inside the next read
	reads   int
	cache   *fresh.Cache[*rollout.Placement]

	looks func(took time.Duration) time.Duration // how long after a read began the table is looked at
	at    time.Time                              // when it was looked at last
}

func newEnvironment(table store.Table, at time.Time) *environment {
	e := &environment{Table: table, now: at}
	e.cache = fresh.New[*rollout.Placement](e, func() time.Time { return e.now }, func(p rollout.Placement) *rollout.Placement { return &p })
	return e
}

// read looks at the table as it is when the read begins, which is the worst that can be, unless it is told otherwise;
// the answer comes later.
func (e *environment) read(look func()) error {
	e.reads++
	took := time.Millisecond
	if e.latency != nil {
		took = e.latency()
	}
	const patience = 400 * time.Millisecond // of the cache, for one attempt
	if e.away != nil && e.away(e.now) || took > patience {
		e.now = e.now.Add(min(took, patience))
		return errAway
	}
	e.at = e.now
	if e.looks != nil {
		e.at = e.at.Add(e.looks(took))
	}
	look()
	e.now = e.now.Add(took)
	if run := e.before; run != nil {
		e.before = nil
		run()
	}
	return nil
}

func (e *environment) Get(ctx context.Context, keys ...store.Key) (items []store.Item, err error) {
	if away := e.read(func() { items, err = e.Table.Get(ctx, keys...) }); away != nil {
		return nil, away
	}
	return items, err
}

func (e *environment) Query(ctx context.Context, q store.Query) (page store.Page, err error) {
	if away := e.read(func() { page, err = e.Table.Query(ctx, q) }); away != nil {
		return store.Page{}, away
	}
	return page, err
}

func (l *locked) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	l.Lock()
	defer l.Unlock()
	return l.memory.Get(ctx, keys...)
}

func (l *locked) Query(ctx context.Context, q store.Query) (store.Page, error) {
	l.Lock()
	defer l.Unlock()
	if q.PK == "CHANGES" {
		l.queries++
	}
	return l.memory.Query(ctx, q)
}
