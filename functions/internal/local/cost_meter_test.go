package local_test

import (
	"context"
	"runtime"
	"strings"
	"sync"

	"slipway/functions/internal/store"
)

// meter counts what DynamoDB would bill for the calls to a table: on demand, read consistently, written in transactions.
// Sizes are those that package cloud stores; see item there.
type meter struct {
	store.Table
	mu   sync.Mutex
	bill usage
}

// usage is what something used.
type usage struct {
	Requests    int // of the API
	Invocations int // of functions
	Reads       int // request units, 4 KB each
	Writes      int // request units, 1 KB each, twice in a transaction
	Transitions int
	Mails       int

	waited bool // a function has watched a machine move
	rows   int  // transactions that put something into the outbox
}

const (
	readUnit, writeUnit = 4 << 10, 1 << 10

	// An action watches the release until its machine has moved, at growing pauses. How often depends on how fast the
	// machine is, so it is not counted but set: eight looks are the first 300 ms.
	looks = 8

	// The outbox is looked through until it is empty: for each time that it is woken there is one look that finds
	// something and one that finds nothing.
	looksAtOutbox = 2
)

func units(size, unit int) int { return max(1, (size+unit-1)/unit) }

// sizeOf is the size of an item as DynamoDB counts it: names and values of attributes, numbers at about half a byte a digit.
func sizeOf(k store.Key, data []byte, expires bool) int {
	size := len("pk") + len(k.PK) + len("sk") + len(k.SK) + len("rev") + 2 + len("data") + len(data)
	if expires {
		size += len("expires") + 6
	}
	return size
}

// watching says whether the caller watches a machine.
func watching() bool {
	var callers [24]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers[:])])
	for {
		frame, more := frames.Next()
		if strings.Contains(frame.Function, "/api.watch") {
			return true
		}
		if !more {
			return false
		}
	}
}

// Get implements store.Table: a unit at least for each key, whether there is an item or not.
func (m *meter) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	m.mu.Lock() // over the call, so that whoever sees what was done also sees it counted
	defer m.mu.Unlock()
	items, err := m.Table.Get(ctx, keys...)
	if watching() {
		m.bill.waited = true
		return items, err
	}
	for _, it := range items {
		m.bill.Reads += units(sizeOf(it.Key, it.Data, !it.Expires.IsZero()), readUnit)
	}
	return items, err
}

// Query implements store.Table: what it reads is added up before it is rounded.
func (m *meter) Query(ctx context.Context, q store.Query) (store.Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	page, err := m.Table.Query(ctx, q)
	switch {
	case watching():
		m.bill.waited = true
	case q.PK != "OUTBOX": // how often that is looked at is up to who wakes it; see looksAtOutbox
		m.bill.Reads += queried(page)
	}
	return page, err
}

func queried(page store.Page) int {
	size := 0
	for _, it := range page.Items {
		size += sizeOf(it.Key, it.Data, !it.Expires.IsZero())
	}
	return units(size, readUnit)
}

// Transact implements store.Table: each part costs twice what it would alone, by what is larger, the old item or the new.
func (m *meter) Transact(ctx context.Context, writes ...store.Write) error {
	var keys []store.Key
	for _, w := range writes {
		keys = append(keys, w.Key)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	before, err := m.Table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	err = m.Table.Transact(ctx, writes...)
	woken := 0
	for i, w := range writes {
		size := max(sizeOf(w.Key, w.Data, !w.Expires.IsZero()), sizeOf(w.Key, before[i].Data, !before[i].Expires.IsZero()))
		m.bill.Writes += 2 * units(size, writeUnit)
		if w.Op == store.Put && w.Key.PK == "OUTBOX" && w.IfRev == store.Any {
			woken = 1
		}
	}
	m.bill.rows += woken
	return err
}

// take gives what was used since it was last asked.
func (m *meter) take() usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.bill
	m.bill = usage{}
	return out
}

func (u usage) plus(v usage) usage {
	return usage{
		Requests: u.Requests + v.Requests, Invocations: u.Invocations + v.Invocations, Reads: u.Reads + v.Reads, Writes: u.Writes + v.Writes,
		Transitions: u.Transitions + v.Transitions, Mails: u.Mails + v.Mails, rows: u.rows + v.rows,
	}
}

func (u usage) times(n int) usage {
	return usage{Requests: u.Requests * n, Invocations: u.Invocations * n, Reads: u.Reads * n, Writes: u.Writes * n, Transitions: u.Transitions * n, Mails: u.Mails * n}
}
