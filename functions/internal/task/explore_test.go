package task_test

import (
	"context"
	"runtime"
	"testing"
)

// step is one thing that an actor does in a world.
type step func(ctx context.Context, w *world) error

// explorer tries every order in which concurrent actors can take their steps on the table and the workflow.
//
// What an actor does next depends on nothing but what it was told so far. So its code runs once for everything that it
// can be told, and what it then did is done again wherever it comes to the same; see program.
type explorer struct {
	base  func() *world
	steps []step
	reads bool // whether reads are steps of their own too
	check func(w *world, path []int)
	seen  map[state]bool
	ran   int // steps that were taken
}

// moment is a state of the world, and of each actor in it.
type moment struct {
	w    *world
	at   [3]*point
	last int // who has acted
	from *moment
}

// state is everything that the rest of a run, and what is to be found wrong with it, depends on.
type state struct {
	table, flow, past uint64
	at                [3]*point
}

// run takes every way from the beginning, depth first. A moment from which all was tried before is not gone on from.
func (e *explorer) run() {
	e.seen = map[state]bool{}
	first := &moment{w: e.base()}
	first.w.right = map[[2]uint64]bool{}
	programs := make([]*program, len(e.steps))
	for i, do := range e.steps {
		programs[i] = &program{name: string(rune('a' + i)), do: do, w: e.base(), left: map[leaving]*point{}}
		first.at[i] = programs[i].first()
	}
	first.w.always()
	for todo := []*moment{first}; len(todo) > 0; {
		m := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if s := (state{m.w.table.sum, m.w.flow.sum, m.w.past, m.at}); e.seen[s] {
			continue
		} else {
			e.seen[s] = true
		}
		todo = append(todo, e.next(m, programs)...)
	}
	for _, p := range programs {
		p.stop()
	}
}

// next are the moments after one, by who acts. What is wrong already is told here: the way on may have been taken.
func (e *explorer) next(m *moment, programs []*program) (out []*moment) {
	for i, p := range programs {
		if m.at[i].op == nil {
			continue
		}
		n := &moment{w: m.w.branch(), at: m.at, last: i, from: m}
		n.at[i] = p.step(n.w, n.at[i], e.reads)
		e.ran++
		n.w.always()
		if len(n.w.problems) > len(m.w.problems) {
			e.check(n.w, n.path())
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		e.check(m.w, m.path())
	}
	m.w = nil // nobody needs it any more, only the way here
	return out
}

// path is who acted, one after the other.
func (m *moment) path() (out []int) {
	for ; m.from != nil; m = m.from {
		out = append([]int{m.last}, out...)
	}
	return out
}

// point is how far a program has come: by what it was told. Its op is what it does next, nil at its end.
type point struct {
	op     *op
	from   *point
	result any // what it was told last
	next   map[uint64]*point
}

// program is what one actor does, for everything that it may be told. Its code runs beside, as far as it is needed: to
// come where it has not been, it goes on from where it is, or begins again and is told the same up to there.
type program struct {
	name string
	do   step
	w    *world // for what never changes
	left map[leaving]*point
	run  *running
}

// leaving is how the actor comes out of something of which it keeps nothing but the outcome, see within.
type leaving struct {
	entered *point
	outcome uint64
}

type running struct {
	at    *point
	ops   chan *op
	tells chan any
}

func (p *program) first() *point {
	at := &point{next: map[uint64]*point{}}
	p.begin()
	at.op = <-p.run.ops
	p.run.at = at
	return at
}

func (p *program) begin() {
	run := &running{ops: make(chan *op), tells: make(chan any)}
	a := &actor{name: p.name, turn: func(o op) any {
		run.ops <- &o
		result, more := <-run.tells
		if !more {
			runtime.Goexit()
		}
		return result
	}}
	go func() {
		defer close(run.ops)
		a.does(p.w, "begin", func(*world) (any, uint64) { return nil, 0 })
		_ = p.do(context.WithValue(context.Background(), actorKey{}, a), p.w)
	}()
	p.run = run
}

func (p *program) stop() {
	if p.run != nil {
		close(p.run.tells)
		for range p.run.ops { // until it has ended
			continue
		}
		p.run = nil
	}
}

// after is where the program comes when it is told a result.
func (p *program) after(at *point, result any, sum uint64) *point {
	if next := at.next[sum]; next != nil {
		return next
	}
	if p.run == nil || p.run.at != at {
		p.goTo(at)
	}
	next := &point{from: at, result: result, next: map[uint64]*point{}}
	p.run.tells <- result
	next.op = <-p.run.ops
	at.next[sum], p.run.at = next, next
	return next
}

// leave is where the program comes whatever it was told within, as long as the outcome is the same.
func (p *program) leave(at *point, outcome uint64) *point {
	how := leaving{at, outcome}
	for depth := 1; depth > 0; {
		switch how.entered = how.entered.from; how.entered.op.name {
		case "enter":
			depth--
		case "leave":
			depth++
		}
	}
	if p.left[how] == nil {
		p.left[how] = p.after(at, nil, outcome)
	}
	return p.left[how]
}

func (p *program) goTo(at *point) {
	p.stop()
	var way []*point
	for n := at; n.from != nil; n = n.from {
		way = append(way, n)
	}
	p.begin()
	<-p.run.ops
	for i := len(way) - 1; i >= 0; i-- {
		p.run.tells <- way[i].result
		<-p.run.ops
	}
	p.run.at = at
}

// step takes the program's next step in a world, with all that it only looks at or notes after it.
func (p *program) step(w *world, at *point, reads bool) *point {
	for {
		result, sum := at.op.do(w)
		if at.op.name == "leave" {
			at = p.leave(at, sum)
		} else {
			at = p.after(at, result, sum)
		}
		if at.op == nil {
			return at
		}
		switch name := at.op.name; {
		case name == "look" || name == "note" || name == "enter" || name == "leave":
		case !reads && (name == "get" || name == "query"):
		default:
			return at
		}
	}
}

// scene brings a fresh world to where concurrent actions begin, once, and hands out copies.
func scene(t testing.TB, steps ...step) func() *world {
	t.Helper()
	w := newWorld(t)
	ctx := as("before")
	for i, do := range steps {
		if err := do(ctx, w); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	return w.copy
}
