package store

import "context"

// listRound is how many rows one round merges; maxRounds how many rounds one page may cost when a filter lets little
// through. A page may then be short, or empty, and still have a next one.
const (
	listRound = 50
	maxRounds = 8
)

// kind says how the records of one kind are listed: by rows under prefix whose keys go on with stamp#id.
type kind[T any] struct {
	prefix string
	load   func(ctx context.Context, t Table, ids []string) ([]T, error)
	mark   func(T) string // the key of its row after the prefix
}

// newest lists the records of several partitions as one list, newest first and without repeating one, from after a
// position on; keep filters. The position to go on from comes back, "" at the end.
func (k kind[T]) newest(ctx context.Context, t Table, partitions []string, after string, size int, keep func(T) (bool, error)) (out []T, next string, err error) {
	ranges := make([]Range, len(partitions))
	for i, pk := range partitions {
		ranges[i] = Range{pk, k.prefix}
	}
	for range maxRounds {
		ids, err := Merge(ctx, t, ranges, after, listRound)
		if err != nil {
			return nil, "", err
		}
		found, err := k.load(ctx, t, ids.Items)
		if err != nil {
			return nil, "", err
		}
		for i, v := range found {
			ok, err := keep(v)
			if err != nil {
				return nil, "", err
			}
			if !ok {
				continue
			}
			if out = append(out, v); len(out) < size {
				continue
			}
			if i == len(found)-1 {
				return out, ids.Next, nil
			}
			return out, k.mark(v), nil
		}
		if after = ids.Next; after == "" {
			return out, "", nil
		}
	}
	return out, after, nil
}
