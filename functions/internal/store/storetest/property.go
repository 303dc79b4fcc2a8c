package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// model is the plain map that a table has to behave like.
type model map[store.Key]store.Item

func (m model) transact(writes []store.Write) bool {
	for _, w := range writes {
		if w.IfRev != store.Any && m[w.Key].Rev != w.IfRev {
			return false
		}
	}
	for _, w := range writes {
		switch w.Op {
		case store.Put:
			m[w.Key] = store.Item{Key: w.Key, Rev: m[w.Key].Rev + 1, Data: w.Data, Expires: w.Expires.Truncate(time.Second)}
		case store.Delete:
			delete(m, w.Key)
		}
	}
	return true
}

func (m model) query(q store.Query) []store.Item {
	var items []store.Item
	for k, it := range m {
		past := q.After == "" || (!q.Descending && k.SK > q.After) || (q.Descending && k.SK < q.After)
		if k.PK == q.PK && strings.HasPrefix(k.SK, q.Prefix) && past {
			items = append(items, it)
		}
	}
	slices.SortFunc(items, func(a, b store.Item) int {
		if q.Descending {
			a, b = b, a
		}
		return strings.Compare(a.SK, b.SK)
	})
	return items
}

var rounds atomic.Int64 // every check gets partitions of its own, so one table serves them all

func property(t *testing.T, table store.Table) {
	sks := []string{"a", "a#1", "a#2", "a\x00", "b", "ÿ", "\uffff", "🚀"}
	rapid.Check(t, func(rt *rapid.T) {
		round, m := rounds.Add(1), model{}
		pks := []string{fmt.Sprintf("r%d", round), fmt.Sprintf("r%d\x00", round)}
		keys := rapid.Custom(func(rt *rapid.T) store.Key {
			return key(rapid.SampledFrom(pks).Draw(rt, "pk"), rapid.SampledFrom(sks).Draw(rt, "sk"))
		})
		for range rapid.IntRange(1, 4).Draw(rt, "steps") {
			writes := drawWrites(rt, m, keys)
			err := table.Transact(context.Background(), writes...)
			if m.transact(writes) != (err == nil) || (err != nil && !fault.Is(err, fault.Conflict)) {
				rt.Fatalf("transact %+v: %v", writes, err)
			}
		}
		asked := rapid.SliceOfN(keys, 1, 10).Draw(rt, "asked")
		var expect []store.Item
		for _, k := range asked {
			it := m[k]
			it.Key = k
			expect = append(expect, it)
		}
		got, err := table.Get(context.Background(), asked...)
		if d := diff(expect, got); err != nil || d != "" {
			rt.Fatalf("get %q: %v (-want +got):\n%s", asked, err, d)
		}
		q := store.Query{
			PK:         rapid.SampledFrom(pks).Draw(rt, "partition"),
			Prefix:     rapid.SampledFrom(append([]string{"", "a#", "\x00"}, sks...)).Draw(rt, "prefix"),
			After:      rapid.SampledFrom(append([]string{"", "a#15", "\x00", "\U0010ffff"}, sks...)).Draw(rt, "after"),
			Limit:      rapid.IntRange(1, 9).Draw(rt, "limit"),
			Descending: rapid.Bool().Draw(rt, "descending"),
		}
		expect = m.query(q)
		if d := diff(expect, walk(rt, table, q)); d != "" {
			rt.Fatalf("query %+v (-want +got):\n%s", q, d)
		}
	})
}

// walk is all for a rapid check, which is no testing.TB.
func walk(rt *rapid.T, table store.Table, q store.Query) []store.Item {
	var items []store.Item
	for range 100 {
		page, err := table.Query(context.Background(), q)
		if err != nil {
			rt.Fatalf("query %+v: %v", q, err)
		}
		items = append(items, page.Items...)
		if !page.More || len(page.Items) == 0 {
			return items
		}
		q.After = page.Items[len(page.Items)-1].SK
	}
	rt.Fatalf("query %+v does not end", q)
	return nil
}

// drawWrites prefers conditions that hold, or few transactions would do anything.
func drawWrites(rt *rapid.T, m model, keys *rapid.Generator[store.Key]) []store.Write {
	var writes []store.Write
	for _, k := range rapid.SliceOfNDistinct(keys, 1, 5, rapid.ID[store.Key]).Draw(rt, "keys") {
		w := store.Write{Key: k, Op: rapid.SampledFrom([]store.Op{store.Put, store.Put, store.Put, store.Delete, store.Check}).Draw(rt, "op")}
		rev := m[k].Rev
		w.IfRev = rapid.SampledFrom([]int64{rev, rev, rev, rev, rev, rev, store.Any, store.Any, store.Absent, rev + 1}).Draw(rt, "ifRev")
		if w.Op == store.Put {
			w.Data = []byte(rapid.StringN(0, 8, -1).Draw(rt, "data"))
			if rapid.Bool().Draw(rt, "expires") {
				w.Expires = time.UnixMilli(rapid.Int64Range(1_800_000_000_000, 2_500_000_000_000).Draw(rt, "at"))
			}
		}
		writes = append(writes, w)
	}
	return writes
}
