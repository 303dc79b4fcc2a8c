package store_test

import (
	gocmp "cmp"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/store"
)

// TestRequestsPageByPage: whatever the page size and the filter, every request of several partitions comes once, the
// newest first.
func TestRequestsPageByPage(t *testing.T) {
	tab, err := table.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tab.Close() })
	began := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var want, odd []string
	for i := range 130 {
		q := store.RequestRecord{Request: approval.Request{
			ID: fmt.Sprintf("rq_%03d", i), MiniProgram: "mp", CreatedAt: began.Add(time.Duration(i) * time.Minute), SubmittedBy: catalog.Person{Email: "a@x.test"},
			Parties: []approval.Party{{ID: "app", Workspace: fmt.Sprintf("w%d", i%3)}},
		}}
		if i%2 == 1 {
			q.Category = approval.Offline
			odd = append([]string{q.ID}, odd...)
		}
		want = append([]string{q.ID}, want...)
		if err := tab.Transact(t.Context(), store.CreateRequest(q)...); err != nil {
			t.Fatal(err)
		}
	}
	partitions := []string{store.AskedOf("w0"), store.AskedOf("w1"), store.AskedOf("w2"), store.SubmittedBy("a@x.test")}
	for _, size := range []int{1, 7, 50} {
		for name, c := range map[string]struct {
			keep func(approval.Request) bool
			want []string
		}{
			"all": {func(approval.Request) bool { return true }, want},
			"odd": {func(q approval.Request) bool { return q.Category == approval.Offline }, odd},
		} {
			var got []string
			for after, more := "", true; more; more = after != "" {
				page, next, err := store.Requests(t.Context(), tab, partitions, store.RequestOrder{}, after, size, c.keep)
				if err != nil || len(page) > size {
					t.Fatal(err, len(page))
				}
				for _, q := range page {
					got = append(got, q.ID)
				}
				after = next
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s in pages of %d: %s", name, size, diff)
			}
		}
	}
}

// TestRequestsInEveryOrder: created and completed, both ways, page by page, with some that are pending, some decided by
// two people, and one that was complete when it was made.
func TestRequestsInEveryOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tab := openTable(t)
		at := func(name string) time.Time {
			return start.Add(time.Duration(rapid.IntRange(0, 99).Draw(rt, name)) * time.Minute)
		}
		var all []approval.Request
		for i := range rapid.IntRange(0, 30).Draw(rt, "requests") {
			q := store.RequestRecord{Request: approval.Request{
				ID: fmt.Sprintf("rq_%02d", i), CreatedAt: at("created"), Status: approval.Pending, SubmittedBy: catalog.Person{Email: "a@x.test"},
				Parties: []approval.Party{{ID: "app", Workspace: "w0", Decision: approval.Pending}, {ID: "platform", Workspace: "w1", Decision: approval.Pending}},
			}}
			decisions := rapid.IntRange(0, 2).Draw(rt, "decisions")
			if decisions == 0 && rapid.Bool().Draw(rt, "at once") {
				q.End(approval.Approved, "", at("completed"))
			}
			write(t, tab, store.CreateRequest(q)...)
			for n, p := range []string{"app", "platform"}[:decisions] {
				by := fmt.Sprintf("r%d@x.test", n)
				if _, err := q.Decide(p, approval.Approved, catalog.Person{Email: by}, "", at("decided")); err != nil {
					rt.Fatal(err)
				}
				writes := append(store.DecidedWrites(q.Request, by), store.SaveRequest(q, store.Any))
				if q.Status != approval.Pending {
					writes = append(store.DecidedWrites(q.Request, by), store.EndRequest(q, store.Any)...)
				}
				write(t, tab, writes...)
			}
			all = append(all, q.Request)
		}
		order := store.RequestOrder{ByCompletion: rapid.Bool().Draw(rt, "by completion"), Ascending: rapid.Bool().Draw(rt, "ascending")}
		size := rapid.IntRange(1, 9).Draw(rt, "size")
		for name, mine := range map[string]func(approval.Request) bool{
			store.SubmittedBy("a@x.test"): func(approval.Request) bool { return true },
			store.DecidedBy("r1@x.test"):  func(q approval.Request) bool { return q.Parties[1].Decision != approval.Pending },
			store.AskedOf("w1"):           func(approval.Request) bool { return true },
		} {
			if diff := cmp.Diff(sorted(all, order, mine), paged(rt, tab, []string{name}, order, size)); diff != "" {
				rt.Fatalf("%s %+v in pages of %d (-want +got):\n%s", name, order, size, diff)
			}
		}
		several := []string{store.SubmittedBy("a@x.test"), store.DecidedBy("r0@x.test"), store.AskedOf("w0")}
		if diff := cmp.Diff(sorted(all, order, func(approval.Request) bool { return true }), paged(rt, tab, several, order, size)); diff != "" {
			rt.Fatalf("several %+v in pages of %d (-want +got):\n%s", order, size, diff)
		}
	})
}

// sorted is what a list should be, by a plain sort.
func sorted(all []approval.Request, order store.RequestOrder, mine func(approval.Request) bool) (ids []string) {
	at := func(q approval.Request) time.Time {
		switch {
		case !order.ByCompletion:
			return q.CreatedAt
		case q.Status == approval.Pending:
			return q.CreatedAt.AddDate(100, 0, 0)
		}
		return q.CompletedOn
	}
	all = slices.DeleteFunc(slices.Clone(all), func(q approval.Request) bool { return !mine(q) })
	slices.SortFunc(all, func(a, b approval.Request) int { return gocmp.Or(at(a).Compare(at(b)), gocmp.Compare(a.ID, b.ID)) })
	for _, q := range all {
		ids = append(ids, q.ID)
	}
	if !order.Ascending {
		slices.Reverse(ids)
	}
	return ids
}

func paged(rt *rapid.T, tab store.Table, partitions []string, order store.RequestOrder, size int) (ids []string) {
	for after, more := "", true; more; more = after != "" {
		page, next, err := store.Requests(rt.Context(), tab, partitions, order, after, size, func(approval.Request) bool { return true })
		if err != nil || len(page) > size {
			rt.Fatal(err, len(page))
		}
		for _, q := range page {
			ids = append(ids, q.ID)
		}
		after = next
	}
	return ids
}
