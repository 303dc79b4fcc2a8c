package asl

import (
	"bytes"
	"slices"
	"sync"
)

// Journal keeps what executions need to survive a crash. It knows nothing of the language: records, events and
// definitions are bytes to it. It may be called concurrently.
//
// An engine trusts what Commit says: after an error it does not know what was kept, and stops for good.
type Journal interface {
	// Commit makes one change durable, all of it or nothing, before it returns.
	Commit(c Change) error
	// Record gives the newest record of an execution, or nil when there never was one.
	Record(execution string) ([]byte, error)
	// Running calls f for every execution whose newest change was Running, in the order of their ids.
	// f must not call the journal.
	Running(f func(execution string, record []byte) error) error
	// Events gives the events of an execution, oldest first.
	Events(execution string) ([][]byte, error)
	// Definition gives a definition by its hash, or nil when it was never kept.
	Definition(hash string) ([]byte, error)
}

// Change is what one step of an execution writes.
type Change struct {
	Execution  string   // "machine/name"
	Record     []byte   // replaces the record
	Running    bool     // whether the execution must be resumed after a restart
	First      int      // number of the first of Events, counted from 1; numbers never repeat or skip
	Events     [][]byte // appended to the history, never changed again
	Hash       string   // of Definition; set by the change that starts an execution, else ""
	Definition []byte   // to be kept under Hash, if it is not there yet
}

// MemoryJournal is a Journal that lasts as long as the process, for tests. The zero value is ready.
type MemoryJournal struct {
	mu          sync.Mutex
	records     map[string][]byte
	running     map[string]bool
	events      map[string][][]byte
	definitions map[string][]byte
}

// Commit implements Journal.
func (j *MemoryJournal) Commit(c Change) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.records == nil {
		j.records, j.running = map[string][]byte{}, map[string]bool{}
		j.events, j.definitions = map[string][][]byte{}, map[string][]byte{}
	}
	j.records[c.Execution] = bytes.Clone(c.Record)
	delete(j.running, c.Execution)
	if c.Running {
		j.running[c.Execution] = true
	}
	for _, e := range c.Events {
		j.events[c.Execution] = append(j.events[c.Execution], bytes.Clone(e))
	}
	if c.Hash != "" {
		j.definitions[c.Hash] = bytes.Clone(c.Definition)
	}
	return nil
}

// Record implements Journal.
func (j *MemoryJournal) Record(execution string) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.records[execution]), nil
}

// Running implements Journal.
func (j *MemoryJournal) Running(f func(execution string, record []byte) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, id := range sortedKeys(j.running) {
		if err := f(id, bytes.Clone(j.records[id])); err != nil {
			return err
		}
	}
	return nil
}

// Events implements Journal.
func (j *MemoryJournal) Events(execution string) ([][]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.events[execution]), nil
}

// Definition implements Journal.
func (j *MemoryJournal) Definition(hash string) ([]byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return bytes.Clone(j.definitions[hash]), nil
}
