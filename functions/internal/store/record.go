package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"slipway/functions/internal/fault"
)

// Load reads one record. A record that does not exist, or has expired, is rev 0 and no error.
func Load[T any](ctx context.Context, t Table, key Key) (v T, rev int64, err error) {
	items, err := t.Get(ctx, key)
	if err != nil {
		return v, 0, err
	}
	if items[0].Rev == 0 {
		return v, 0, nil
	}
	v, err = decode[T](items[0])
	return v, items[0].Rev, err
}

// LoadAll reads many records at once, in the order asked; a missing one leaves its zero value and rev 0.
func LoadAll[T any](ctx context.Context, t Table, keys []Key) ([]T, []int64, error) {
	out, revs := make([]T, len(keys)), make([]int64, len(keys))
	for from := 0; from < len(keys); from += 100 {
		items, err := t.Get(ctx, keys[from:min(from+100, len(keys))]...)
		if err != nil {
			return nil, nil, err
		}
		for i, item := range items {
			if item.Rev == 0 {
				continue
			}
			if out[from+i], err = decode[T](item); err != nil {
				return nil, nil, err
			}
			revs[from+i] = item.Rev
		}
	}
	return out, revs, nil
}

// List reads all records of one partition under a prefix, in order. It is for sets that are bounded by a rule
// (members of a workspace, releases of one target); what grows without bound is read in pages.
func List[T any](ctx context.Context, t Table, pk, prefix string) ([]T, error) {
	var out []T
	q := Query{PK: pk, Prefix: prefix, Limit: 1000}
	for {
		page, err := t.Query(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			v, err := decode[T](item)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		if !page.More || len(page.Items) == 0 {
			return out, nil
		}
		q.After = page.Items[len(page.Items)-1].SK
	}
}

func decode[T any](item Item) (v T, err error) {
	if err = json.Unmarshal(item.Data, &v); err != nil {
		return v, fmt.Errorf("record %s %s: %w", item.PK, item.SK, err)
	}
	return v, nil
}

// Write makes the write of one record under a condition on its revision.
func writeOf(key Key, v any, ifRev int64) Write {
	data, err := json.Marshal(v)
	if err != nil { // records are plain data: this cannot happen
		panic(fmt.Sprintf("record %s %s: %v", key.PK, key.SK, err))
	}
	return Write{Op: Put, Key: key, IfRev: ifRev, Data: data}
}

// IsConflict says whether a transaction was refused because a condition did not hold.
func IsConflict(err error) bool { return fault.Is(err, fault.Conflict) }

// stamp is a time as part of a sort key: fixed width, sorts as time does.
func stamp(t time.Time) string { return t.UTC().Format("20060102T150405.000000000Z") }

// numberKey is a dotted version number as part of a sort key: each part padded, so that it sorts as numbers do.
func numberKey(number string) string {
	parts := strings.Split(number, ".")
	for i, p := range parts {
		parts[i] = fmt.Sprintf("%010s", p)
	}
	return strings.Join(parts, ".")
}

// DerivedID makes an id from another, so that a task that runs twice makes the same one.
func DerivedID(prefix, from string) string {
	sum := sha256.Sum256([]byte(prefix + ":" + from))
	return prefix + hex.EncodeToString(sum[:10])
}
