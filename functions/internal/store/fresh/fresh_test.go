package fresh_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/fresh"
)

var (
	noon   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	wallet = rollout.Target{TargetApp: "wallet", Environment: "production"}
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

func full(program, version string) rollout.Placement {
	return rollout.Placement{MiniProgram: program, Target: wallet}.WithFull(rollout.Served{Release: "r" + version, Version: version})
}

// ask gives the full version, "" for none, and whether it is stale.
func (e *environment) ask(t testing.TB, program string) (string, bool) {
	t.Helper()
	f := e.cache.Get(t.Context(), wallet, program)[0]
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	if !f.Placed {
		return "", f.Stale
	}
	return f.View.Full.Version, f.Stale
}

// TestAChangeIsSeenWithinTheBound for every way in which it can meet what is kept.
func TestAChangeIsSeenWithinTheBound(t *testing.T) {
	for name, change := range map[string]func(*memory){
		"another version": func(m *memory) { place(t, m, full("a", "2")) },
		"removed":         func(m *memory) { place(t, m, full("a", "1").WithRemoved(noon)) },
		"twice":           func(m *memory) { place(t, m, full("a", "3")); place(t, m, full("a", "2")) },
		"among others": func(m *memory) {
			place(t, m, full("a", "2"))
			for i := range 500 { // some of the same slot, so that the row no longer names a
				place(t, m, full(fmt.Sprint("other", i), "1"))
			}
		},
	} {
		m := newMemory()
		place(t, m, full("a", "1"))
		e := newEnvironment(m, noon)
		if v, _ := e.ask(t, "a"); v != "1" {
			t.Fatalf("%s: first %q", name, v)
		}
		change(m)
		want, _, _ := store.Placement(t.Context(), m, wallet, "a")
		e.now = e.now.Add(fresh.Bound + time.Millisecond)
		if v, stale := e.ask(t, "a"); v != want.Full.Version || stale {
			t.Errorf("%s: after the bound %q, %v", name, v, stale)
		}
	}
}

func TestWhatIsNotThereIsRememberedUntilItComes(t *testing.T) {
	m := newMemory()
	for i := range 50 {
		place(t, m, full(fmt.Sprint("p", i), "1"))
	}
	e := newEnvironment(m, noon)
	for i := range 1000 {
		if v, stale := e.ask(t, fmt.Sprint("none", i)); v != "" || stale {
			t.Fatalf("none%d: %q", i, v)
		}
	}
	if e.reads > 8 {
		t.Errorf("%d reads for a thousand that are not there", e.reads)
	}
	place(t, m, full("none7", "1"))
	e.now = e.now.Add(fresh.Bound + time.Millisecond)
	if v, _ := e.ask(t, "none7"); v != "1" {
		t.Errorf("after it came: %q", v)
	}
}

// TestAReadThatMeetsAChangeIsNotKept: what was read before a change that is already known would be kept for ever.
func TestAReadThatMeetsAChangeIsNotKept(t *testing.T) {
	m := newMemory()
	place(t, m, full("a", "1"))
	e := newEnvironment(m, noon)
	e.ask(t, "b") // the slots are known
	e.before = func() {
		place(t, m, full("a", "2"))
		e.cache.Changing()()
		e.ask(t, "b") // somebody else reads the slots meanwhile
	}
	e.ask(t, "a")
	if v, _ := e.ask(t, "a"); v != "2" {
		t.Errorf("%q was kept", v)
	}
}

// TestPartsOfATransactionInAnyOrder: DynamoDB may show the row that tells of a change before the placement.
func TestPartsOfATransactionInAnyOrder(t *testing.T) {
	m := newMemory()
	place(t, m, full("a", "1"))
	writes := store.SavePlacements([]rollout.Placement{full("a", "2")}, []int64{1})
	_ = m.Transact(t.Context(), writes[1])
	e := newEnvironment(m, noon)
	e.ask(t, "a")
	_ = m.Transact(t.Context(), writes[0])
	if v, _ := e.ask(t, "a"); v != "2" {
		t.Errorf("%q was kept", v)
	}
}

// TestAWholeTargetThatMissesAnAnnouncedOne: what a change told of is not absent because it cannot be read yet.
func TestAWholeTargetThatMissesAnAnnouncedOne(t *testing.T) {
	m := newMemory()
	e := newEnvironment(m, noon)
	writes := store.SavePlacements([]rollout.Placement{full("late", "1")}, []int64{0})
	_ = m.Transact(t.Context(), writes[1])
	for i := range 20 { // more than are read one by one
		e.ask(t, fmt.Sprint("none", i))
	}
	_ = m.Transact(t.Context(), writes[0])
	if v, _ := e.ask(t, "late"); v != "1" {
		t.Errorf("%q is kept", v)
	}
}

func TestExpire(t *testing.T) {
	m := newMemory()
	place(t, m, full("a", "1"))
	e := newEnvironment(m, noon)
	e.ask(t, "a")
	place(t, m, full("a", "1").WithRemoved(noon))
	e.cache.Changing()()
	if v, _ := e.ask(t, "a"); v != "" {
		t.Errorf("%q after a removal that was told of", v)
	}
}

// TestFrozen: a function may sleep for hours, its clock may stand still meanwhile, or be set back.
func TestFrozen(t *testing.T) {
	for name, jump := range map[string]time.Duration{"hours": 5 * time.Hour, "back": -time.Minute} {
		m := newMemory()
		place(t, m, full("a", "1"))
		e := newEnvironment(m, noon)
		e.ask(t, "a")
		place(t, m, full("a", "2"))
		e.now = e.now.Add(jump)
		if v, _ := e.ask(t, "a"); v != "2" {
			t.Errorf("%s: %q", name, v)
		}
	}
}

func TestAway(t *testing.T) {
	m := newMemory()
	place(t, m, full("a", "1"))
	e := newEnvironment(m, noon)
	e.ask(t, "a")
	e.away = func(time.Time) bool { return true }
	e.now = e.now.Add(time.Second)
	reads := e.reads
	for range 50 {
		f := e.cache.Get(t.Context(), wallet, "a", "never asked")
		if !f[0].Stale || !f[0].Known || f[0].View.Full.Version != "1" || f[0].Age < time.Second || f[1].Known || !f[1].Stale {
			t.Fatalf("%+v", f)
		}
		e.now = e.now.Add(10 * time.Millisecond)
	}
	if tried := e.reads - reads; tried > 2 {
		t.Errorf("%d tries in half a second", tried)
	}
	e.away = nil
	place(t, m, full("a", "2"))
	e.now = e.now.Add(2 * time.Second)
	if v, stale := e.ask(t, "a"); v != "2" || stale {
		t.Errorf("back again: %q %v", v, stale)
	}
}

// TestMemoryIsBounded: names that nobody has must not fill it.
func TestMemoryIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("asks for a hundred thousand targets")
	}
	m := newMemory()
	place(t, m, full("a", "1"))
	e := newEnvironment(m, noon)
	for i := range 120_000 {
		e.cache.Get(t.Context(), rollout.Target{TargetApp: fmt.Sprintf("%0500d", i), Environment: "test"}, "x")
		if most := e.cache.Size(); most > 70<<20 {
			t.Fatalf("%d bytes after %d questions", most, i)
		}
	}
	if v, _ := e.ask(t, "a"); v != "1" {
		t.Error(v)
	}
}

// locked lets goroutines share what the tests above use alone.
type locked struct {
	sync.Mutex
	*memory
	queries int
}

func TestOneReadForAllWhoWait(t *testing.T) {
	shared := &locked{memory: newMemory()}
	place(t, shared.memory, full("a", "1"))
	c := fresh.New[*rollout.Placement](shared, func() time.Time { return noon }, func(p rollout.Placement) *rollout.Placement { return &p })
	for round := range 20 {
		shared.Lock()
		place(t, shared.memory, full("a", fmt.Sprint(round)))
		before := shared.queries
		shared.Unlock()
		c.Changing()()
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() {
				if f := c.Get(t.Context(), wallet, "a")[0]; f.View.Full.Version != fmt.Sprint(round) {
					t.Errorf("round %d: %q", round, f.View.Full.Version)
				}
			})
		}
		all.Wait()
		if shared.queries-before > 1 {
			t.Errorf("round %d: %d reads of the slots", round, shared.queries-before)
		}
	}
}

// TestTwoChangesOfWhichOneIsNotThereYet: what is read after a change that is not named may be from before it.
func TestTwoChangesOfWhichOneIsNotThereYet(t *testing.T) {
	m := newMemory()
	place(t, m, full("a", "1"))
	e := newEnvironment(m, noon)
	e.ask(t, "a")
	other := 0
	for store.SlotOf(fmt.Sprint("b", other)) != store.SlotOf("a") {
		other++
	}
	writes := store.SavePlacements([]rollout.Placement{full("a", "2")}, []int64{1})
	_ = m.Transact(t.Context(), writes[1])
	place(t, m, full(fmt.Sprint("b", other), "1"))
	e.now = e.now.Add(fresh.Bound + time.Millisecond)
	e.ask(t, "a")
	_ = m.Transact(t.Context(), writes[0])
	e.now = e.now.Add(fresh.Bound + time.Millisecond)
	if v, _ := e.ask(t, "a"); v != "2" {
		t.Errorf("%q is kept", v)
	}
}

// pages gives few rows at once, as DynamoDB does of large ones.
type pages struct{ *memory }

func (p pages) Query(ctx context.Context, q store.Query) (store.Page, error) {
	q.Limit = min(q.Limit, 7)
	return p.memory.Query(ctx, q)
}

func TestSlotsOnSeveralPages(t *testing.T) {
	m := newMemory()
	for i := range 500 {
		place(t, m, full(fmt.Sprint("p", i), "1"))
	}
	all, err := store.Changes(t.Context(), pages{m})
	for i, s := range all {
		if err != nil || s.Rev == 0 {
			t.Fatalf("slot %d: %d, %v", i, s.Rev, err)
		}
	}
}
