package asl

import (
	"math"
	"time"
)

// performParallel begins every branch.
func (s *stepper) performParallel(f *frame, st *state, sc *scope) error {
	input := sc.input
	var err error
	if st.parameters != nil {
		if input, err = st.parameters.eval(sc, "Parameters"); err != nil {
			return err
		}
	}
	b, err := payload(input, "The input of the branches")
	if err != nil {
		return err
	}
	f.Phase, f.Results = holding, make([]raw, len(st.branches))
	s.event(f, Event{Type: "ParallelStateStarted", State: f.State})
	for i, branch := range st.branches {
		child := s.frame(branch, f, i)
		child.Last = f.Last
		f.Children = append(f.Children, child)
		f.Begun++
		s.enter(child, branch.startAt, b)
	}
	return nil
}

// performMap works out the input of every iteration, so that nothing changes under way, and begins the first ones.
func (s *stepper) performMap(f *frame, st *state, sc *scope) error {
	found, err := st.itemsPath.apply("ItemsPath", sc.input, sc)
	if err != nil {
		return err
	}
	items, ok := found.([]any)
	if !ok {
		return failf(errRuntime, "The ItemsPath '%s' must name an array, not %s", st.itemsPath, kindOf(found))
	}
	f.Items = make([]raw, len(items))
	for i, item := range items {
		f.Items[i] = encode(item)
	}
	if st.parameters != nil {
		f.Inputs = make([]raw, len(items))
		for i := range items {
			isc := s.scope(f, sc.input, "", &mapItem{i, f.Items[i]})
			v, err := st.parameters.eval(isc, "ItemSelector")
			if err != nil {
				return err
			}
			if f.Inputs[i], err = payload(v, "The input of an iteration"); err != nil {
				return err
			}
		}
	}
	f.Phase, f.Results = holding, make([]raw, len(items))
	s.event(f, Event{Type: "MapStateStarted", State: f.State, Length: len(items)})
	return s.iterate(f, st)
}

// iterate begins as many iterations as may be under way, and ends the Map after the last.
func (s *stepper) iterate(f *frame, st *state) error {
	most := st.concurrency
	if most == 0 || most > mapFanOut {
		most = mapFanOut
	}
	for f.Begun < len(f.Items) && len(f.Children) < most && s.r.Status == StatusRunning {
		child := s.frame(st.branches[0], f, f.Begun)
		child.Last = f.Last
		f.Children = append(f.Children, child)
		input := f.Items[f.Begun]
		if f.Inputs != nil {
			input = f.Inputs[f.Begun]
		}
		s.event(child, Event{Type: "MapIterationStarted", State: f.State, Index: f.Begun})
		f.Begun++
		s.enter(child, st.branches[0].startAt, input)
	}
	if f.Done < len(f.Results) {
		return nil
	}
	return s.joined(f, st)
}

// childDone takes the output of a branch or iteration.
func (s *stepper) childDone(child *frame, output raw) {
	f := child.parent
	st := f.state()
	f.Results[child.Slot] = output
	f.Done++
	f.remove(child)
	var err error
	if st.kind == "Map" {
		s.event(child, Event{Type: "MapIterationSucceeded", State: f.State, Index: child.Slot})
		f.Last = child.Last
		err = s.iterate(f, st)
	} else if f.Done == len(f.Results) {
		f.Last = child.Last
		err = s.joined(f, st)
	}
	if err != nil {
		s.failed(f, named(err))
	}
}

// joined ends a Parallel or Map with the array of results.
func (s *stepper) joined(f *frame, st *state) error {
	result := make([]any, len(f.Results))
	for i, r := range f.Results {
		result[i] = must(decode(r))
	}
	s.event(f, Event{Type: st.kind + "StateSucceeded", State: f.State})
	return s.complete(f, st, result)
}

func (f *frame) remove(child *frame) {
	for i, c := range f.Children {
		if c == child {
			f.Children = append(f.Children[:i:i], f.Children[i+1:]...)
			return
		}
	}
}

// failed deals with the error of a state: a retry, a catch, or the end of its frame.
func (s *stepper) failed(f *frame, err *TaskError) {
	if s.r.Status != StatusRunning || f.Phase == dead {
		return
	}
	st := f.state()
	if s.retry(f, st, err) {
		return
	}
	for _, c := range st.catch {
		if !matches(c.errors, err.Name) {
			continue
		}
		caught := map[string]any{"Error": err.Name, "Cause": err.Cause}
		out, e := c.resultPath.into(f.Input, caught)
		var b raw
		if e == nil {
			b, e = payload(out, "The state's output")
		}
		if e != nil {
			err = named(e)
			break
		}
		f.reset()
		s.leave(f, b, c.next)
		return
	}
	s.failFrame(f, err)
}

// retry puts the frame off when a retrier says so. Only the first retrier that names the error counts.
func (s *stepper) retry(f *frame, st *state, err *TaskError) bool {
	for i, r := range st.retry {
		if !matches(r.errors, err.Name) {
			continue
		}
		if f.Retries == nil {
			f.Retries = make([]int64, len(st.retry))
		}
		if f.Retries[i] >= r.most {
			return false
		}
		delay := r.delay(f.Retries[i])
		if r.jitter {
			delay = time.Duration(float64(delay) * fraction(s.e.random))
		}
		f.Retries[i]++
		f.Tries++
		f.reset()
		f.Phase, f.Due = retrying, s.now.Add(delay.Round(time.Millisecond)) // as fine as time is recorded
		return true
	}
	return false
}

// delay is how long the n-th retry waits, n from 0.
func (r retrier) delay(n int64) time.Duration {
	most := float64(maxSeconds)
	if r.maxDelay > 0 {
		most = float64(r.maxDelay)
	}
	d := float64(r.interval) * math.Pow(r.backoff, float64(n))
	if !(d < most) { // also when the power has overflown
		d = most
	}
	return time.Duration(d * float64(time.Second))
}

// failFrame ends a frame with an error, which becomes the error of the state around it; what runs beside it is aborted.
func (s *stepper) failFrame(f *frame, err *TaskError) {
	p := f.parent
	if p == nil {
		s.end(f, StatusFailed, Event{Type: "ExecutionFailed", Error: err.Name, Cause: err.Cause})
		return
	}
	kind := p.state().kind
	f.Phase = dead
	p.remove(f)
	if kind == "Map" {
		s.event(f, Event{Type: "MapIterationFailed", State: p.State, Index: f.Slot, Error: err.Name, Cause: err.Cause})
	}
	for _, c := range p.Children {
		s.abort(c)
	}
	p.Children, p.Last = nil, f.Last
	s.event(p, Event{Type: kind + "StateFailed", State: p.State, Error: err.Name, Cause: err.Cause})
	s.failed(p, err)
}

// abort ends a frame and all below it; its tokens die and its invocations are not waited for.
func (s *stepper) abort(f *frame) {
	for _, c := range f.Children {
		s.abort(c)
	}
	f.Children, f.Phase = nil, dead
	s.event(f, Event{Type: f.state().kind + "StateAborted", State: f.State})
	if f.parent.state().kind == "Map" {
		s.event(f, Event{Type: "MapIterationAborted", State: f.parent.State, Index: f.Slot})
	}
}
