package storetest

import (
	"context"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

// conditions walks every operation × condition × state of the item.
func conditions(t *testing.T, table store.Table) {
	ops := map[string]store.Op{"put": store.Put, "delete": store.Delete, "check": store.Check}
	for name, op := range ops {
		for _, c := range []struct {
			state string
			rev   int64 // how often the item was written before
			ifRev int64
			holds bool
		}{
			{"missing, absent", 0, store.Absent, true},
			{"missing, any", 0, store.Any, true},
			{"missing, rev 1", 0, 1, false},
			{"there, absent", 2, store.Absent, false},
			{"there, any", 2, store.Any, true},
			{"there, its rev", 2, 2, true},
			{"there, older rev", 2, 1, false},
			{"there, newer rev", 2, 3, false},
		} {
			pk, sk := name, c.state
			for range c.rev {
				write(t, table, put(pk, sk, store.Any, `"old"`))
			}
			w := store.Write{Op: op, Key: key(pk, sk), IfRev: c.ifRev}
			if op == store.Put {
				w.Data = []byte(`"new"`)
			}
			before := item(pk, sk, c.rev, "")
			if c.rev > 0 {
				before.Data = []byte(`"old"`)
			}
			err := table.Transact(context.Background(), w)
			if !c.holds {
				WantConflict(t, err)
				want(t, table, before)
				continue
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", name, c.state, err)
			}
			switch op {
			case store.Put:
				want(t, table, item(pk, sk, c.rev+1, `"new"`))
			case store.Delete:
				want(t, table, item(pk, sk, 0, ""))
			case store.Check:
				want(t, table, before)
			}
		}
	}
}

func atomicity(t *testing.T, table store.Table) {
	write(t, table, put("p", "changed", store.Absent, `1`), put("p", "removed", store.Absent, `1`), put("p", "held", store.Absent, `1`))
	parts := []store.Write{
		put("p", "changed", 1, `2`),
		{Op: store.Delete, Key: key("p", "removed"), IfRev: 1},
		put("q", "made", store.Absent, `2`),
	}
	failing := store.Write{Op: store.Check, Key: key("p", "held"), IfRev: 7}
	// The place of the failing part must not matter.
	for at := range len(parts) + 1 {
		writes := append(append(append([]store.Write{}, parts[:at]...), failing), parts[at:]...)
		WantConflict(t, table.Transact(context.Background(), writes...))
		want(t, table, item("p", "changed", 1, `1`), item("p", "removed", 1, `1`), item("q", "made", 0, ""), item("p", "held", 1, `1`))
	}
	failing.IfRev = 1
	write(t, table, append(parts, failing)...)
	want(t, table, item("p", "changed", 2, `2`), item("p", "removed", 0, ""), item("q", "made", 1, `2`), item("p", "held", 1, `1`))
}

func checks(t *testing.T, table store.Table) {
	write(t, table, store.Write{Op: store.Check, Key: key("p", "a"), IfRev: store.Absent}, put("p", "b", store.Absent, `1`))
	write(t, table, store.Write{Op: store.Check, Key: key("p", "b"), IfRev: 1}, put("p", "c", store.Absent, `1`))
	write(t, table, store.Write{Op: store.Check, Key: key("p", "b"), IfRev: store.Any})
	want(t, table, item("p", "a", 0, ""), item("p", "b", 1, `1`), item("p", "c", 1, `1`))
}

func revisions(t *testing.T, table store.Table) {
	write(t, table, put("p", "a", store.Absent, `0`))
	for rev := int64(1); rev < 5; rev++ {
		want(t, table, item("p", "a", rev, `0`))
		if rev%2 == 0 {
			write(t, table, put("p", "a", store.Any, `0`))
		} else {
			write(t, table, put("p", "a", rev, `0`))
		}
	}
	write(t, table, put("p", "other", store.Any, `0`))
	want(t, table, item("p", "a", 5, `0`), item("p", "other", 1, `0`))
}

func recreate(t *testing.T, table store.Table) {
	write(t, table, put("p", "a", store.Absent, `1`))
	write(t, table, put("p", "a", 1, `2`))
	write(t, table, store.Write{Op: store.Delete, Key: key("p", "a"), IfRev: 2})
	want(t, table, item("p", "a", 0, ""))
	write(t, table, put("p", "a", store.Absent, `3`))
	want(t, table, item("p", "a", 1, `3`))
}

func replaces(t *testing.T, table store.Table) {
	at := time.Unix(2_000_000_000, 0)
	w := put("p", "a", store.Absent, `{"long":"record"}`)
	w.Expires = at
	write(t, table, w)
	write(t, table, put("p", "a", 1, `{}`))
	want(t, table, item("p", "a", 2, `{}`))
}

func expiry(t *testing.T, table store.Table) {
	whole := time.Date(2031, 5, 6, 7, 8, 9, 0, time.FixedZone("east", 3600))
	a, b, c := put("p", "a", store.Absent, `1`), put("p", "b", store.Absent, `1`), put("p", "c", store.Absent, `1`)
	a.Expires, b.Expires = whole, whole.Add(999*time.Millisecond)
	write(t, table, a, b, c)
	wantA, wantB := item("p", "a", 1, `1`), item("p", "b", 1, `1`)
	wantA.Expires, wantB.Expires = whole, whole
	want(t, table, wantA, wantB, item("p", "c", 1, `1`))
	if d := diff([]store.Item{wantA, wantB, item("p", "c", 1, `1`)}, all(t, table, store.Query{PK: "p", Limit: 10})); d != "" {
		t.Errorf("queried items differ (-want +got):\n%s", d)
	}
}

func data(t *testing.T, table store.Table) {
	samples := []string{``, `{}`, "{\"a\":\t\"b\\u0000\" }\n", `"ünï 🚀 \" \\ </script>"`, "\x00\x01\x7f", strings.Repeat("x", limits.MaxData)}
	for i, s := range samples {
		sk := string(rune('a' + i))
		write(t, table, put("p", sk, store.Absent, s))
		want(t, table, item("p", sk, 1, s))
	}
	// What a caller does with its bytes afterwards is its own business.
	mine := []byte(`"mine"`)
	write(t, table, store.Write{Op: store.Put, Key: key("q", "a"), Data: mine})
	copy(mine, `"gone"`)
	got := get(t, table, key("q", "a"))
	copy(got[0].Data, `"lost"`)
	want(t, table, item("q", "a", 1, `"mine"`))
}

func nothing(t *testing.T, table store.Table) {
	write(t, table)
	if items := get(t, table); len(items) != 0 {
		t.Errorf("get of no keys: %v", items)
	}
	if items := all(t, table, store.Query{PK: "nobody", Limit: 1}); len(items) != 0 {
		t.Errorf("query of an empty partition: %v", items)
	}
	write(t, table, store.Write{Op: store.Delete, Key: key("p", "never"), IfRev: store.Any})
}

func doneContext(t *testing.T, table store.Table) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := table.Transact(ctx, put("p", "a", store.Absent, `1`)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("transact: %v, want unavailable", err)
	}
	if _, err := table.Get(ctx, key("p", "a")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("get: %v, want unavailable", err)
	}
	if _, err := table.Query(ctx, store.Query{PK: "p", Limit: 1}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("query: %v, want unavailable", err)
	}
	want(t, table, item("p", "a", 0, ""))
}
