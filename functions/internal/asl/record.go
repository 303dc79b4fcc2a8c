package asl

import (
	"encoding/json"
	"fmt"
	"time"
)

// The statuses of an execution.
const (
	StatusRunning   = "RUNNING"
	StatusSucceeded = "SUCCEEDED"
	StatusFailed    = "FAILED"
	StatusTimedOut  = "TIMED_OUT"
	StatusAborted   = "ABORTED"
)

// record is all that is known of an execution besides its history. It is written whole with every change, so it must
// stay bounded: it holds the current state of each branch, never what came before.
type record struct {
	Machine    string    `json:"machine"`
	Name       string    `json:"name"`
	Definition string    `json:"definition"` // hash; an execution keeps the definition it began with
	Status     string    `json:"status"`
	Input      raw       `json:"input"`
	Started    time.Time `json:"started"`
	Deadline   time.Time `json:"deadline"`
	Ended      time.Time `json:"ended,omitzero"`
	Output     raw       `json:"output,omitempty"`
	Error      string    `json:"error,omitempty"`
	Cause      string    `json:"cause,omitempty"`
	Events     int       `json:"events"`         // how many there are
	Frames     int       `json:"frames"`         // frames ever made, to number them
	Calls      int       `json:"calls"`          // invocations ever made, to number them
	Root       *frame    `json:"root,omitempty"` // nil once ended
}

// phase says what a frame does.
type phase string

const (
	ready    phase = "ready"    // its state was entered and must be executed
	invoking phase = "invoking" // its function is being invoked, or was when the process died
	parked   phase = "parked"   // its function returned; somebody holds the token
	waiting  phase = "waiting"  // Wait, until Due
	retrying phase = "retrying" // failed, to be executed again at Due
	holding  phase = "holding"  // Parallel or Map, until its children end
	dead     phase = "dead"     // aborted; never written
)

// frame is one thread of execution: the machine itself, a branch or an iteration.
type frame struct {
	ID       int       `json:"id"`
	Slot     int       `json:"slot,omitzero"` // which branch or item of the parent
	State    string    `json:"state"`
	Entered  time.Time `json:"entered"`
	Input    raw       `json:"input"`
	Phase    phase     `json:"phase"`
	Last     int       `json:"last"`              // id of its newest event
	Tries    int       `json:"tries,omitzero"`    // retries since the state was entered
	Retries  []int64   `json:"retries,omitempty"` // the same for each retrier
	Call     int       `json:"call,omitzero"`     // number of the invocation; results of others are stale
	Payload  raw       `json:"payload,omitempty"`
	Token    string    `json:"token,omitempty"`
	Due      time.Time `json:"due,omitzero"`      // waiting, retrying
	Deadline time.Time `json:"deadline,omitzero"` // invoking, parked: States.Timeout
	Beat     time.Time `json:"beat,omitzero"`     // the same: States.HeartbeatTimeout
	Every    int64     `json:"every,omitzero"`    // seconds a heartbeat lasts
	Items    []raw     `json:"items,omitempty"`   // Map: the array
	Inputs   []raw     `json:"inputs,omitempty"`  // Map with an ItemSelector: input of each iteration
	Results  []raw     `json:"results,omitempty"` // holding: what children gave, by slot
	Begun    int       `json:"begun,omitzero"`    // children begun
	Done     int       `json:"done,omitzero"`     // children ended
	Children []*frame  `json:"children,omitempty"`

	parent *frame
	flow   *flow
}

// reset makes a frame ready to execute its state (again).
func (f *frame) reset() {
	*f = frame{
		ID: f.ID, Slot: f.Slot, State: f.State, Entered: f.Entered, Input: f.Input, Last: f.Last, Tries: f.Tries,
		Retries: f.Retries, Phase: ready, parent: f.parent, flow: f.flow,
	}
}

func (f *frame) state() *state { return f.flow.states[f.State] }

// alarm gives the next time at which something happens to the frame by itself.
func (f *frame) alarm() time.Time { return earliest(f.Due, earliest(f.Deadline, f.Beat)) }

// earliest gives the earlier of two times of which zero means never.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// walk visits the frame and all below it, parents first.
func (f *frame) walk(visit func(*frame)) {
	if f == nil {
		return
	}
	visit(f)
	for _, c := range f.Children {
		c.walk(visit)
	}
}

// find gives the first frame for which want holds.
func (f *frame) find(want func(*frame) bool) *frame {
	var found *frame
	f.walk(func(c *frame) {
		if found == nil && want(c) {
			found = c
		}
	})
	return found
}

// loadRecord reads a record back and ties its frames to the machine again.
func loadRecord(b []byte) (*record, error) {
	r := &record{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("asl: a record cannot be read: %w", err)
	}
	return r, nil
}

// link ties a frame and those below it to the flow they run.
func (f *frame) link(fl *flow, parent *frame) error {
	f.flow, f.parent = fl, parent
	s := fl.states[f.State]
	if s == nil {
		return fmt.Errorf("asl: there is no state %q in %s", f.State, fl.path)
	}
	for _, c := range f.Children {
		i := c.Slot
		if s.kind == "Map" {
			i = 0
		}
		if i >= len(s.branches) {
			return fmt.Errorf("asl: state %q has no branch %d", f.State, i)
		}
		if err := c.link(s.branches[i], f); err != nil {
			return err
		}
	}
	return nil
}
