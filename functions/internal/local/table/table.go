// Package table keeps the items of store.Table in one bbolt file, so that a laptop needs no database server.
//
// It promises what DynamoDB promises and is as strict (package limits), down to pages that end after 1 MB. What an
// item means does not belong here.
package table

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

// bucket holds every item; its name leaves room for other users of a shared file.
var bucket = []byte("items")

// Table is a store.Table. What Transact has written is on the disk when it returns.
type Table struct {
	db   *bbolt.DB
	owns bool
}

var _ store.Table = (*Table)(nil)

// Open opens the file at path, made when it is missing. Only one process can have it open.
func Open(path string) (*Table, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("table: %s is open in another process; stop that one, or name another file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("table: open %s: %w", path, err)
	}
	// A lone writer waits this long for company. It has to stay below what a disk takes to sync, or grouping would
	// cost more than it saves.
	db.MaxBatchDelay = 500 * time.Microsecond
	t, err := New(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	t.owns = true
	return t, nil
}

// New keeps items in a file that others use as well. Close leaves it open.
func New(db *bbolt.DB) (*Table, error) {
	err := db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucketIfNotExists(bucket)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("table: make the bucket of items: %w", err)
	}
	return &Table{db: db}, nil
}

// DB is the file, for others who keep their buckets in it.
func (t *Table) DB() *bbolt.DB { return t.db }

// Close waits for running calls and closes the file if Open opened it.
func (t *Table) Close() error {
	if !t.owns {
		return nil
	}
	return t.db.Close()
}

// Get implements store.Table. All items are of one moment.
func (t *Table) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	if err := limits.Keys(keys); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, unavailable(err)
	}
	items := make([]store.Item, len(keys))
	err := t.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(bucket)
		for i, k := range keys {
			items[i].Key = k
			if err := decode(b.Get(encodeKey(k.PK, k.SK)), &items[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, reading("get", err)
	}
	return items, nil
}

// Query implements store.Table. The page is of one moment.
func (t *Table) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if err := limits.Query(q); err != nil {
		return store.Page{}, err
	}
	if err := ctx.Err(); err != nil {
		return store.Page{}, unavailable(err)
	}
	var page store.Page
	err := t.db.View(func(tx *bbolt.Tx) (err error) {
		page, err = read(tx.Bucket(bucket).Cursor(), q)
		return err
	})
	if err != nil {
		return store.Page{}, reading("query", err)
	}
	return page, nil
}

// read fills one page. More is exact here; a page that is full looks one item further.
func read(c *bbolt.Cursor, q store.Query) (store.Page, error) {
	within := encodeKey(q.PK, q.Prefix)
	k, v := first(c, q, within)
	next := c.Next
	if q.Descending {
		next = c.Prev
	}
	var page store.Page
	size, partition := 0, len(encodeKey(q.PK, ""))
	for ; k != nil && bytes.HasPrefix(k, within); k, v = next() {
		if len(page.Items) == q.Limit || size >= limits.MaxPageData {
			page.More = true
			return page, nil
		}
		item := store.Item{Key: store.Key{PK: q.PK, SK: string(k[partition:])}}
		if err := decode(v, &item); err != nil {
			return store.Page{}, err
		}
		size += len(k) + len(v)
		page.Items = append(page.Items, item)
	}
	return page, nil
}

// first puts the cursor on the first item in reading order; After may lie anywhere, also outside the prefix.
func first(c *bbolt.Cursor, q store.Query, within []byte) (k, v []byte) {
	if !q.Descending {
		start := within
		if after := append(encodeKey(q.PK, q.After), 0); q.After != "" && bytes.Compare(after, start) > 0 {
			start = after // the least key greater than After
		}
		return c.Seek(start)
	}
	end := successor(within)
	if after := encodeKey(q.PK, q.After); q.After != "" && bytes.Compare(after, end) < 0 {
		end = after
	}
	if k, _ = c.Seek(end); k == nil {
		return c.Last()
	}
	return c.Prev()
}

// Transact implements store.Table. Transactions that arrive together share one sync of the disk.
func (t *Table) Transact(ctx context.Context, writes ...store.Write) error {
	if err := limits.Writes(writes); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	if len(writes) == 0 {
		return nil
	}
	var broken *fault.Error
	err := t.db.Batch(func(tx *bbolt.Tx) (err error) {
		// A failed condition is no error of the batch: nothing has been written yet, and an error would roll back
		// and run again everybody else's transactions. Batch may call this more than once, so the verdict is set anew.
		broken, err = apply(tx.Bucket(bucket), writes)
		return err
	})
	if err != nil {
		return reading("transact", err)
	}
	if broken != nil {
		return broken
	}
	return nil
}

// apply holds every condition before it writes anything.
func apply(b *bbolt.Bucket, writes []store.Write) (*fault.Error, error) {
	revs := make([]int64, len(writes))
	for i, w := range writes {
		var now store.Item
		if err := decodeHead(b.Get(encodeKey(w.Key.PK, w.Key.SK)), &now); err != nil {
			return nil, err
		}
		if w.IfRev != store.Any && w.IfRev != now.Rev {
			return fault.New(fault.Conflict, "write_conflict", "Somebody else changed this at the same moment; read it again and repeat."), nil
		}
		revs[i] = now.Rev
	}
	for i, w := range writes {
		k := encodeKey(w.Key.PK, w.Key.SK)
		var err error
		switch w.Op {
		case store.Put:
			err = b.Put(k, encode(revs[i]+1, w.Expires, w.Data))
		case store.Delete:
			err = b.Delete(k)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Sweep drops what has expired by now, as TTL does on AWS, and says how many items that were.
func (t *Table) Sweep(ctx context.Context, now time.Time) (dropped int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, unavailable(err)
	}
	err = t.db.Update(func(tx *bbolt.Tx) error {
		b, dead := tx.Bucket(bucket), [][]byte(nil)
		err := b.ForEach(func(k, v []byte) error {
			var item store.Item
			if err := decodeHead(v, &item); err != nil {
				return err
			}
			if !item.Expires.IsZero() && !item.Expires.After(now) {
				dead = append(dead, k)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, k := range dead {
			if err := b.Delete(k); err != nil {
				return err
			}
		}
		dropped = len(dead)
		return nil
	})
	if err != nil {
		return 0, reading("sweep", err)
	}
	return dropped, nil
}

func unavailable(err error) error {
	return fault.Wrap(fault.Unavailable, "table_unavailable", err, "The database did not answer in time; try again.")
}

// reading names the operation; a closed file is the laptop's way of being unreachable.
func reading(op string, err error) error {
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return unavailable(err)
	}
	return fmt.Errorf("table: %s: %w", op, err)
}
