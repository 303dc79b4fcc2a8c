// Package journal keeps the journal of package asl in a bbolt database.
//
// What belongs here: the layout of the buckets and the sharing of fsyncs. What does not: opening and closing the
// database, which others use too, and any knowledge of what records and events mean.
package journal

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"

	"slipway/functions/internal/asl"
)

// Journal is an asl.Journal in four buckets of its own:
//
//	records      execution → record
//	running      execution → nothing; the index of what to resume
//	events       execution, NUL, number (8 bytes, big endian) → event; written once each
//	definitions  hash → definition
type Journal struct {
	db      *bbolt.DB
	names   [4][]byte
	mu      sync.Mutex // guards forming
	forming *batch     // takes changes until it is written
	writing sync.Mutex // held by the batch being written
}

const (
	records = iota
	running
	events
	definitions
)

// batch is a set of changes that share one transaction, and so one fsync.
type batch struct {
	changes []asl.Change
	once    sync.Once
	err     error
}

// Open prepares the buckets, whose names begin with prefix.
func Open(db *bbolt.DB, prefix string) (*Journal, error) {
	j := &Journal{db: db, forming: &batch{}}
	for i, name := range []string{"records", "running", "events", "definitions"} {
		j.names[i] = []byte(prefix + name)
	}
	err := db.Update(func(tx *bbolt.Tx) error {
		for _, name := range j.names {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return fmt.Errorf("bucket %s: %w", name, err)
			}
		}
		return nil
	})
	return j, err
}

// Commit implements asl.Journal. While one batch is being written the next one forms, so that concurrent executions
// share fsyncs and a lone one never waits for company (which it would with bbolt's own Batch).
func (j *Journal) Commit(c asl.Change) error {
	j.mu.Lock()
	b := j.forming
	b.changes = append(b.changes, c)
	j.mu.Unlock()
	b.once.Do(func() {
		j.writing.Lock()
		defer j.writing.Unlock()
		j.mu.Lock()
		j.forming = &batch{} // b takes no more
		j.mu.Unlock()
		b.err = j.db.Update(func(tx *bbolt.Tx) error { return j.write(tx, b.changes) })
	})
	return b.err
}

func (j *Journal) write(tx *bbolt.Tx, changes []asl.Change) error {
	for _, c := range changes {
		id := []byte(c.Execution)
		if err := tx.Bucket(j.names[records]).Put(id, c.Record); err != nil {
			return err
		}
		index := tx.Bucket(j.names[running])
		switch was := index.Get(id) != nil; {
		case c.Running && !was:
			if err := index.Put(id, []byte{}); err != nil {
				return err
			}
		case !c.Running && was:
			if err := index.Delete(id); err != nil {
				return err
			}
		}
		history := tx.Bucket(j.names[events])
		for i, e := range c.Events {
			if err := history.Put(eventKey(id, c.First+i), e); err != nil {
				return err
			}
		}
		if defs := tx.Bucket(j.names[definitions]); c.Hash != "" && defs.Get([]byte(c.Hash)) == nil {
			if err := defs.Put([]byte(c.Hash), c.Definition); err != nil {
				return err
			}
		}
	}
	return nil
}

func eventKey(id []byte, n int) []byte {
	return binary.BigEndian.AppendUint64(append(bytes.Clone(id), 0), uint64(n)) //nolint:gosec // n counts from 1
}

// Record implements asl.Journal.
func (j *Journal) Record(execution string) ([]byte, error) {
	return j.get(records, execution)
}

// Definition implements asl.Journal.
func (j *Journal) Definition(hash string) ([]byte, error) {
	return j.get(definitions, hash)
}

func (j *Journal) get(bucket int, key string) (found []byte, err error) {
	err = j.db.View(func(tx *bbolt.Tx) error {
		found = bytes.Clone(tx.Bucket(j.names[bucket]).Get([]byte(key)))
		return nil
	})
	return found, err
}

// Running implements asl.Journal.
func (j *Journal) Running(f func(execution string, record []byte) error) error {
	return j.db.View(func(tx *bbolt.Tx) error {
		all := tx.Bucket(j.names[records])
		return tx.Bucket(j.names[running]).ForEach(func(id, _ []byte) error {
			return f(string(id), bytes.Clone(all.Get(id)))
		})
	})
}

// Events implements asl.Journal.
func (j *Journal) Events(execution string) (found [][]byte, err error) {
	prefix := append([]byte(execution), 0)
	err = j.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(j.names[events]).Cursor()
		for k, v := c.Seek(prefix); bytes.HasPrefix(k, prefix); k, v = c.Next() {
			found = append(found, bytes.Clone(v))
		}
		return nil
	})
	return found, err
}
