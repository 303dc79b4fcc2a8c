package store_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

// vast is a table with partitions of any number of rows, which are made when they are read: row i by its number, in the
// order of sort keys. It counts what is asked of it.
type vast struct {
	partitions map[string]rows
	item       func(store.Key) []byte // what lies at a key that is asked for alone
	asked      asked
}

type rows struct {
	n   int
	row func(i int) store.Item
}

// asked is what reading something came to.
type asked struct {
	Calls, Items int
	ReadUnits    int // 4 KB, consistent: by the sum of a query, by each item of a get
}

func units(bytes int) int { return max(1, (bytes+4095)/4096) }

func size(it store.Item) int { return len(it.PK) + len(it.SK) + len(it.Data) + 16 }

// Get implements store.Table.
func (v *vast) Get(_ context.Context, keys ...store.Key) ([]store.Item, error) {
	if err := limits.Keys(keys); err != nil {
		return nil, err
	}
	v.asked.Calls++
	out := make([]store.Item, len(keys))
	for i, k := range keys {
		out[i] = store.Item{Key: k, Rev: 1, Data: v.item(k)}
		v.asked.Items++
		v.asked.ReadUnits += units(size(out[i]))
	}
	return out, nil
}

// Query implements store.Table.
func (v *vast) Query(_ context.Context, q store.Query) (page store.Page, err error) {
	if err := limits.Query(q); err != nil {
		return page, err
	}
	v.asked.Calls++
	p := v.partitions[q.PK+" "+q.Prefix]
	after := sort.Search(p.n, func(i int) bool { return p.row(i).SK > q.After }) // the first row after
	from, step := after, 1
	if q.Descending {
		from, step = p.n-1, -1
		if q.After != "" {
			from = sort.Search(p.n, func(i int) bool { return p.row(i).SK >= q.After }) - 1
		}
	}
	bytes := 0
	for i := from; i >= 0 && i < p.n; i += step {
		it := p.row(i)
		if bytes += size(it); bytes > limits.MaxPageData || len(page.Items) == q.Limit {
			page.More = true
			break
		}
		page.Items = append(page.Items, it)
	}
	v.asked.Items += len(page.Items)
	v.asked.ReadUnits += units(bytes)
	return page, nil
}

// Transact implements store.Table.
func (v *vast) Transact(context.Context, ...store.Write) error { panic("nothing is written here") }

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// versionOf is the i-th version of a mini program, with as many pages as the median project has.
func versionOf(i int) catalog.Version {
	v := catalog.Version{MiniProgram: "p", Number: fmt.Sprintf("1.%d.%d", i/1000, i%1000), Notes: "As played", Status: catalog.Submitted, CreatedAt: begin}
	for n := range 7 {
		v.Pages = append(v.Pages, fmt.Sprintf("pages/page-%d/index", n))
	}
	return v
}

func releaseOf(i int) release.Release {
	return release.Release{
		ID: fmt.Sprintf("rel_%020d", i), MiniProgram: "p", Workspace: "w", Version: versionOf(i).Number, TargetApp: "a", Environment: catalog.Production,
		Status: release.Archived, CreatedAt: begin.Add(time.Duration(i) * time.Second),
	}
}

func requestOf(i int) store.RequestRecord {
	q := store.RequestRecord{}
	q.ID, q.MiniProgram, q.Category, q.Status = fmt.Sprintf("q%020d", i), "p", approval.Category("release"), approval.Pending
	q.CreatedAt = begin.Add(time.Duration(i) * time.Second)
	q.SubmittedBy = catalog.Person{Email: "me@x.test"}
	q.Parties = []approval.Party{{Workspace: "w"}}
	return q
}

// written is the write to a partition under a prefix among those of a change.
func written(writes []store.Write, pk, prefix string) store.Item {
	for _, w := range writes {
		if w.Key.PK == pk && strings.HasPrefix(w.Key.SK, prefix) {
			return store.Item{Key: w.Key, Rev: 1, Data: w.Data}
		}
	}
	panic("nothing is written to " + pk + " " + prefix)
}

// grown is a table in which one mini program has n versions, each released, requested and told of.
func grown(n int) *vast {
	event := func(i int) []store.Write {
		return store.EventWrites(store.Event{ID: fmt.Sprintf("e%020d", i), At: begin.Add(time.Duration(i) * time.Second), Action: "apply", MiniProgram: "p", Release: "r"})
	}
	of := func(row func(i int) store.Item) rows { return rows{n, row} }
	return &vast{
		partitions: map[string]rows{
			"P#p V#": of(func(i int) store.Item {
				return written([]store.Write{store.SaveVersion(versionOf(i), store.Absent)}, "P#p", "V#")
			}),
			"P#p R#": of(func(i int) store.Item { return written(store.CreateRelease(releaseOf(i)), "P#p", "R#") }),
			"W#w R#": of(func(i int) store.Item { return written(store.CreateRelease(releaseOf(i)), "W#w", "R#") }),
			"P#p E#": of(func(i int) store.Item { return written(event(i), "P#p", "E#") }),
			"R#r E#": of(func(i int) store.Item { return written(event(i), "R#r", "E#") }),
			"W#w Q#": of(func(i int) store.Item { return written(store.CreateRequest(requestOf(i)), "W#w", "Q#") }),
		},
		item: func(k store.Key) []byte {
			id := k.PK[2:]
			var i int
			_, _ = fmt.Sscanf(strings.TrimLeft(id, "relq_"), "%d", &i) // other keys are number 0
			if strings.HasPrefix(k.PK, "Q#") {
				return written([]store.Write{store.SaveRequest(requestOf(i), 1)}, k.PK, "").Data
			}
			return written(store.CreateRelease(releaseOf(i))[:1], k.PK, "").Data
		},
	}
}

const pageSize = 50

// reads are the pages that people look at, from after a position on.
var reads = map[string]func(ctx context.Context, t store.Table, after string) (n int, next string, err error){
	"versions": func(ctx context.Context, t store.Table, after string) (int, string, error) {
		s, err := store.Versions(ctx, t, "p", after, pageSize)
		return len(s.Items), s.Next, err
	},
	"events of a mini program": func(ctx context.Context, t store.Table, after string) (int, string, error) {
		s, err := store.ReadSlice[store.Event](ctx, t, store.EventsOfMiniProgram("p"), after, pageSize, true)
		return len(s.Items), s.Next, err
	},
	"events of a release": func(ctx context.Context, t store.Table, after string) (int, string, error) {
		s, err := store.ReadSlice[store.Event](ctx, t, store.EventsOfRelease("r"), after, pageSize, true)
		return len(s.Items), s.Next, err
	},
	"releases": func(ctx context.Context, t store.Table, after string) (int, string, error) {
		all := func(release.Release) (bool, error) { return true, nil }
		list, next, err := store.Releases(ctx, t, []string{store.ReleasesOfMiniProgram("p"), store.ReleasesOfWorkspace("w")}, after, pageSize, all)
		return len(list), next, err
	},
	"requests": func(ctx context.Context, t store.Table, after string) (int, string, error) {
		all := func(approval.Request) bool { return true }
		list, next, err := store.Requests(ctx, t, []string{store.AskedOf("w")}, store.RequestOrder{}, after, pageSize, all)
		return len(list), next, err
	},
}

// TestAMillionVersionsCostAPage: what a page costs does not depend on how many there are, nor on how far in it lies.
func TestAMillionVersionsCostAPage(t *testing.T) {
	const most = 1_000_000
	for name, read := range reads {
		var want asked
		for _, n := range []int{1000, most} {
			for _, page := range []int{1, 2, 10} {
				table, after := grown(n), ""
				for at := 1; at <= page; at++ {
					table.asked = asked{}
					got, next, err := read(t.Context(), table, after)
					if err != nil || got != pageSize || next == "" {
						t.Fatalf("%s, page %d of %d: %d items, next %q, %v", name, at, n, got, next, err)
					}
					after = next
				}
				if want == (asked{}) {
					want = table.asked
				}
				// The first page is asked for without a position; nothing else may differ.
				if got := table.asked; got.Calls != want.Calls || got.Items != want.Items || got.ReadUnits > want.ReadUnits+1 {
					t.Errorf("%s: page %d of %d costs %+v, of 1000 %+v", name, page, n, got, want)
				}
			}
		}
		t.Logf("a page of %d %s: %d calls, %d items, %d read units", pageSize, name, want.Calls, want.Items, want.ReadUnits)
	}
}

// TestAMillionVersionsInOrder: keys sort as numbers and times do, so that the newest page is the newest.
func TestAMillionVersionsInOrder(t *testing.T) {
	table := grown(1_000_000)
	for name, p := range table.partitions {
		for _, i := range []int{0, 9, 99, 999, 9_999, 99_999, 999_998} {
			if c := cmp.Compare(p.row(i).SK, p.row(i+1).SK); c >= 0 {
				t.Errorf("%s: row %d is not before the next: %q, %q", name, i, p.row(i).SK, p.row(i+1).SK)
			}
		}
	}
	s, err := store.Versions(t.Context(), table, "p", "", 2)
	if err != nil {
		t.Fatal(err)
	}
	if got := []string{s.Items[0].Number, s.Items[1].Number}; !slices.Equal(got, []string{"1.999.999", "1.999.998"}) {
		t.Errorf("the newest are %q", got)
	}
}
