// Package storetest is the contract of store.Table as tests: every implementation runs the same suite.
//
// It knows nothing of any database. Where the port leaves a choice, the suite makes it once for all of them:
// revisions restart at 1 after a delete, a Get may name a key twice, an empty Transact does nothing, and whatever
// package limits refuses is an error that is no fault.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Run runs the contract. open gives an empty table that lives as long as t.
func Run(t *testing.T, open func(t *testing.T) store.Table) {
	t.Helper()
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Table)
	}{
		{"conditions", conditions},
		{"nothing is written when one condition fails", atomicity},
		{"check holds a condition and writes nothing", checks},
		{"revisions count from one", revisions},
		{"revisions restart after a delete", recreate},
		{"a put replaces data and expiry", replaces},
		{"expiry is kept in whole seconds", expiry},
		{"data comes back as it was", data},
		{"get keeps the order and the gaps", getOrder},
		{"get of a hundred large items", getLarge},
		{"nothing to do", nothing},
		{"limits", limitsHold},
		{"a done context", doneContext},
		{"query order", queryOrder},
		{"query prefix", queryPrefix},
		{"query after", queryAfter},
		{"query pages", queryPages},
		{"query of large items", queryLarge},
		{"query stays in its partition", queryPartition},
		{"one of many wins each round", oneWins},
		{"concurrent increments add up", increments},
		{"concurrent transfers keep the sum", transfers},
		{"like a plain map", property},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// WantConflict fails the test unless err is the write conflict that the port promises.
func WantConflict(t testing.TB, err error) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Conflict || f.Code != "write_conflict" {
		t.Fatalf("got %v, want a conflict with code write_conflict", err)
	}
}

func key(pk, sk string) store.Key { return store.Key{PK: pk, SK: sk} }

func put(pk, sk string, ifRev int64, data string) store.Write {
	return store.Write{Op: store.Put, Key: key(pk, sk), IfRev: ifRev, Data: []byte(data)}
}

func item(pk, sk string, rev int64, data string) store.Item {
	return store.Item{Key: key(pk, sk), Rev: rev, Data: []byte(data)}
}

// write makes a transaction that has to succeed.
func write(t testing.TB, table store.Table, writes ...store.Write) {
	t.Helper()
	if err := table.Transact(context.Background(), writes...); err != nil {
		t.Fatalf("transact: %v", err)
	}
}

func get(t testing.TB, table store.Table, keys ...store.Key) []store.Item {
	t.Helper()
	items, err := table.Get(context.Background(), keys...)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return items
}

// want compares what is stored with items; one of Rev 0 has to be missing.
func want(t testing.TB, table store.Table, items ...store.Item) {
	t.Helper()
	keys := make([]store.Key, len(items))
	for i := range items {
		keys[i] = items[i].Key
	}
	if d := diff(items, get(t, table, keys...)); d != "" {
		t.Fatalf("stored items differ (-want +got):\n%s", d)
	}
}

// all walks a query to its end, checking what every page promises.
func all(t testing.TB, table store.Table, q store.Query) []store.Item {
	t.Helper()
	var items []store.Item
	for range 10_000 {
		page, err := table.Query(context.Background(), q)
		if err != nil {
			t.Fatalf("query %+v: %v", q, err)
		}
		if len(page.Items) > q.Limit {
			t.Fatalf("query %+v: %d items, more than the limit", q, len(page.Items))
		}
		items = append(items, page.Items...)
		if !page.More {
			return items
		}
		if len(page.Items) == 0 {
			t.Fatalf("query %+v: an empty page with More set cannot be continued", q)
		}
		q.After = page.Items[len(page.Items)-1].SK
	}
	t.Fatalf("query %+v does not end", q)
	return nil
}

func diff(want, got []store.Item) string {
	if len(want) == 0 && len(got) == 0 {
		return "" // nil or not
	}
	return cmp.Diff(want, got, cmp.Comparer(bytes.Equal), cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) }))
}
