package local_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/asl"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// disk stands between a server and its file. From its n-th write on it fails, as when the process dies there: that
// write itself is either lost, or kept without anybody being told.
type disk struct {
	store.Table

	mu     sync.Mutex
	writes int
	dies   int  // at which write; 0 never
	kept   bool // whether that write is still kept
}

var errDied = errors.New("the disk died")

// write carries a write out as the disk allows.
func (d *disk) write(do func() error) error {
	d.mu.Lock()
	d.writes++
	n, dies := d.writes, d.dies
	d.mu.Unlock()
	switch {
	case dies == 0 || n < dies:
		return do()
	case n == dies && d.kept:
		return errors.Join(do(), errDied)
	}
	return errDied
}

func (d *disk) dead() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.dies > 0 && d.writes >= d.dies
}

// Transact implements store.Table.
func (d *disk) Transact(ctx context.Context, writes ...store.Write) error {
	return d.write(func() error { return d.Table.Transact(ctx, writes...) })
}

// brittle is the journal on a disk.
type brittle struct {
	asl.Journal
	disk *disk
}

// Commit implements asl.Journal.
func (b brittle) Commit(c asl.Change) error {
	return b.disk.write(func() error { return b.Journal.Commit(c) })
}

// onDisk puts a disk under a server. Its clock is fast, so that pauses between retries take next to no time.
func onDisk(d *disk, clock *story.Clock) func(*local.Options) {
	return func(o *local.Options) {
		o.Clock = clock
		o.Table = func(t store.Table) store.Table {
			d.Table = t
			return d
		}
		o.Journal = func(j asl.Journal) asl.Journal { return brittle{j, d} }
	}
}

// TestTheDiskDiesAtEveryWrite plays a whole release once for every write that it makes: there the disk dies, the
// server is started again on what is left, and the people go on. Nothing they were told is lost or done twice.
func TestTheDiskDiesAtEveryWrite(t *testing.T) {
	d := &disk{}
	w := story.Start(t, onDisk(d, story.NewClock(20)))
	p := newPlay(w)
	w.Settled()
	d.next(0, false)
	total := playOn(t, w, p, d)
	t.Logf("a whole release makes %d writes", total)
	stride := 1
	if testing.Short() || raceEnabled {
		stride = 4
	}
	for at := 1; at <= total; at += stride {
		p = newPlay(w)
		w.Settled()
		d.next(at, at/stride%2 == 0)
		playOn(t, w, p, d)
		if t.Failed() {
			t.Fatalf("when the disk died at write %d of %d", at, total)
		}
	}
}

func newPlay(w *story.World) *story.Play {
	w.T.Helper()
	return &story.Play{
		Program: w.As("merchant-admin").Program("merchant", "dsl"), Number: "1.0.0", App: "demo-wallet", Reviewer: "wallet-reviewer", Shares: []int{10},
	}
}

// TestTheDiskDiesAgainAndAgain is the same with a disk that also dies while the server recovers.
func TestTheDiskDiesAgainAndAgain(t *testing.T) {
	const seed = 20261120
	random := rand.New(rand.NewPCG(seed, 0))
	d := &disk{}
	w := story.Start(t, onDisk(d, story.NewClock(20)))
	plays := 8
	if testing.Short() || raceEnabled {
		plays = 2
	}
	for range plays {
		p := newPlay(w)
		w.Settled()
		deaths := make([]int, 8)
		for i := range deaths {
			deaths[i] = 1 + random.IntN(8)
		}
		d.next(deaths[0], random.IntN(2) == 0)
		playOn(t, w, p, d, deaths[1:]...)
		if t.Failed() {
			t.Fatalf("with deaths at %v after one another, seed %d", deaths, seed)
		}
	}
}

// next says when the disk dies next.
func (d *disk) next(at int, kept bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writes, d.dies, d.kept = 0, at, kept
}

// playOn plays to the end. Whenever the disk is dead the server is killed at once and started again, on a disk that
// dies at the next of the given writes. It says how many writes there were since the last death.
func playOn(t *testing.T, w *story.World, p *story.Play, d *disk, deaths ...int) (writes int) {
	t.Helper()
	end := time.Now().Add(30 * time.Second)
	for over := false; !over; {
		stepped := make(chan bool, 1)
		go func() {
			over := true // of a step that fails the test: it does not return
			defer func() { stepped <- over }()
			over = p.Step(w)
		}()
		for waiting := true; waiting; {
			select {
			case over = <-stepped:
				waiting = false
			case <-time.After(time.Millisecond):
				if d.dead() {
					w.Close()
				}
			}
		}
		if over = over && !d.dead(); d.dead() {
			w.Close()
			d.next(0, false)
			if err := w.Open(); err != nil {
				t.Fatal(err)
			}
			if len(deaths) > 0 {
				d.next(deaths[0], deaths[0]%2 == 0)
				deaths = deaths[1:]
			}
		}
		if time.Now().After(end) {
			t.Fatalf("the release does not come to its end; so far: %v", p.Done)
		}
	}
	d.mu.Lock()
	writes = d.writes
	d.mu.Unlock()
	d.next(0, false)
	whole(t, w, p)
	return writes
}

// whole holds a finished release against what its people were told.
func whole(t *testing.T, w *story.World, p *story.Play) {
	t.Helper()
	admin := w.As("merchant-admin")
	r := admin.Read(p.Release())
	equal(t, "status", r.Status, release.FullRelease)
	equal(t, "served", w.Served("demo-wallet", "production", p.Program, "ann"), p.Number+" FULL")
	w.Mail("wallet-reviewer", r.Request)
	w.Mail("wallet-admin", r.Request)
	w.Mail("merchant-admin", r.Request, "approved")
	events := admin.Events(r.ID)
	count := func(event string) (n int) {
		for _, e := range events {
			if e == event {
				n++
			}
		}
		return n
	}
	for _, once := range []string{
		"create →new_version_created", "apply new_version_created→under_review", "approve under_review→release_preparation",
		"grayscale release_preparation→grayscale_release 10%", "grayscale grayscale_release 10%→full_release",
	} {
		if n := count(once); n != 1 {
			t.Errorf("%q is %d times in the history: %q", once, n, events)
		}
	}
	finished := count("test-finished testing→passed")
	if tests := count("test new_version_created→new_version_created"); finished < 1 || finished > tests {
		t.Errorf("%d tests were finished of %d asked for: %q", finished, tests, events)
	}
	told := slices.DeleteFunc(slices.Sorted(slices.Values(p.Done)), func(s string) bool { return s == "test" || s == "configure" })
	if once := slices.Compact(slices.Clone(told)); len(once) != len(told) {
		t.Errorf("somebody was told twice that it was done: %q", p.Done)
	}
	if w.Server == nil {
		return // it runs in another process
	}
	w.Settled()
	equal(t, "end of the machine", path(w, r.ID)[len(path(w, r.ID))-1], "Live")
}
