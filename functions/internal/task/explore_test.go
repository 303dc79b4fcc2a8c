package task_test

import (
	"context"
	"errors"
	"testing"
)

// errEnough ends an interleaving that has come to a state from which everything was tried before.
var errEnough = errors.New("seen before")

// step is one thing that an actor does in a world.
type step func(ctx context.Context, w *world) error

// explorer tries every order in which concurrent actors can take their steps on the table and the workflow.
type explorer struct {
	base  func() *world
	steps []step
	reads bool // whether reads are steps of their own too
	check func(w *world, path []int)
	seen  map[state]bool
	ran   int // orders that were run, as far as they were new
}

// state is everything that the rest of a run depends on: the table, the workflow, and what each actor was told.
type state struct {
	table, flow uint64
	told        [3]uint64
	done        [3]bool
}

// run explores all orders, each from the beginning: depth first, by the choices made so far.
func (e *explorer) run() {
	e.seen = map[state]bool{}
	todo := [][]int{nil}
	for len(todo) > 0 {
		prefix := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		e.ran++
		todo = append(todo, e.once(prefix)...)
	}
}

// held is an actor before its next step.
type held struct {
	*actor
	goOn chan bool
	done bool
}

// once runs one order: the prefix, then always the first who can. It gives the prefixes of the orders not yet taken.
func (e *explorer) once(prefix []int) (others [][]int) {
	w := e.base()
	arrived := make(chan int)
	actors := make([]*held, len(e.steps))
	for i, run := range e.steps {
		actors[i] = &held{actor: &actor{name: string(rune('a' + i))}, goOn: make(chan bool)}
		go actors[i].live(i, arrived, w, run, e.reads)
	}
	for range actors {
		<-arrived
	}
	var path []int
	sum := uint64(0)
	for {
		if w.table.sum != sum {
			sum = w.table.sum
			w.always()
		}
		ready := enabled(actors)
		if len(ready) == 0 {
			e.check(w, path)
			return others
		}
		choice := 0
		if len(path) < len(prefix) {
			choice = prefix[len(path)]
		} else if at := stateOf(w, actors); e.seen[at] {
			abort(actors, ready, arrived)
			return others
		} else {
			e.seen[at] = true
			for other := 1; other < len(ready); other++ {
				others = append(others, append(append([]int{}, path...), other))
			}
		}
		path = append(path, choice)
		actors[ready[choice]].goOn <- true
		<-arrived
	}
}

func (h *held) live(i int, arrived chan<- int, w *world, run step, reads bool) {
	h.hold = func(op string) error {
		if !reads && (op == "get" || op == "query") {
			return nil
		}
		if h.aborted {
			return errEnough
		}
		arrived <- i
		if !<-h.goOn {
			h.aborted = true
			return errEnough
		}
		h.saw(op) // that it has gone on is part of its state
		return nil
	}
	if h.pass("begin") == nil {
		err := run(context.WithValue(context.Background(), actorKey{}, h.actor), w)
		if err == nil {
			h.saw("succeeded")
		}
	}
	h.done = true
	arrived <- i
}

func enabled(actors []*held) (out []int) {
	for i, a := range actors {
		if !a.done {
			out = append(out, i)
		}
	}
	return out
}

func abort(actors []*held, ready []int, arrived <-chan int) {
	for _, i := range ready {
		actors[i].goOn <- false
		<-arrived
	}
}

func stateOf(w *world, actors []*held) (s state) {
	s.table, s.flow = w.table.sum, w.flow.sum
	for i, a := range actors {
		s.told[i], s.done[i] = a.seen, a.done
	}
	return s
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
