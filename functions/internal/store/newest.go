package store

import "context"

// listRound is how many rows one round merges; maxRounds how many rounds one page may cost when a filter lets little
// through. A page may then be short, or empty, and still have a next one.
const (
	listRound = 50
	maxRounds = 8
)

// kind says how the records of one kind are listed: by rows under prefix.
type kind[T any] struct {
	prefix string
	load   func(ctx context.Context, t Table, ids []string) ([]T, error)
	mark   func(T) string // the key of its row after the prefix
}

// newest lists the records of several partitions as one list, newest first and without repeating one, from after a
// position on; keep filters. The position to go on from comes back, "" at the end.
func (k kind[T]) newest(ctx context.Context, t Table, partitions []string, after string, size int, keep func(T) (bool, error)) (out []T, next string, err error) {
	return k.listed(ctx, t, partitions, after, size, true, keep)
}

// listed is newest in either direction. A page never has a record twice, also when its row moves while it is read.
func (k kind[T]) listed(ctx context.Context, t Table, partitions []string, after string, size int, descending bool, keep func(T) (bool, error)) (out []T, next string, err error) {
	ranges := make([]Range, len(partitions))
	for i, pk := range partitions {
		ranges[i] = Range{pk, k.prefix}
	}
	seen := map[string]bool{}
	for range maxRounds {
		rows, err := merge(ctx, t, ranges, after, listRound, descending)
		if err != nil {
			return nil, "", err
		}
		ids := make([]string, len(rows.Items))
		for i, row := range rows.Items {
			ids[i] = row.id
		}
		found, err := k.load(ctx, t, ids)
		if err != nil {
			return nil, "", err
		}
		for i, v := range found {
			ok, err := keep(v)
			if err != nil {
				return nil, "", err
			}
			if !ok || seen[ids[i]] {
				continue
			}
			seen[ids[i]] = true
			if out = append(out, v); len(out) < size {
				continue
			}
			if i == len(found)-1 {
				return out, rows.Next, nil
			}
			return out, rows.Items[i].mark, nil
		}
		if after = rows.Next; after == "" {
			return out, "", nil
		}
	}
	return out, after, nil
}
