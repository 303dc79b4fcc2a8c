package asl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The longest error name and cause that Step Functions takes.
const (
	maxErrorName = 256
	maxCause     = 32 * 1024
)

// Succeed answers a task that waits for its token; the output is a JSON document and becomes the task's result as it
// is. It returns once the answer is durable. A token answers once: ErrTokenUsed after that, and when the task has timed
// out, was aborted or stopped, or never existed. Of several concurrent answers exactly one wins. The function that was
// handed the token may answer before it returns.
func (e *Engine) Succeed(ctx context.Context, token string, output []byte) error {
	doc, err := decode(output)
	if err != nil {
		return fmt.Errorf("%w: the output is not JSON: %w", ErrInvalid, err)
	}
	if len(output) > maxPayload {
		return fmt.Errorf("%w: the output has %d bytes; at most %d are allowed", ErrInvalid, len(output), maxPayload)
	}
	return e.answer(ctx, token, func(s *stepper, f *frame) {
		s.answered(f)
		s.taskDone(f, doc)
	})
}

// Fail answers a task that waits for its token with an error that a Retry or Catch can name; else it is like Succeed.
func (e *Engine) Fail(ctx context.Context, token, name, cause string) error {
	if name == "" || len(name) > maxErrorName {
		return fmt.Errorf("%w: an error's name must have 1 to %d bytes, not %d", ErrInvalid, maxErrorName, len(name))
	}
	if len(cause) > maxCause {
		return fmt.Errorf("%w: a cause must have at most %d bytes, not %d", ErrInvalid, maxCause, len(cause))
	}
	return e.answer(ctx, token, func(s *stepper, f *frame) {
		s.answered(f)
		s.taskFailed(f, &TaskError{name, cause})
	})
}

// answered lets a function that is still under way finish after its token was answered, often by itself.
func (s *stepper) answered(f *frame) {
	s.e.mu.Lock()
	defer s.e.mu.Unlock()
	if c := s.x.calls[f.Call]; c != nil {
		c.answered = true
	}
}

// Heartbeat says that the holder of a token is still at it, so that its HeartbeatSeconds begin again.
func (e *Engine) Heartbeat(ctx context.Context, token string) error {
	return e.answer(ctx, token, func(s *stepper, f *frame) {
		if f.Every > 0 {
			f.Beat = s.now.Add(time.Duration(f.Every) * time.Second)
		}
	})
}

// answer moves the task that holds a token.
func (e *Engine) answer(ctx context.Context, token string, move func(*stepper, *frame)) error {
	if err := errors.Join(ctx.Err(), e.failed()); err != nil {
		return err
	}
	e.mu.Lock()
	x := e.tokens[token]
	e.mu.Unlock()
	if x == nil {
		return ErrTokenUsed
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := e.failed(); err != nil {
		return err
	}
	s := e.stepper(x)
	// A timeout whose time has come wins over an answer, even if nobody has looked at the clock yet.
	late := s.expire()
	f := s.r.Root.find(func(f *frame) bool { return f.Token == token })
	if f != nil {
		move(s, f)
	}
	if f == nil && late == 0 {
		return ErrTokenUsed
	}
	if err := s.settle(); err != nil {
		return err
	}
	if f == nil {
		return ErrTokenUsed
	}
	return nil
}

// Stop ends an execution; its tokens die and its functions' contexts end. Stopping one that has ended is no error.
func (e *Engine) Stop(ctx context.Context, machine, name, cause string) error {
	if len(cause) > maxCause {
		return fmt.Errorf("%w: a cause must have at most %d bytes, not %d", ErrInvalid, maxCause, len(cause))
	}
	if err := errors.Join(ctx.Err(), e.failed()); err != nil {
		return err
	}
	x, _, err := e.look(machine, name)
	if err != nil || x == nil {
		return err // what is only stored has ended
	}
	defer x.mu.Unlock()
	if err := e.failed(); err != nil || x.rec.Status != StatusRunning {
		return err
	}
	s := e.stepper(x)
	s.end(s.r.Root, StatusAborted, Event{Type: "ExecutionAborted", Cause: cause})
	return s.settle()
}

// look finds an execution: locked when it runs, else its stored record.
func (e *Engine) look(machine, name string) (*execution, *record, error) {
	id := machine + "/" + name
	e.mu.Lock()
	x := e.running[id]
	e.mu.Unlock()
	if x != nil {
		x.mu.Lock()
		if x.rec != nil {
			return x, nil, nil
		}
		x.mu.Unlock() // was only being begun
	}
	r, err := e.stored(id)
	if err == nil && r == nil {
		err = fmt.Errorf("%w: %s", ErrNoExecution, id)
	}
	return nil, r, err
}

// Description is what is known of an execution.
type Description struct {
	Machine string    `json:"machine"`
	Name    string    `json:"name"`
	Status  string    `json:"status"` // one of the Status constants
	Input   raw       `json:"input"`
	Output  raw       `json:"output,omitempty"` // once succeeded
	Error   string    `json:"error,omitempty"`  // once failed or timed out
	Cause   string    `json:"cause,omitempty"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	Events  int       `json:"events"`           // how long the history is
	States  []string  `json:"states,omitempty"` // where it is: one for each branch under way, outermost first
}

// Describe says how an execution is doing.
func (e *Engine) Describe(_ context.Context, machine, name string) (Description, error) {
	if err := e.failed(); err != nil {
		return Description{}, err
	}
	x, r, err := e.look(machine, name)
	if err != nil {
		return Description{}, err
	}
	if x != nil {
		defer x.mu.Unlock()
		r = x.rec
	}
	d := Description{
		Machine: r.Machine, Name: r.Name, Status: r.Status, Input: r.Input, Output: r.Output, Error: r.Error, Cause: r.Cause,
		Started: r.Started, Ended: r.Ended, Events: r.Events,
	}
	r.Root.walk(func(f *frame) { d.States = append(d.States, f.State) })
	return d, nil
}

// History gives the events of an execution, oldest first.
func (e *Engine) History(_ context.Context, machine, name string) ([]Event, error) {
	list, err := e.o.Journal.Events(machine + "/" + name)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%w: %s/%s", ErrNoExecution, machine, name)
	}
	events := make([]Event, len(list))
	for i, b := range list {
		if err := json.Unmarshal(b, &events[i]); err != nil {
			return nil, fmt.Errorf("asl: event %d of %s/%s cannot be read: %w", i+1, machine, name, err)
		}
	}
	return events, nil
}
