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

// mostSlice bounds a page in bytes: a Lambda function answers at most 6 MB, and a hundred records may have 30.
const mostSlice = 4 << 20

// ReadSlice reads a page of one range; newest (highest key) first when descending. Of large records it reads fewer.
func ReadSlice[T any](ctx context.Context, t Table, r Range, after string, limit int, descending bool) (Slice[T], error) {
	var out Slice[T]
	q := Query{PK: r.PK, Prefix: r.Prefix, After: after, Limit: limit, Descending: descending}
	size := 0
	for {
		page, err := t.Query(ctx, q)
		if err != nil {
			return out, err
		}
		for _, item := range page.Items {
			if size += len(item.Data); size > mostSlice && len(out.Items) > 0 {
				out.Next = q.After
				return out, nil
			}
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
	rows, err := merge(ctx, t, ranges, after, limit, true)
	for _, m := range rows.Items {
		ids.Items = append(ids.Items, m.id)
	}
	ids.Next = rows.Next
	return ids, err
}

// merge is Merge with the rows' places, in either direction.
func merge(ctx context.Context, t Table, ranges []Range, after string, limit int, descending bool) (rows Slice[marked], err error) {
	var all []marked
	for _, r := range ranges {
		some, err := head(ctx, t, r, after, limit+1, descending)
		if err != nil {
			return rows, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b marked) int {
		byMark := cmp.Compare(a.mark, b.mark)
		if descending {
			byMark = -byMark
		}
		return cmp.Or(byMark, cmp.Compare(a.id, b.id))
	})
	rows.Items = slices.Compact(all)
	if len(rows.Items) > limit {
		rows.Items = rows.Items[:limit]
		rows.Next = rows.Items[limit-1].mark
	}
	return rows, nil
}

// head reads at least the first rows of one range after a place, if there are so many.
func head(ctx context.Context, t Table, r Range, after string, least int, descending bool) (rows []marked, err error) {
	q := Query{PK: r.PK, Prefix: r.Prefix, Limit: least, Descending: descending}
	if after != "" {
		q.After = r.Prefix + after
	}
	for len(rows) < least {
		page, err := t.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			v, err := decode[ref](item)
			if err != nil {
				return nil, err
			}
			rows = append(rows, marked{strings.TrimPrefix(item.SK, r.Prefix), v.ID})
			q.After = item.SK
		}
		if !page.More || len(page.Items) == 0 {
			break
		}
	}
	return rows, nil
}

// EventsOfWorkspace, EventsOfMiniProgram and EventsOfRelease are the ranges of histories.
func EventsOfWorkspace(id string) Range   { return Range{"W#" + id, "E#"} }
func EventsOfMiniProgram(id string) Range { return Range{"P#" + id, "E#"} }
func EventsOfRelease(id string) Range     { return Range{"R#" + id, "E#"} }
