package store_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
				page, next, err := store.Requests(t.Context(), tab, partitions, after, size, c.keep)
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
