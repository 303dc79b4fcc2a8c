package asl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"
)

// publish makes the outside agree with a record that has just been committed: tokens can be answered, invocations are
// made or dropped, the alarm is set.
func (e *Engine) publish(x *execution) {
	tokens, calls := map[string]bool{}, map[int]*frame{}
	var order []*frame
	var at time.Time
	if x.rec.Status == StatusRunning {
		at = x.rec.Deadline
	}
	x.rec.Root.walk(func(f *frame) {
		at = earliest(at, f.alarm())
		if f.Token != "" {
			tokens[f.Token] = true
		}
		if f.Phase == invoking {
			calls[f.Call] = f
			order = append(order, f)
		}
	})
	e.mu.Lock()
	defer e.mu.Unlock()
	for t := range x.tokens {
		if !tokens[t] {
			delete(e.tokens, t)
		}
	}
	for t := range tokens {
		e.tokens[t] = x
	}
	x.tokens = tokens
	for n, c := range x.calls {
		if calls[n] == nil {
			c.dropped = true
			if c.cancel != nil && !c.answered {
				c.cancel()
			}
			delete(x.calls, n)
		}
	}
	for _, f := range order {
		if x.calls[f.Call] == nil {
			c := &call{x: x, number: f.Call, function: f.state().function, payload: bytes.Clone(f.Payload)}
			x.calls[f.Call] = c
			e.queue = append(e.queue, c)
		}
	}
	e.setAlarm(x, at)
	if x.rec.Status != StatusRunning && e.running[x.id] == x {
		delete(e.running, x.id)
	}
	e.poke()
}

// invoke makes one call and takes its result to the execution, if that still wants it.
func (e *Engine) invoke(ctx context.Context, c *call) {
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	e.mu.Lock()
	c.cancel = cancel
	if c.dropped {
		cancel()
	}
	e.mu.Unlock()
	out, err := e.guarded(within, c)
	if err != nil && ctx.Err() != nil {
		// The engine shuts down and took the function with it: that is not the function's failure. It is invoked again
		// by whoever runs next.
		e.mu.Lock()
		c.cancel = nil
		e.queue = append(e.queue, c)
		e.mu.Unlock()
		return
	}
	e.finish(c, out, err)
}

// guarded keeps a function that panics from taking every execution down with it.
func (e *Engine) guarded(ctx context.Context, c *call) (out []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = failf(errLambda, "%s panicked: %v", c.function, p)
		}
	}()
	return e.o.Invoker.Invoke(ctx, c.function, c.payload)
}

// finish takes the result of a call.
func (e *Engine) finish(c *call, out []byte, err error) {
	x := c.x
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.failed() != nil {
		return
	}
	f := x.rec.Root.find(func(f *frame) bool { return f.Call == c.number && f.Phase == invoking })
	if f == nil {
		return // answered from within, timed out, or stopped meanwhile
	}
	s := e.stepper(x)
	if s.expire() > 0 && f.Phase != invoking {
		_ = s.settle() // the failure is kept in the engine
		return
	}
	s.returned(f, out, err)
	_ = s.settle()
}

// returned moves a frame whose function came back.
func (s *stepper) returned(f *frame, out []byte, err error) {
	if err != nil {
		s.taskFailed(f, named(err))
		return
	}
	result, err := wrap(out)
	switch {
	case err != nil:
		s.taskFailed(f, named(err))
	case f.Token != "":
		f.Phase = parked
		s.event(f, Event{Type: "TaskSubmitted", State: f.State})
	default:
		s.taskDone(f, result)
	}
}

// wrap gives a function's answer the shape in which lambda:invoke returns it.
func wrap(out []byte) (any, error) {
	if len(out) == 0 {
		out = []byte("null")
	}
	if len(out) > maxPayload {
		return nil, failf(errDataLimit, "The function's answer has %d bytes, and at most %d are allowed.", len(out), maxPayload)
	}
	v, err := decode(out)
	if err != nil {
		return nil, failf(errLambda, "The function's answer is not JSON: %v", err)
	}
	return map[string]any{"ExecutedVersion": "$LATEST", "Payload": v, "StatusCode": jsonInt(200)}, nil
}

// tick looks at an execution whose alarm has gone off.
func (e *Engine) tick(x *execution) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if e.failed() != nil || x.rec == nil || x.rec.Status != StatusRunning {
		return
	}
	s := e.stepper(x)
	if s.expire() == 0 {
		e.publish(x) // moved meanwhile; only the alarm must be set again
		return
	}
	_ = s.settle()
}

// expire does everything whose time has come, earliest first, and says how much that was. One thing may undo another:
// a timeout may abort a Wait that is due at the same moment.
func (s *stepper) expire() int {
	for n := 0; ; n++ {
		if s.r.Status != StatusRunning {
			return n
		}
		if !s.r.Deadline.After(s.now) {
			s.end(s.r.Root, StatusTimedOut, Event{Type: "ExecutionTimedOut", Error: errTimeout, Cause: "The execution ran longer than it may."})
			return n + 1
		}
		var next *frame
		s.r.Root.walk(func(f *frame) {
			at := f.alarm()
			if !at.IsZero() && !at.After(s.now) && (next == nil || at.Before(next.alarm())) {
				next = f
			}
		})
		if next == nil {
			return n
		}
		s.alarmed(next)
	}
}

// alarmed does what a frame waited for.
func (s *stepper) alarmed(f *frame) {
	switch f.Phase {
	case waiting:
		f.Due = time.Time{}
		if err := s.waited(f); err != nil {
			s.failed(f, named(err))
		}
	case retrying:
		f.Due, f.Phase = time.Time{}, ready
		s.ready = append(s.ready, f)
	default:
		err := failf(errTimeout, "The task %q did not end in time.", f.State)
		if f.Deadline.IsZero() || !f.Beat.IsZero() && f.Beat.Before(f.Deadline) {
			err = failf(errHeartbeat, "The task %q gave no heartbeat for %d seconds.", f.State, f.Every)
		}
		s.taskFailed(f, err)
	}
}

// resume takes up the executions that were running when the journal was last used.
func (e *Engine) resume() error {
	var found []*execution
	err := e.o.Journal.Running(func(id string, b []byte) error {
		r, err := loadRecord(b)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		x := newExecution(id, nil)
		x.rec = r
		found = append(found, x)
		return nil
	})
	if err != nil {
		return err
	}
	for _, x := range found {
		x.mu.Lock()
		err := e.takeUp(x)
		x.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// takeUp resumes one execution. One whose definition this version refuses fails, because it can never move again.
func (e *Engine) takeUp(x *execution) error {
	e.mu.Lock()
	e.running[x.id] = x
	e.mu.Unlock()
	s := e.stepper(x)
	m, err := e.definition(x.rec.Machine, x.rec.Definition)
	switch {
	case err != nil:
	case x.rec.Root == nil:
		err = errors.New("its record holds no state")
	default:
		x.machine = m
		err = x.rec.Root.link(m.flow, nil)
	}
	if err != nil {
		if fatal := e.failed(); fatal != nil {
			return fatal
		}
		s.end(x.rec.Root, StatusFailed, Event{Type: "ExecutionFailed", Error: errRuntime, Cause: "The execution cannot be taken up again: " + err.Error()})
		return s.settle()
	}
	x.rec.Root.walk(func(f *frame) {
		if f.Phase == ready {
			s.ready = append(s.ready, f)
		}
	})
	if len(s.ready) > 0 {
		return s.settle()
	}
	e.publish(x)
	return nil
}

// definition finds the definition that an execution began with.
func (e *Engine) definition(machine, hash string) (*Machine, error) {
	if m := e.o.Machines[machine]; m != nil && m.hash == hash {
		return m, nil
	}
	b, err := e.o.Journal.Definition(hash)
	if err != nil {
		return nil, e.fail(err)
	}
	if b == nil {
		return nil, fmt.Errorf("its definition %.12s was not kept", hash)
	}
	return Parse(b)
}
