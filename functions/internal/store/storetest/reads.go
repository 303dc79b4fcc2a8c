package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

func getOrder(t *testing.T, table store.Table) {
	write(t, table, put("p", "b", store.Absent, `"b"`), put("p", "a", store.Absent, `"a"`), put("q", "a", store.Absent, `"qa"`))
	want(t, table,
		item("q", "a", 1, `"qa"`), item("p", "z", 0, ""), item("p", "b", 1, `"b"`), item("r", "a", 0, ""),
		item("p", "a", 1, `"a"`), item("p", "b", 1, `"b"`), item("p", "z", 0, ""))
}

// getLarge asks for more than one answer of DynamoDB may carry (16 MB).
func getLarge(t *testing.T, table store.Table) {
	body := strings.Repeat("x", limits.MaxData)
	items := make([]store.Item, 60)
	for at := 0; at < len(items); at += 10 {
		var writes []store.Write
		for i := at; i < at+10; i++ {
			items[i] = item("large", fmt.Sprintf("%02d", i), 1, body)
			writes = append(writes, put("large", items[i].SK, store.Absent, body))
		}
		write(t, table, writes...)
	}
	keys := make([]store.Key, len(items))
	for i := range items {
		keys[i] = items[i].Key
	}
	for i, got := range get(t, table, keys...) {
		if got.Key != items[i].Key || len(got.Data) != len(body) {
			t.Fatalf("item %d is %q with %d bytes", i, got.SK, len(got.Data))
		}
	}
}

// hard are sort keys whose order differs between bytes, UTF-16 and collations, or that trip up separators and bounds.
var hard = []string{
	"\x00", "\x00\x00", "\x01", " ", "#", "-", "/", "0", "10", "2", "A", "Z", "a", "a\x00", "a\x00b", "a ", "a#", "a#1", "a#10",
	"a#2", "aa", "b", "z", "~", "\x7f", "é", "e\u0301", "ÿ", "ÿ\x00", "ÿÿ", "Ā", "\ud7ff", "\ue000", "\uffff", "\uffffa",
	"\U00010000", "🚀", "\U0010ffff", "\U0010ffff\U0010ffff",
}

// fill writes the hard keys in another order than theirs, and neighbours that must never show.
func fill(t *testing.T, table store.Table, pk string) []string {
	t.Helper()
	var writes []store.Write
	for i := range hard {
		sk := hard[(i*17+5)%len(hard)]
		writes = append(writes, put(pk, sk, store.Absent, fmt.Sprintf("%q", sk)))
	}
	for _, near := range []string{pk + "\x00", pk + "a", pk[:len(pk)-1], pk[:len(pk)-1] + "\U0010ffff"} {
		writes = append(writes, put(near, "a", store.Absent, `"neighbour"`), put(near, "\U0010ffff", store.Absent, `"neighbour"`))
	}
	write(t, table, writes...)
	sorted := slices.Clone(hard)
	slices.Sort(sorted)
	return sorted
}

func queryOrder(t *testing.T, table store.Table) {
	sorted := fill(t, table, "part")
	wantSKs(t, table, store.Query{PK: "part", Limit: 1000}, sorted)
	wantSKs(t, table, store.Query{PK: "part", Limit: 1000, Descending: true}, reversed(sorted))
}

func queryPrefix(t *testing.T, table store.Table) {
	sorted := fill(t, table, "part")
	for _, prefix := range append([]string{"", "a#1", "nowhere", "\ud7fe", "\U0010ffff\U0010ffff\U0010ffff"}, hard...) {
		var expect []string
		for _, sk := range sorted {
			if strings.HasPrefix(sk, prefix) {
				expect = append(expect, sk)
			}
		}
		for _, limit := range []int{1000, 2} {
			wantSKs(t, table, store.Query{PK: "part", Prefix: prefix, Limit: limit}, expect)
			wantSKs(t, table, store.Query{PK: "part", Prefix: prefix, Limit: limit, Descending: true}, reversed(expect))
		}
	}
}

// queryAfter starts after keys that are there, that are not, and that lie outside the prefix on either side.
func queryAfter(t *testing.T, table store.Table) {
	sorted := fill(t, table, "part")
	for _, prefix := range []string{"", "a", "a#", "ÿ", "\U0010ffff", "nowhere"} {
		for _, after := range []string{"\x00", "0", "Zz", "a", "a#", "a#15", "a\x00", "azzz", "é", "ÿ", "\uffff", "\U0010ffff", "\U0010ffff\U0010ffff\U0010ffff"} {
			var up, down []string
			for _, sk := range sorted {
				if !strings.HasPrefix(sk, prefix) {
					continue
				}
				if sk > after {
					up = append(up, sk)
				}
				if sk < after {
					down = append(down, sk)
				}
			}
			wantSKs(t, table, store.Query{PK: "part", Prefix: prefix, After: after, Limit: 500}, up)
			wantSKs(t, table, store.Query{PK: "part", Prefix: prefix, After: after, Limit: 500, Descending: true}, reversed(down))
		}
	}
}

func queryPages(t *testing.T, table store.Table) {
	sorted := fill(t, table, "part")
	for _, limit := range []int{1, 3, len(hard) - 1, len(hard), len(hard) + 1} {
		for _, down := range []bool{false, true} {
			expect := sorted
			if down {
				expect = reversed(sorted)
			}
			q := store.Query{PK: "part", Limit: limit, Descending: down}
			wantSKs(t, table, q, expect)
			page, err := table.Query(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			if limit < len(hard) && (!page.More || len(page.Items) != limit) {
				t.Errorf("limit %d: %d items, more %v", limit, len(page.Items), page.More)
			}
			if limit > len(hard) && page.More {
				t.Errorf("limit %d: more than everything", limit)
			}
		}
	}
	// A page goes on from where it stopped even when that item is gone.
	write(t, table, store.Write{Op: store.Delete, Key: key("part", sorted[4]), IfRev: store.Any})
	wantSKs(t, table, store.Query{PK: "part", After: sorted[4], Limit: 1000}, sorted[5:])
}

// queryLarge reads more than fits into one answer: pages come up short, the walk still sees everything once.
func queryLarge(t *testing.T, table store.Table) {
	var expect []string
	for i := range 7 {
		expect = append(expect, fmt.Sprint(i))
		write(t, table, put("large", expect[i], store.Absent, strings.Repeat("x", limits.MaxData)))
	}
	wantSKs(t, table, store.Query{PK: "large", Limit: 100}, expect)
	wantSKs(t, table, store.Query{PK: "large", Limit: 100, Descending: true}, reversed(expect))
	page, err := table.Query(context.Background(), store.Query{PK: "large", Limit: 100})
	if err != nil || len(page.Items) == len(expect) || !page.More {
		t.Errorf("%d large items in one page, more %v, err %v", len(page.Items), page.More, err)
	}
}

func queryPartition(t *testing.T, table store.Table) {
	pks := []string{"a", "a\x00", "a\x00b", "ab", "b", "é", "\x00", strings.Repeat("a", 127), strings.Repeat("a", 128), strings.Repeat("a", 300)}
	var writes []store.Write
	for _, pk := range pks {
		writes = append(writes, put(pk, "\x00", store.Absent, `1`), put(pk, "b", store.Absent, `1`), put(pk, "\x00b", store.Absent, `1`))
	}
	write(t, table, writes...)
	for _, pk := range pks {
		wantSKs(t, table, store.Query{PK: pk, Limit: 10}, []string{"\x00", "\x00b", "b"})
		wantSKs(t, table, store.Query{PK: pk, Limit: 1, Descending: true}, []string{"b", "\x00b", "\x00"})
	}
}

func wantSKs(t *testing.T, table store.Table, q store.Query, expect []string) {
	t.Helper()
	got := []string{}
	for _, it := range all(t, table, q) {
		if it.PK != q.PK || it.Rev != 1 {
			t.Fatalf("query %+v returned %q %q at revision %d", q, it.PK, it.SK, it.Rev)
		}
		got = append(got, it.SK)
	}
	if d := cmp.Diff(append([]string{}, expect...), got); d != "" {
		t.Fatalf("query %+v (-want +got):\n%s", q, d)
	}
}

func reversed(s []string) []string {
	r := slices.Clone(s)
	slices.Reverse(r)
	return r
}
