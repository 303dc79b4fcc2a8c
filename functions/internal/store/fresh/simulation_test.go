package fresh_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store/fresh"
)

// The simulation: each environment is asked 100 times a second for mini programs of three targets. One of these is
// everybody's, and there a placement changes every second. Each of all mini programs is force removed once. One read in
// fifty is slow, one in five hundred hangs, and each environment loses the table now and then.
//
// Environments do not touch each other, and none touches the table; so its past is made first, and each lives through it
// alone.
const (
	targets   = 100
	perTarget = 100
	programs  = targets * perTarget
	rate      = 100 // questions a second
	tick      = time.Second / rate
	removing  = 125 * time.Millisecond // from one removal to the next
	changing  = time.Second            // from one other change to the next
	early     = 30 * time.Millisecond  // at most, by which a row shows before its transaction is committed

	// An answer that was made may take this long to leave.
	leaving = 199 * time.Millisecond
)

var whole = flag.Bool("whole", false, "simulate 1 000 environments and 10 000 removals, which takes a minute")

type simulation struct {
	t     *testing.T
	table *past
	end   time.Time

	keys    [programs][]byte
	targets [targets]rollout.Target
	names   [programs]string
	since   [programs][]time.Time // when each edition was committed
	last    [programs]rollout.Placement

	mu    sync.Mutex
	total tally
}

// tally is what came of some questions.
type tally struct {
	asked, stale, reads int
	latest              time.Duration // after a change, an answer that did not know it
}

func TestSimulation(t *testing.T) {
	environments, removals := 40, 2000
	if *whole {
		environments, removals = 1000, programs
	}
	s := newSimulation(t, removals)
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := range next {
				s.add(s.life(n))
			}
		})
	}
	for n := range environments {
		next <- n
	}
	close(next)
	workers.Wait()

	perAnswer := float64(s.total.reads) / float64(s.total.asked)
	t.Logf("%d environments, %d removals, %d answers: %.4f reads an answer; a change was not known at most %s after its commit, and answers take %s to leave; %.2f %% stale",
		environments, removals, s.total.asked, perAnswer, s.total.latest, leaving, 100*float64(s.total.stale)/float64(s.total.asked))
	if perAnswer > 0.02 {
		t.Errorf("%.4f reads an answer, more than 0.02", perAnswer)
	}
	if s.total.latest+leaving > time.Second {
		t.Errorf("what was removed is named %s after its removal", s.total.latest+leaving)
	}
	if s.total.latest < 700*time.Millisecond || s.total.stale == 0 {
		t.Error("the simulation is blind")
	}
}

// newSimulation makes the past.
func newSimulation(t *testing.T, removals int) *simulation {
	random := rand.New(rand.NewPCG(1, 2))
	s := &simulation{t: t, end: noon.Add(time.Duration(removals) * removing)}
	s.table = newPast(noon.Add(-time.Hour), func() time.Duration { return time.Duration(random.Int64N(int64(early))) })
	for i := range s.names {
		target := rollout.Target{TargetApp: fmt.Sprint("app", i/perTarget), Environment: "production"}
		s.targets[i/perTarget], s.names[i] = target, fmt.Sprint("mp_", i)
		s.keys[i] = fresh.AppendKey(nil, target.TargetApp, target.Environment, s.names[i])
		s.change(i, noon.Add(-time.Hour), func(p rollout.Placement) rollout.Placement {
			return p.WithFull(rollout.Served{Release: "r1", Version: "1.0.0"})
		})
	}
	order := random.Perm(programs)
	for removed, changed := 0, 0; removed < removals; {
		at, other := noon.Add(time.Duration(removed)*removing), noon.Add(time.Duration(changed)*changing+time.Millisecond)
		if other.Before(at) {
			changed++
			s.change(random.IntN(perTarget), other, func(p rollout.Placement) rollout.Placement {
				return p.WithGrayscale(rollout.Served{Release: fmt.Sprint("r", changed), Version: fmt.Sprint("2.", changed)}, 1+changed%99, "salt")
			})
			continue
		}
		i := order[removed]
		s.change(i, at, func(p rollout.Placement) rollout.Placement { return p.WithRemoved(at) })
		removed++
	}
	s.table.done()
	return s
}

// change commits a change, unless the mini program is gone.
func (s *simulation) change(i int, at time.Time, change func(rollout.Placement) rollout.Placement) {
	if s.last[i].Removed {
		return
	}
	p := change(s.last[i])
	p.MiniProgram, p.Target = s.names[i], s.targets[i/perTarget]
	s.last[i], s.table.now = p, at
	place(s.t, s.table, p)
	for len(s.since[i]) < int(p.Edition) { // a removal of two versions is more than one edition
		s.since[i] = append(s.since[i], at)
	}
}

func (s *simulation) add(one tally) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total.asked += one.asked
	s.total.stale += one.stale
	s.total.reads += one.reads
	s.total.latest = max(s.total.latest, one.latest)
}

// life is an environment's. Whoever is busy with a slow read misses its turn, as in Lambda, and answers less.
func (s *simulation) life(n int) (out tally) {
	random := rand.New(rand.NewPCG(uint64(n), 3))
	e := s.environment(random)
	mine := [3]int{0, 1 + n%(targets-1), 1 + (n+37)%(targets-1)}
	for e.now = noon.Add(time.Duration(random.Int64N(int64(tick)))); e.now.Before(s.end); {
		asked := e.now
		s.ask(e, mine[random.IntN(3)]*perTarget+random.IntN(perTarget), &out)
		e.now = asked.Add((e.now.Sub(asked)/tick + 1) * tick)
	}
	out.reads = e.reads
	return out
}

func (s *simulation) environment(random *rand.Rand) *environment {
	e := newEnvironment(nil, noon)
	e.Table = &present{past: s.table, at: &e.at}
	e.latency = func() time.Duration {
		switch n := random.IntN(500); {
		case n == 0:
			return time.Minute
		case n < 10:
			return time.Duration(100+random.IntN(290)) * time.Millisecond
		}
		return time.Duration(2+random.IntN(20)) * time.Millisecond
	}
	e.looks = func(took time.Duration) time.Duration { return time.Duration(random.IntN(3)) * took / 2 }
	shift := time.Duration(random.IntN(300)) * time.Second
	e.away = func(now time.Time) bool { return (now.Sub(noon)+shift)%(5*time.Minute) < 4*time.Second }
	return e
}

// ask asks for one mini program and looks whether the answer may still be given.
func (s *simulation) ask(e *environment, i int, out *tally) {
	out.asked++
	var view *rollout.Placement
	if v := e.cache.Hit(s.keys[i]); v != nil {
		view = *v
	} else {
		f := e.cache.Get(context.Background(), s.targets[i/perTarget], s.names[i])[0]
		if f.Stale {
			out.stale++
			return
		}
		view = f.View
	}
	since, edition := s.since[i], 0
	if view != nil {
		edition = int(view.Edition)
	}
	switch {
	case edition < 1 || edition > len(since) || since[edition-1].Add(-early).After(e.now):
		s.t.Errorf("%s is given in edition %d, which is not there", s.names[i], edition)
	case edition < len(since):
		out.latest = max(out.latest, e.now.Sub(since[edition]))
	}
}
