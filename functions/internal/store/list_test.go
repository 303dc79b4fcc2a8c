package store_test

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/store"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openTable(t testing.TB) store.Table {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "db"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	db.MaxBatchDelay = 0
	tab, err := table.New(db)
	if err != nil {
		t.Fatal(err)
	}
	return tab
}

// TestMerge holds the merge of lists against a plain sort of everything in them.
func TestMerge(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tab := openTable(t)
		listed := map[string]time.Time{}
		ranges := []store.Range{store.MemberIn("ana@x.test"), store.OwnedBy("merchant"), store.ShownTo("wallet")}
		for i := range rapid.IntRange(0, 25).Draw(rt, "programs") {
			m := catalog.MiniProgram{ID: fmt.Sprintf("mp_%02d", i), Workspace: "merchant", CreatedAt: start.Add(time.Duration(rapid.IntRange(0, 9).Draw(rt, "minute")) * time.Minute)}
			in := rapid.IntRange(0, 7).Draw(rt, "lists")
			if in&1 > 0 {
				write(t, tab, store.AddMiniProgramMember(m, "ana@x.test"))
			}
			if in&2 > 0 {
				write(t, tab, store.CreateMiniProgram(m)...)
			}
			if in&4 > 0 {
				write(t, tab, store.ShowMiniProgram(m, "wallet")...)
			}
			if in > 0 {
				listed[m.ID] = m.CreatedAt
			}
		}
		var want []string
		for id := range listed {
			want = append(want, id)
		}
		slices.SortFunc(want, func(a, b string) int { return cmp.Or(listed[b].Compare(listed[a]), cmp.Compare(b, a)) })
		size := rapid.IntRange(1, 7).Draw(rt, "size")
		var got []string
		for after, pages := "", 0; ; pages++ {
			page, err := store.Merge(t.Context(), tab, ranges, after, size)
			if err != nil {
				rt.Fatal(err)
			}
			if len(page.Items) > size || page.Next != "" && len(page.Items) < size || pages > 26 {
				rt.Fatalf("page of %d with next %q", len(page.Items), page.Next)
			}
			got = append(got, page.Items...)
			if after = page.Next; after == "" {
				break
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			rt.Fatalf("pages of %d (-want +got):\n%s", size, diff)
		}
	})
}

func write(t testing.TB, tab store.Table, writes ...store.Write) {
	t.Helper()
	if err := tab.Transact(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
}

// TestVersionsSortAsNumbers: 1.10 is newer than 1.9 also where keys are texts.
func TestVersionsSortAsNumbers(t *testing.T) {
	tab := openTable(t)
	numbers := []string{"0.0.1", "1.9", "1.9.0.1", "1.10", "2", "10.0", "9999999999"}
	for _, n := range numbers {
		write(t, tab, store.SaveVersion(catalog.Version{MiniProgram: "mp", Number: n}, store.Absent))
	}
	var got []string
	for after := ""; ; {
		page, err := store.Versions(t.Context(), tab, "mp", after, 3)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Items {
			got = append(got, v.Number)
		}
		if after = page.Next; after == "" {
			break
		}
	}
	slices.Reverse(got)
	if diff := gocmp.Diff(numbers, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSeenBy(t *testing.T) {
	tab := openTable(t)
	for _, id := range []string{"a", "b", "c"} {
		m := catalog.MiniProgram{ID: id, Workspace: "merchant", CreatedAt: start}
		write(t, tab, store.CreateMiniProgram(m)...)
		if id != "b" {
			write(t, tab, store.ShowMiniProgram(m, "wallet")...)
		}
	}
	got, err := store.SeenBy(t.Context(), tab, []string{"a", "b", "c"}, []string{"platform", "wallet"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := gocmp.Diff(map[string][]string{"a": {"wallet"}, "c": {"wallet"}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPagesAreSmallEnoughToAnswer: of the largest versions a page has fewer than were asked for, and none is left out.
func TestPagesAreSmallEnoughToAnswer(t *testing.T) {
	tab := openTable(t)
	const versions = 40
	for i := range versions {
		v := catalog.Version{MiniProgram: "mp_1", Number: fmt.Sprintf("1.%d", i+1)}
		for p := range 1000 {
			v.Pages = append(v.Pages, fmt.Sprintf("%0240d", p))
		}
		write(t, tab, store.SaveVersion(v, store.Absent))
	}
	seen, after := 0, ""
	for {
		page, err := store.Versions(t.Context(), tab, "mp_1", after, 100)
		if err != nil {
			t.Fatal(err)
		}
		if size := len(page.Items) * 1000 * 243; size > 5<<20 {
			t.Fatalf("a page of %d versions has %d bytes; a function answers at most 6 MB", len(page.Items), size)
		}
		for _, v := range page.Items {
			if seen++; v.Number != fmt.Sprintf("1.%d", versions-seen+1) {
				t.Fatalf("version %s is number %d of the list", v.Number, seen)
			}
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if seen != versions {
		t.Errorf("listed %d of %d versions", seen, versions)
	}
}
