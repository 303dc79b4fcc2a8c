package asl

import (
	"encoding/base64"
	"errors"
	"strings"
	"time"
)

// stepper moves one execution, whose lock is held. What it does becomes real when settle has committed it.
type stepper struct {
	e          *Engine
	x          *execution
	r          *record
	now        time.Time
	events     []Event
	encoded    [][]byte
	size       int // bytes of encoded
	ready      []*frame
	hash       string
	definition []byte
}

func (e *Engine) stepper(x *execution) *stepper {
	return &stepper{e: e, x: x, r: x.rec, now: e.now()}
}

// How much one commit may hold: a machine that loops without ever waiting must not pile up its whole history.
const (
	maxBatch      = 256
	maxBatchBytes = 4 << 20
)

// settle executes states until the execution waits for something, commits, and then lets the outside know.
func (s *stepper) settle() error {
	for len(s.ready) > 0 && s.r.Status == StatusRunning {
		f := s.ready[0]
		s.ready = s.ready[1:]
		if f.Phase == ready {
			s.execute(f)
		}
		if len(s.encoded) >= maxBatch || s.size >= maxBatchBytes {
			if err := s.commit(); err != nil {
				return err
			}
		}
	}
	if err := s.commit(); err != nil {
		return err
	}
	s.e.publish(s.x)
	return nil
}

// commit writes what has happened since the last commit.
func (s *stepper) commit() error {
	c := Change{
		Execution: s.x.id, Record: encode(s.r), Running: s.r.Status == StatusRunning,
		First: s.r.Events - len(s.encoded) + 1, Events: s.encoded, Hash: s.hash, Definition: s.definition,
	}
	if err := s.e.o.Journal.Commit(c); err != nil {
		return s.e.fail(err)
	}
	if s.e.o.OnEvent != nil {
		for _, ev := range s.events {
			s.e.o.OnEvent(s.r.Machine, s.r.Name, ev)
		}
	}
	s.events, s.encoded, s.size, s.hash, s.definition = nil, nil, 0, "", nil
	return nil
}

// event adds to the history. The last event that fits is an end, whatever the machine would do next.
func (s *stepper) event(f *frame, ev Event) {
	if s.r.Status != StatusRunning {
		return
	}
	if s.r.Events+1 >= maxEvents && !strings.HasPrefix(ev.Type, "Execution") {
		s.r.Error, s.r.Cause = errRuntime, "The execution reached the maximum number of history events (25000)."
		s.r.Status, s.r.Ended, s.r.Root, s.ready = StatusFailed, s.now, nil, nil
		ev = Event{Type: "ExecutionFailed", Error: s.r.Error, Cause: s.r.Cause}
	}
	s.r.Events++
	ev.ID, ev.Time = s.r.Events, s.now
	if f != nil {
		ev.Previous, f.Last = f.Last, ev.ID
	}
	b := encode(ev)
	s.events, s.encoded, s.size = append(s.events, ev), append(s.encoded, b), s.size+len(b)
}

// end ends the execution.
func (s *stepper) end(f *frame, status string, ev Event) {
	s.event(f, ev)
	if s.r.Status != StatusRunning {
		return
	}
	s.r.Status, s.r.Ended, s.r.Root, s.ready = status, s.now, nil, nil
	s.r.Output, s.r.Error, s.r.Cause = ev.Output, ev.Error, ev.Cause
}

func (s *stepper) frame(fl *flow, parent *frame, slot int) *frame {
	s.r.Frames++
	return &frame{ID: s.r.Frames, Slot: slot, flow: fl, parent: parent}
}

// enter puts a frame at the beginning of a state.
func (s *stepper) enter(f *frame, name string, input raw) {
	f.State, f.Input, f.Entered, f.Tries, f.Retries = name, input, s.now, 0, nil
	f.reset()
	s.event(f, Event{Type: f.state().kind + "StateEntered", State: name, Input: input})
	s.ready = append(s.ready, f)
}

// leave ends a state with its output and goes on to the next, or ends the frame.
func (s *stepper) leave(f *frame, output raw, next string) {
	s.event(f, Event{Type: f.state().kind + "StateExited", State: f.State, Output: output})
	switch {
	case next != "":
		s.enter(f, next, output)
	case f.parent == nil:
		s.end(f, StatusSucceeded, Event{Type: "ExecutionSucceeded", Output: output})
	default:
		s.childDone(f, output)
	}
}

// scope is what the expressions of a frame's state see.
func (s *stepper) scope(f *frame, input any, token string, item *mapItem) *scope {
	return &scope{input: input, random: s.e.random, context: func() map[string]any {
		return s.context(f, token, item)
	}}
}

// mapItem is what a Map is working on.
type mapItem struct {
	index int
	value raw
}

const contextTime = "2006-01-02T15:04:05.000Z"

// context makes the context object.
func (s *stepper) context(f *frame, token string, item *mapItem) map[string]any {
	c := map[string]any{
		"Execution": map[string]any{
			"Id":   arnPrefix + "execution:" + s.r.Machine + ":" + s.r.Name,
			"Name": s.r.Name, "StartTime": s.r.Started.Format(contextTime), "Input": must(decode(s.r.Input)),
		},
		"State": map[string]any{
			"Name": f.State, "EnteredTime": f.Entered.Format(contextTime), "RetryCount": jsonInt(int64(f.Tries)),
		},
		"StateMachine": map[string]any{"Name": s.r.Machine, "Id": arnPrefix + "stateMachine:" + s.r.Machine},
	}
	if token != "" {
		c["Task"] = map[string]any{"Token": token}
	}
	// States inside an iteration see the item of the innermost Map around them.
	for up := f; item == nil && up.parent != nil; up = up.parent {
		if up.parent.state().kind == "Map" {
			item = &mapItem{up.Slot, up.parent.Items[up.Slot]}
		}
	}
	if item != nil {
		c["Map"] = map[string]any{"Item": map[string]any{
			"Index": jsonInt(int64(item.index)), "Value": must(decode(item.value)),
		}}
	}
	return c
}

// must decodes what this package encoded itself.
func must(v any, err error) any {
	if err != nil {
		panic("asl: a record holds bad JSON: " + err.Error())
	}
	return v
}

// token makes a task token: 256 bits that say nothing.
func (s *stepper) token() string {
	var b [32]byte
	s.e.random(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// payload encodes a value and refuses one that is too large.
func payload(v any, what string) (raw, error) {
	b := encode(v)
	if len(b) > maxPayload {
		return nil, failf(errDataLimit, "%s has %d bytes, and at most %d are allowed.", what, len(b), maxPayload)
	}
	return b, nil
}

// named gives an error as a state fails with it.
func named(err error) *TaskError {
	var t *TaskError
	if errors.As(err, &t) && t.Name != "" {
		return t
	}
	return &TaskError{Name: errLambda, Cause: err.Error()}
}
