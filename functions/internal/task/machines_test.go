package task_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
	"strings"

	"slipway/functions/internal/fault"
)

// execution is one run of a machine.
type execution struct {
	Machine, Name, Release, Request string
	Execution                       int
}

// parked is a task that waits for its token.
type parked struct {
	execution
	State string // the task's name: "await" or "ask"
	At    place
}

// flow is the state of the workflow. It is copied with the table.
type flow struct {
	tokens           map[string]parked
	started, stopped map[string]bool
	counts           map[string]int
	sum              uint64
}

func newFlow() *flow {
	return &flow{tokens: map[string]parked{}, started: map[string]bool{}, stopped: map[string]bool{}, counts: map[string]int{}}
}

func (f *flow) copy() *flow {
	return &flow{maps.Clone(f.tokens), maps.Clone(f.started), maps.Clone(f.stopped), maps.Clone(f.counts), f.sum}
}

// note keeps the sum equal for equal states, whatever order led there.
func (f *flow) note(what string) { f.sum ^= maphash.String(seed, what) }

// token parks a task. What its machine knows is part of the state: the rest of the run depends on it.
func (f *flow) token(x execution, p place, task string) string {
	f.counts[x.Name]++
	token := fmt.Sprintf("%s/%d", x.Name, f.counts[x.Name])
	f.tokens[token] = parked{x, task, p}
	f.note(token + fmt.Sprint(p))
	return token
}

func (f *flow) take(token string) (parked, bool) {
	p, ok := f.tokens[token]
	if ok {
		delete(f.tokens, token)
		f.note("taken " + token)
	}
	return p, ok
}

// workflow is release.Workflow over the flow of a world: what an answer leads to is done by whoever gave it, afterwards.
type workflow struct{ w *world }

func (f workflow) Start(ctx context.Context, machine, name string, input []byte) error {
	a := actorOf(ctx)
	if err := a.pass("start"); err != nil {
		return err
	}
	fresh := a.asks(f.w, "start", func(w *world) bool {
		if w.flow.started[name] {
			return false
		}
		w.flow.started[name] = true
		w.flow.note("start " + name)
		return true
	})
	if !fresh {
		return nil
	}
	x := execution{Machine: machine, Name: name}
	if err := json.Unmarshal(input, &x); err != nil {
		return err
	}
	var data map[string]any
	if err := json.Unmarshal(input, &data); err != nil {
		return err
	}
	a.later(machine+name+string(input), func() { f.w.walk(ctx, x, place{State: deployed[machine].StartAt, Data: data}) })
	return nil
}

func (f workflow) Succeed(ctx context.Context, token string, output []byte) error {
	a := actorOf(ctx)
	if err := a.pass("succeed"); err != nil {
		return err
	}
	p, ok := f.take(a, "succeed", token)
	if !ok {
		return fault.New(fault.Conflict, "token_used", "Somebody else answered first.")
	}
	var result any
	if err := json.Unmarshal(output, &result); err != nil {
		return err
	}
	a.later(fmt.Sprint(token, p, string(output)), func() { f.w.walk(ctx, p.execution, p.after(p.At, result)) })
	return nil
}

func (f workflow) Fail(context.Context, string, string, string) error { panic("no task fails a token") }

func (f workflow) Stop(ctx context.Context, _, name, _ string) error {
	a := actorOf(ctx)
	if err := a.pass("stop"); err != nil {
		return err
	}
	if f.w.cannotStop {
		return fault.New(fault.Unavailable, "", "the workflow is down")
	}
	a.does(f.w, "stop", func(w *world) (any, uint64) {
		if !w.flow.stopped[name] {
			w.flow.stopped[name] = true
			w.flow.note("stop " + name)
		}
		for token, p := range w.flow.tokens {
			if p.Name == name {
				w.flow.take(token)
			}
		}
		return nil, 0
	})
	return nil
}

// take answers a token for an actor, as far as it can still be answered.
func (f workflow) take(a *actor, name, token string) (parked, bool) {
	p, _ := a.does(f.w, name, func(w *world) (any, uint64) {
		p, ok := w.flow.take(token)
		if !ok {
			return nil, 0
		}
		return p, maphash.String(seed, token)
	}).(parked)
	return p, p.State != ""
}

// rounds is how often a machine may rest before it counts as stuck; the deployed ones have no end to it.
const rounds = 9

func (w *world) stuck(ctx context.Context, x execution, state string) {
	actorOf(ctx).does(w, "note", func(w *world) (any, uint64) {
		w.problems = append(w.problems, fmt.Sprintf("machine %s is stuck in %s", x.Name, strings.ToUpper(state)))
		return nil, 0
	})
}
