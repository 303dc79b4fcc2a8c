package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// Range is the rows of one partition under a prefix.
type Range struct{ PK, Prefix string }

// Slice is a page of records. Next is where the following page starts after, "" when there is none.
type Slice[T any] struct {
	Items []T
	Next  string
}

// ReadSlice reads a page of one range; newest (highest key) first when descending.
func ReadSlice[T any](ctx context.Context, t Table, r Range, after string, limit int, descending bool) (Slice[T], error) {
	var out Slice[T]
	q := Query{PK: r.PK, Prefix: r.Prefix, After: after, Limit: limit, Descending: descending}
	for {
		page, err := t.Query(ctx, q)
		if err != nil {
			return out, err
		}
		for _, item := range page.Items {
			v, err := decode[T](item)
			if err != nil {
				return out, err
			}
			out.Items = append(out.Items, v)
			q.After = item.SK
		}
		// A table may end a page early; a client is given as many as it asked for.
		if !page.More || len(page.Items) == 0 {
			return out, nil
		}
		if q.Limit -= len(page.Items); q.Limit == 0 {
			out.Next = q.After
			return out, nil
		}
	}
}

// marked is an index row on its way through a merge; mark is its place in the order, the key after its prefix.
type marked struct{ mark, id string }

// Merge reads index rows of several ranges as one list, highest key first, each id once: what somebody sees through
// more than one role is listed once. A page that has fewer than limit ids and no Next is the last.
func Merge(ctx context.Context, t Table, ranges []Range, after string, limit int) (ids Slice[string], err error) {
	var all []marked
	for _, r := range ranges {
		q := Query{PK: r.PK, Prefix: r.Prefix, Limit: limit + 1, Descending: true}
		if after != "" {
			q.After = r.Prefix + after
		}
		for got := 0; got <= limit; {
			page, err := t.Query(ctx, q)
			if err != nil {
				return ids, err
			}
			for _, item := range page.Items {
				v, err := decode[ref](item)
				if err != nil {
					return ids, err
				}
				all = append(all, marked{strings.TrimPrefix(item.SK, r.Prefix), v.ID})
				q.After = item.SK
			}
			if got += len(page.Items); !page.More || len(page.Items) == 0 {
				break
			}
		}
	}
	slices.SortFunc(all, func(a, b marked) int { return cmp.Or(cmp.Compare(b.mark, a.mark), cmp.Compare(a.id, b.id)) })
	all = slices.Compact(all)
	for i, m := range all {
		if i == limit {
			ids.Next = all[i-1].mark
			return ids, nil
		}
		ids.Items = append(ids.Items, m.id)
	}
	return ids, nil
}

// EventsOfWorkspace, EventsOfMiniProgram and EventsOfRelease are the ranges of histories.
func EventsOfWorkspace(id string) Range   { return Range{"W#" + id, "E#"} }
func EventsOfMiniProgram(id string) Range { return Range{"P#" + id, "E#"} }
func EventsOfRelease(id string) Range     { return Range{"R#" + id, "E#"} }
