package asl

import (
	"bytes"
	"container/heap"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"time"
)

// Invoker runs the functions that tasks name. A function that fails gives a *TaskError; any other error becomes
// "Lambda.Unknown". The context ends when the result is not wanted any more: the task timed out, its execution was
// stopped, or the engine shuts down. After a crash a function is invoked again with the same payload.
type Invoker interface {
	Invoke(ctx context.Context, function string, payload []byte) ([]byte, error)
}

// Options are what an engine is made of.
type Options struct {
	Machines map[string]*Machine // by name; executions that run an older definition finish it
	Invoker  Invoker
	Journal  Journal
	Clock    Clock     // the wall's, when nil
	Rand     io.Reader // for tokens, jitter and intrinsics; crypto/rand when nil
	Workers  int       // invocations at once in Run; 16 when 0
	// OnEvent is told every event once it is durable, in order for each execution. It must not call the engine, nor block,
	// nor change the event's bytes. A crash may swallow the last ones; History has them all.
	OnEvent func(machine, name string, e Event)
}

// Engine runs machines. All methods may be called concurrently.
//
// Nothing takes effect before it is in the journal. A journal that fails makes the engine stop for good: every method
// then gives that error, and so does Run.
type Engine struct {
	o      Options
	wake   chan struct{}
	randMu sync.Mutex

	mu      sync.Mutex // guards what follows; taken after the lock of an execution, never before
	fatal   error
	running map[string]*execution
	tokens  map[string]*execution
	queue   []*call
	alarms  alarms
}

// execution is a running execution in memory.
type execution struct {
	mu      sync.Mutex // held while it moves, commits included
	id      string
	machine *Machine
	rec     *record
	tokens  map[string]bool // those in Engine.tokens
	calls   map[int]*call   // those under way or in Engine.queue
	alarm   time.Time       // when to look at it by itself; guarded by Engine.mu
	place   int             // in Engine.alarms, -1 when not there; guarded by Engine.mu
}

// call is one invocation to be made.
type call struct {
	x        *execution
	number   int
	function string
	payload  []byte
	cancel   context.CancelFunc // once it is under way; guarded by Engine.mu
	dropped  bool               // its result is not wanted any more; guarded by Engine.mu
	answered bool               // its token was answered, so that it may end in peace; guarded by Engine.mu
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

// New makes an engine and takes up everything that was running when the journal was last used.
func New(o Options) (*Engine, error) {
	if o.Invoker == nil || o.Journal == nil {
		return nil, fmt.Errorf("%w: an engine needs an invoker and a journal", ErrInvalid)
	}
	for name, m := range o.Machines {
		if !validName.MatchString(name) || m == nil {
			return nil, fmt.Errorf("%w: machine %q needs a definition and a name of letters, digits, - and _", ErrInvalid, name)
		}
	}
	if o.Clock == nil {
		o.Clock = realClock{}
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	e := &Engine{o: o, wake: make(chan struct{}, 1), running: map[string]*execution{}, tokens: map[string]*execution{}}
	return e, e.resume()
}

func (e *Engine) random(p []byte) {
	e.randMu.Lock()
	defer e.randMu.Unlock()
	if _, err := io.ReadFull(e.o.Rand, p); err != nil {
		panic("asl: the source of randomness failed: " + err.Error())
	}
}

// now is the time as it is recorded: UTC, in milliseconds.
func (e *Engine) now() time.Time { return e.o.Clock.Now().UTC().Truncate(time.Millisecond) }

func (e *Engine) failed() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.fatal
}

func (e *Engine) fail(err error) error {
	e.mu.Lock()
	if e.fatal == nil {
		e.fatal = fmt.Errorf("asl: the journal failed, nothing moves any more: %w", err)
	}
	err = e.fatal
	e.mu.Unlock()
	e.poke()
	return err
}

// poke wakes Run.
func (e *Engine) poke() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Start begins an execution. Starting the same name with the same input again starts nothing and is no error, whether
// the execution still runs or not; with another input it is ErrExecutionExists.
func (e *Engine) Start(ctx context.Context, machine, name string, input []byte) error {
	m := e.o.Machines[machine]
	if m == nil {
		return fmt.Errorf("%w: %q", ErrNoMachine, machine)
	}
	if !validName.MatchString(name) {
		return fmt.Errorf("%w: the name %q must be 1 to 80 letters, digits, - and _", ErrInvalid, name)
	}
	doc, err := canonical(input)
	if err != nil {
		return fmt.Errorf("%w: the input of %s is not JSON: %w", ErrInvalid, name, err)
	}
	if len(doc) > maxPayload {
		return fmt.Errorf("%w: the input of %s has %d bytes; at most %d are allowed", ErrInvalid, name, len(doc), maxPayload)
	}
	if err := errors.Join(ctx.Err(), e.failed()); err != nil {
		return err
	}
	x := e.claim(machine+"/"+name, m)
	defer x.mu.Unlock()
	if x.rec == nil {
		// Not running: either it ended, or it never was.
		before, err := e.stored(x.id)
		if err != nil || before != nil {
			e.drop(x)
			if err == nil {
				err = sameInput(before, doc)
			}
			return err
		}
		return e.begin(x, machine, name, doc)
	}
	return sameInput(x.rec, doc)
}

func sameInput(r *record, input raw) error {
	if bytes.Equal(r.Input, input) {
		return nil
	}
	return fmt.Errorf("%w: %s/%s", ErrExecutionExists, r.Machine, r.Name)
}

// claim gives the execution of an id, locked. One whose record is nil was made by this call, or by one that failed.
func (e *Engine) claim(id string, m *Machine) *execution {
	for {
		e.mu.Lock()
		x := e.running[id]
		if x == nil {
			x = newExecution(id, m)
			x.mu.Lock()
			e.running[id] = x
			e.mu.Unlock()
			return x
		}
		e.mu.Unlock()
		x.mu.Lock()
		e.mu.Lock()
		current := e.running[id] == x
		e.mu.Unlock()
		if current || x.rec != nil {
			return x
		}
		x.mu.Unlock() // whoever made it gave it up meanwhile
	}
}

func newExecution(id string, m *Machine) *execution {
	return &execution{id: id, machine: m, tokens: map[string]bool{}, calls: map[int]*call{}, place: -1}
}

// drop forgets an execution that does not run.
func (e *Engine) drop(x *execution) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.running[x.id] == x {
		delete(e.running, x.id)
	}
}

// stored reads a record from the journal; nil when there is none.
func (e *Engine) stored(id string) (*record, error) {
	b, err := e.o.Journal.Record(id)
	if err != nil || b == nil {
		return nil, err
	}
	return loadRecord(b)
}

// begin makes the first change of a new execution.
func (e *Engine) begin(x *execution, machine, name string, input raw) error {
	now := e.now()
	limit := maxExecution
	if t := x.machine.timeout; t > 0 {
		limit = min(limit, time.Duration(t)*time.Second)
	}
	x.rec = &record{
		Machine: machine, Name: name, Definition: x.machine.hash, Status: StatusRunning, Input: input,
		Started: now, Deadline: now.Add(limit),
	}
	s := e.stepper(x)
	s.event(nil, Event{Type: "ExecutionStarted", Input: input})
	x.rec.Root = s.frame(x.machine.flow, nil, 0)
	x.rec.Root.Last = 1
	s.enter(x.rec.Root, x.machine.flow.startAt, input)
	s.hash, s.definition = x.machine.hash, x.machine.definition
	if err := s.settle(); err != nil {
		x.rec = nil // so that whoever waits for the lock does not take it for started
		e.drop(x)
		return err
	}
	return nil
}

// alarms is a heap of executions by the time at which they want to be looked at.
type alarms []*execution

func (a alarms) Len() int { return len(a) }
func (a alarms) Less(i, j int) bool {
	return a[i].alarm.Before(a[j].alarm) || a[i].alarm.Equal(a[j].alarm) && a[i].id < a[j].id
}
func (a alarms) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i, j
}
func (a *alarms) Push(v any) {
	x := v.(*execution)
	x.place = len(*a)
	*a = append(*a, x)
}
func (a *alarms) Pop() any {
	last := len(*a) - 1
	x := (*a)[last]
	(*a)[last], *a, x.place = nil, (*a)[:last], -1
	return x
}

// setAlarm moves the alarm of an execution; zero takes it away. Engine.mu is held.
func (e *Engine) setAlarm(x *execution, at time.Time) {
	switch {
	case x.place >= 0 && at.IsZero():
		heap.Remove(&e.alarms, x.place)
	case x.place >= 0:
		x.alarm = at
		heap.Fix(&e.alarms, x.place)
	case !at.IsZero():
		x.alarm = at
		heap.Push(&e.alarms, x)
	}
	x.alarm = at
}

// Next gives the next time at which something happens by itself, if anything will.
func (e *Engine) Next() (time.Time, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.alarms) == 0 {
		return time.Time{}, false
	}
	return e.alarms[0].alarm, true
}

// due takes the execution whose alarm has gone off, or nil. Whoever takes it must look at it, which sets the next one.
func (e *Engine) due() *execution {
	now := e.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.alarms) == 0 || e.alarms[0].alarm.After(now) {
		return nil
	}
	return heap.Pop(&e.alarms).(*execution)
}

// pop takes the next invocation to make, or nil.
func (e *Engine) pop() *call {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.queue) > 0 {
		c := e.queue[0]
		e.queue = e.queue[1:]
		if !c.dropped {
			return c
		}
	}
	return nil
}
