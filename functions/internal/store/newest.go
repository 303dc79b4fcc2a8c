package store

import (
	"context"
	"slices"
	"strings"
)

// listRound is how many rows of each partition one round reads; maxRounds how many rounds one page may cost when a
// filter lets little through. A page may then be short, or empty, and still have a next one.
const (
	listRound = 50
	maxRounds = 8
)

// newest merges index rows of several partitions, whose sort keys end in #id and begin with when, into one list,
// newest first and without repeating one, from after a position on.
func newest[T any](ctx context.Context, t Table, partitions []string, prefix, after string, size int, load func(ids []string) ([]T, error), keep func(T) (bool, error)) (out []T, next string, err error) {
	for range maxRounds {
		rows, more, err := newestRows(ctx, t, partitions, prefix, after)
		if err != nil {
			return nil, "", err
		}
		ids := make([]string, len(rows))
		for i, sk := range rows {
			ids[i] = sk[strings.LastIndexByte(sk, '#')+1:]
		}
		found, err := load(ids)
		if err != nil {
			return nil, "", err
		}
		for i, v := range found {
			after = rows[i]
			ok, err := keep(v)
			if err != nil {
				return nil, "", err
			}
			if !ok {
				continue
			}
			if out = append(out, v); len(out) == size {
				if more || i < len(rows)-1 {
					return out, after, nil
				}
				return out, "", nil
			}
		}
		if !more {
			return out, "", nil
		}
	}
	return out, after, nil
}

// newestRows is the next round of sort keys over all partitions. Rows older than the last row of a partition that
// has more are left for the next round, so that none is skipped.
func newestRows(ctx context.Context, t Table, partitions []string, prefix, after string) (rows []string, more bool, err error) {
	floor := ""
	for _, pk := range partitions {
		page, err := t.Query(ctx, Query{PK: pk, Prefix: prefix, After: after, Limit: listRound, Descending: true})
		if err != nil {
			return nil, false, err
		}
		for _, item := range page.Items {
			rows = append(rows, item.SK)
		}
		if page.More && len(page.Items) > 0 {
			more = true
			floor = max(floor, page.Items[len(page.Items)-1].SK)
		}
	}
	slices.Sort(rows)
	rows = slices.Compact(rows)
	slices.Reverse(rows)
	return slices.DeleteFunc(rows, func(sk string) bool { return sk < floor }), more, nil
}
