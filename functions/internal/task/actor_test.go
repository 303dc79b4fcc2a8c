package task_test

import (
	"context"
	"fmt"
	"hash/maphash"

	"slipway/functions/internal/store"
)

// actor does things in a world, one at a time. All that it reads and writes there goes through does, so that somebody
// else may say when, in which world, and with what result.
type actor struct {
	name  string
	n     int
	queue []due
	hold  func(op string) error // may let a write or call fail
	turn  func(op) any          // who does things for it; it does them itself without
}

// due is what an actor does later, and what that depends on.
type due struct {
	what string
	do   func()
}

// op is one thing to do in a world. The sum with its result is different for every different result.
type op struct {
	name string
	do   func(w *world) (result any, sum uint64)
}

type actorKey struct{}

func actorOf(ctx context.Context) *actor { return ctx.Value(actorKey{}).(*actor) }

// as is a context in which somebody acts whom nobody holds.
func as(name string) context.Context {
	return context.WithValue(context.Background(), actorKey{}, &actor{name: name})
}

func (a *actor) does(w *world, name string, do func(w *world) (any, uint64)) any {
	if a.turn != nil {
		return a.turn(op{name, do})
	}
	result, _ := do(w)
	return result
}

// asks does something of which there are two results.
func (a *actor) asks(w *world, name string, do func(w *world) bool) bool {
	return a.does(w, name, func(w *world) (any, uint64) {
		if do(w) {
			return true, 1
		}
		return false, 0
	}).(bool)
}

func (a *actor) pass(op string) error {
	if a.hold == nil {
		return nil
	}
	return a.hold(op)
}

// within does something of which nothing is kept but its outcome, and what has become due with it: what the actor was
// told meanwhile has no influence on what it does afterwards.
func (a *actor) within(w *world, do func() (outcome string)) {
	a.does(w, "enter", func(*world) (any, uint64) { return nil, 0 })
	kept := fmt.Sprint(do(), a.n)
	for _, d := range a.queue {
		kept += "\n" + d.what
	}
	sum := maphash.String(seed, kept)
	a.does(w, "leave", func(*world) (any, uint64) { return nil, sum })
}

func (a *actor) later(what string, f func()) { a.queue = append(a.queue, due{what, f}) }

// drain does what has become due, one after the other.
func (a *actor) drain() {
	for len(a.queue) > 0 {
		next := a.queue[0]
		a.queue = a.queue[1:]
		next.do()
	}
}

// port is the table as tasks see it.
type port struct{ w *world }

type found struct {
	items []store.Item
	more  bool
	err   error
}

func (f found) sum() uint64 {
	sum := maphash.Comparable(seed, [2]any{f.more, f.err == nil})
	for _, i := range f.items {
		sum = maphash.Comparable(seed, [2]uint64{sum, sumOf(i)})
	}
	return sum
}

func (p port) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	a := actorOf(ctx)
	if err := a.pass("get"); err != nil {
		return nil, err
	}
	got := a.does(p.w, "get", func(w *world) (any, uint64) {
		items, err := w.table.Get(ctx, keys...)
		f := found{items, false, err}
		return f, f.sum()
	}).(found)
	return got.items, got.err
}

func (p port) Query(ctx context.Context, q store.Query) (store.Page, error) {
	a := actorOf(ctx)
	if err := a.pass("query"); err != nil {
		return store.Page{}, err
	}
	got := a.does(p.w, "query", func(w *world) (any, uint64) {
		page, err := w.table.Query(ctx, q)
		f := found{page.Items, page.More, err}
		return f, f.sum()
	}).(found)
	return store.Page{Items: got.items, More: got.more}, got.err
}

func (p port) Transact(ctx context.Context, writes ...store.Write) error {
	a := actorOf(ctx)
	if err := a.pass("transact"); err != nil {
		return err
	}
	return a.does(p.w, "transact", func(w *world) (any, uint64) {
		err := w.table.Transact(ctx, writes...)
		if len(writes) > 100 {
			w.problems = append(w.problems, fmt.Sprintf("a transaction of %d writes", len(writes)))
		}
		f := found{err: err}
		return f, f.sum()
	}).(found).err
}
