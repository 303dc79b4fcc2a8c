package api

import (
	"context"
	"encoding/hex"
	"io"
	"log/slog"
	"sync"
	"time"

	"slipway/functions/internal/store"
)

// mostTallies bounds the memory of a process that is scanned with very many codes: it then starts again under another
// name, and what it wrote under the old one stays counted.
const mostTallies = 10_000

// countingTime is how long a write of a count may take. What was not written is written with the next scan of that
// code and day, for each write carries all that this process has counted.
const countingTime = 250 * time.Millisecond

// scanCounter counts scans in one process. Its rows are its own, so it writes without reading and without conflict.
type scanCounter struct {
	table  store.Table
	random io.Reader

	mu      sync.Mutex
	name    string
	tallies map[string]*tally // by code and day
	writers sync.WaitGroup
}

type tally struct {
	row     string // name of the counter that it belongs to
	count   int64
	writing chan struct{} // closed when the writer ends, who also writes what is added meanwhile; nil when there is none
}

func newScanCounter(t store.Table, random io.Reader) *scanCounter {
	s := &scanCounter{table: t, random: random, tallies: map[string]*tally{}}
	s.rename()
	return s
}

func (s *scanCounter) rename() {
	var b [8]byte
	if _, err := io.ReadFull(s.random, b[:]); err != nil {
		panic(err) // two processes under one name would overwrite each other's counts
	}
	s.name = hex.EncodeToString(b[:])
}

// add counts a scan. What it gives is closed when the count was written, or could not be.
func (s *scanCounter) add(ctx context.Context, code string, now time.Time) (written <-chan struct{}) {
	day := now.UTC().Format(time.DateOnly)
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tallies[code+"/"+day]
	if t == nil {
		if len(s.tallies) >= mostTallies {
			clear(s.tallies)
			s.rename()
		}
		t = &tally{row: s.name}
		s.tallies[code+"/"+day] = t
	}
	t.count++
	if t.writing == nil {
		t.writing = make(chan struct{})
		s.writers.Go(func() { s.write(context.WithoutCancel(ctx), t, code, day, now) })
	}
	return t.writing
}

func (s *scanCounter) write(ctx context.Context, t *tally, code, day string, now time.Time) {
	for {
		s.mu.Lock()
		count := t.count
		s.mu.Unlock()
		within, cancel := context.WithTimeout(ctx, countingTime)
		err := s.table.Transact(within, store.CountScans(code, day, t.row, count, now))
		cancel()
		if err != nil {
			slog.WarnContext(ctx, "a scan will be counted with the next one", "code", code, "error", err.Error())
		}
		s.mu.Lock()
		if t.count == count {
			close(t.writing)
			t.writing = nil
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
	}
}
