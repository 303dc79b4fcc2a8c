package table_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/storetest"
)

func open(t testing.TB, path string) *table.Table {
	t.Helper()
	tab, err := table.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tab.Close() })
	return tab
}

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Table {
		db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		// The contract is about meaning; that writes reach the disk has a test of its own, so this one need not wait for it.
		db.NoSync, db.MaxBatchDelay = true, 0
		tab, err := table.New(db)
		if err != nil {
			t.Fatal(err)
		}
		return tab
	})
}

// TestKilled copies the file while it is open, which is what a killed process leaves behind.
func TestKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	tab := open(t, path)
	for i := range 20 {
		w := store.Write{Op: store.Put, Key: store.Key{PK: "p", SK: "a"}, IfRev: int64(i), Data: fmt.Appendf(nil, "%d", i), Expires: time.Unix(2_000_000_000, 0)}
		if err := tab.Transact(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	left, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(other, left, 0o600); err != nil {
		t.Fatal(err)
	}
	items, err := open(t, other).Get(t.Context(), store.Key{PK: "p", SK: "a"})
	if err != nil || items[0].Rev != 20 || string(items[0].Data) != "19" || items[0].Expires.Unix() != 2_000_000_000 {
		t.Errorf("after the restart: %+v, %v", items, err)
	}
}

func TestOpenTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "db")
	open(t, path)
	if _, err := table.Open(path); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("second open: %v", err)
	}
}

func TestClosed(t *testing.T) {
	tab := open(t, filepath.Join(t.TempDir(), "db"))
	if err := tab.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := tab.Get(t.Context(), store.Key{PK: "p", SK: "a"})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("get after close: %v", err)
	}
	err = tab.Transact(t.Context(), store.Write{Op: store.Put, Key: store.Key{PK: "p", SK: "a"}})
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("transact after close: %v", err)
	}
}

func TestDamaged(t *testing.T) {
	tab := open(t, filepath.Join(t.TempDir(), "db"))
	for _, v := range []string{"", "\x00", "\x01", "\xff", "\x01\xff"} {
		err := tab.DB().Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("items")).Put([]byte("\x01pa"), []byte(v)) })
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tab.Get(t.Context(), store.Key{PK: "p", SK: "a"}); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("value %q: %v", v, err)
		}
		if err := tab.Transact(t.Context(), store.Write{Op: store.Put, Key: store.Key{PK: "p", SK: "a"}, IfRev: store.Any}); err == nil {
			t.Errorf("value %q was overwritten unread", v)
		}
	}
}

func TestSweep(t *testing.T) {
	tab := open(t, filepath.Join(t.TempDir(), "db"))
	at := time.Unix(2_000_000_000, 0)
	var keys []store.Key
	for sk, expires := range map[string]time.Time{"never": {}, "before": at.Add(-time.Second), "at": at, "after": at.Add(time.Second)} {
		k := store.Key{PK: "p", SK: sk}
		keys = append(keys, k)
		if err := tab.Transact(t.Context(), store.Write{Op: store.Put, Key: k, Expires: expires}); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := tab.Sweep(t.Context(), at); n != 2 || err != nil {
		t.Errorf("sweep: %d, %v, want 2", n, err)
	}
	items, err := tab.Get(t.Context(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if gone := it.Rev == 0; gone != (it.SK == "before" || it.SK == "at") {
			t.Errorf("%s: revision %d after the sweep", it.SK, it.Rev)
		}
	}
}

// BenchmarkTransact measures durable writes of two items, alone and from many callers at once.
func BenchmarkTransact(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			tab := open(b, filepath.Join(b.TempDir(), "db"))
			data := []byte(strings.Repeat("x", 600))
			b.SetParallelism(callers)
			if callers == 1 {
				for i := 0; b.Loop(); i++ {
					transact(b, tab, fmt.Sprint(i), data)
				}
				return
			}
			var next atomic.Int64
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					transact(b, tab, fmt.Sprint(next.Add(1)), data)
				}
			})
		})
	}
}

func BenchmarkGet(b *testing.B) {
	tab := open(b, filepath.Join(b.TempDir(), "db"))
	for i := range 100 {
		transact(b, tab, fmt.Sprint(i), []byte(strings.Repeat("x", 600)))
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tab.Get(context.Background(), store.Key{PK: "p", SK: "42"}); err != nil {
			b.Fatal(err)
		}
	}
}

func transact(b *testing.B, tab *table.Table, sk string, data []byte) {
	err := tab.Transact(context.Background(),
		store.Write{Op: store.Put, Key: store.Key{PK: "p", SK: sk}, IfRev: store.Any, Data: data},
		store.Write{Op: store.Put, Key: store.Key{PK: "log", SK: sk}, IfRev: store.Any, Data: data})
	if err != nil {
		b.Error(err)
	}
}
