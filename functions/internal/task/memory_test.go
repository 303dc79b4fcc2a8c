package task_test

import (
	"context"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
	"slipway/functions/internal/store/storetest"
)

// memory is a table in memory that can be copied at any moment, and knows a sum of all that is in it.
type memory struct {
	items map[store.Key]store.Item
	rows  map[string][]string // sort keys of a partition, in order
	sum   uint64
}

var seed = maphash.MakeSeed()

func newMemory() *memory {
	return &memory{items: map[store.Key]store.Item{}, rows: map[string][]string{}}
}

// copy is cheap: data is never changed in place.
func (m *memory) copy() *memory {
	return &memory{items: maps.Clone(m.items), rows: maps.Clone(m.rows), sum: m.sum}
}

func sumOf(i store.Item) uint64 {
	if i.Rev == 0 {
		return 0
	}
	return maphash.Comparable(seed, struct {
		k store.Key
		r int64
		d string
	}{i.Key, i.Rev, string(i.Data)})
}

// Get implements store.Table.
func (m *memory) Get(_ context.Context, keys ...store.Key) ([]store.Item, error) {
	out := make([]store.Item, len(keys))
	for i, k := range keys {
		out[i] = m.items[k]
		out[i].Key = k
	}
	return out, nil
}

// Query implements store.Table.
func (m *memory) Query(_ context.Context, q store.Query) (store.Page, error) {
	var page store.Page
	size := 0
	rows := slices.Clone(m.rows[q.PK])
	if q.Descending {
		slices.Reverse(rows)
	}
	for _, sk := range rows {
		past := sk > q.After
		if q.Descending {
			past = sk < q.After
		}
		if !strings.HasPrefix(sk, q.Prefix) || q.After != "" && !past {
			continue
		}
		if len(page.Items) == q.Limit || size >= limits.MaxPageData {
			page.More = true
			break
		}
		item := m.items[store.Key{PK: q.PK, SK: sk}]
		size += len(item.Data)
		page.Items = append(page.Items, item)
	}
	return page, nil
}

// Transact implements store.Table.
func (m *memory) Transact(_ context.Context, writes ...store.Write) error {
	seen := map[store.Key]bool{}
	for _, w := range writes {
		if seen[w.Key] || len(writes) > 100 {
			return fault.New(fault.Internal, "bad_transaction", "%d writes, or %v twice", len(writes), w.Key)
		}
		seen[w.Key] = true
	}
	for _, w := range writes {
		if w.IfRev != store.Any && m.items[w.Key].Rev != w.IfRev {
			return fault.New(fault.Conflict, "write_conflict", "%v is at %d, not %d", w.Key, m.items[w.Key].Rev, w.IfRev)
		}
	}
	for _, w := range writes {
		m.write(w)
	}
	return nil
}

func (m *memory) write(w store.Write) {
	if w.Op == store.Check {
		return
	}
	old, had := m.items[w.Key]
	m.sum ^= sumOf(old)
	rows := m.rows[w.Key.PK]
	at, _ := slices.BinarySearch(rows, w.Key.SK)
	if w.Op == store.Delete {
		delete(m.items, w.Key)
		if had {
			m.rows[w.Key.PK] = slices.Delete(slices.Clone(rows), at, at+1)
		}
		return
	}
	now := store.Item{Key: w.Key, Rev: old.Rev + 1, Data: slices.Clone(w.Data), Expires: w.Expires.Truncate(time.Second)}
	m.items[w.Key] = now
	m.sum ^= sumOf(now)
	if !had {
		m.rows[w.Key.PK] = slices.Insert(slices.Clone(rows), at, w.Key.SK)
	}
}

// TestMemory holds the table of these tests to what every table promises.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the contract is long")
	}
	locked := func(*testing.T) store.Table { return &safe{Table: newMemory()} }
	storetest.Run(t, locked)
}

// safe lets goroutines that nobody schedules use a table.
type safe struct {
	store.Table
	mu sync.Mutex
}

func (s *safe) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	if err := limits.Keys(keys); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Unavailable, "", err, "given up")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	items, err := s.Table.Get(ctx, keys...)
	return own(items), err
}

func (s *safe) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if err := limits.Query(q); err != nil {
		return store.Page{}, err
	}
	if err := ctx.Err(); err != nil {
		return store.Page{}, fault.Wrap(fault.Unavailable, "", err, "given up")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page, err := s.Table.Query(ctx, q)
	page.Items = own(page.Items)
	return page, err
}

func (s *safe) Transact(ctx context.Context, writes ...store.Write) error {
	if err := limits.Writes(writes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Unavailable, "", err, "given up")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Table.Transact(ctx, writes...)
}

// own gives the caller data of their own.
func own(items []store.Item) []store.Item {
	for i := range items {
		items[i].Data = slices.Clone(items[i].Data)
	}
	return items
}
