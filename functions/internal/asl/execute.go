package asl

import (
	"strings"
	"time"
)

// execute begins the state of a ready frame. States that need nothing from outside end here as well.
func (s *stepper) execute(f *frame) {
	st := f.state()
	if err := s.perform(f, st); err != nil {
		s.failed(f, named(err))
	}
}

func (s *stepper) perform(f *frame, st *state) error {
	if st.kind == "Fail" {
		return s.performFail(f, st)
	}
	input := must(decode(f.Input))
	sc := s.scope(f, input, "", nil)
	effective, err := st.inputPath.apply("InputPath", input, sc)
	if err != nil {
		return err
	}
	sc.input = effective
	switch st.kind {
	case "Task":
		return s.performTask(f, st, effective)
	case "Choice":
		return s.performChoice(f, st, sc)
	case "Wait":
		return s.performWait(f, st, sc)
	case "Succeed":
		return s.pass(f, st, sc, "")
	case "Pass":
		result := effective
		if st.hasResult {
			result = st.result
		} else if st.parameters != nil {
			if result, err = st.parameters.eval(sc, "Parameters"); err != nil {
				return err
			}
		}
		return s.complete(f, st, result)
	case "Parallel":
		return s.performParallel(f, st, sc)
	}
	return s.performMap(f, st, sc)
}

// pass leaves a state that has no result of its own: its output is its input, filtered.
func (s *stepper) pass(f *frame, st *state, sc *scope, next string) error {
	out, err := st.outputPath.apply("OutputPath", sc.input, sc)
	if err != nil {
		return err
	}
	b, err := payload(out, "The state's output")
	if err != nil {
		return err
	}
	s.leave(f, b, next)
	return nil
}

// complete leaves a state with a result: ResultSelector, then ResultPath into the raw input, then OutputPath.
func (s *stepper) complete(f *frame, st *state, result any) error {
	var err error
	if _, err = payload(result, "The state's result"); err != nil {
		return err
	}
	if st.resultSelector != nil {
		if result, err = st.resultSelector.eval(s.scope(f, result, "", nil), "ResultSelector"); err != nil {
			return err
		}
	}
	out, err := st.resultPath.into(f.Input, result)
	if err != nil {
		return err
	}
	if out, err = st.outputPath.apply("OutputPath", out, s.scope(f, out, "", nil)); err != nil {
		return err
	}
	b, err := payload(out, "The state's output")
	if err != nil {
		return err
	}
	s.leave(f, b, st.next)
	return nil
}

// into combines a result with the raw input: null discards it, an absent path or $ lets it replace the input.
func (p ioPath) into(input raw, result any) (any, error) {
	switch {
	case p.null:
		return must(decode(input)), nil
	case p.path == nil:
		return result, nil
	}
	return p.path.put(must(decode(input)), result)
}

func (s *stepper) performChoice(f *frame, st *state, sc *scope) error {
	next := st.fallback
	for i := range st.choices {
		holds, err := st.choices[i].rule.holds(sc)
		if err != nil {
			return err
		}
		if holds {
			next = st.choices[i].next
			break
		}
	}
	if next == "" {
		return failf(errNoChoice, "No rule of %q holds, and it has no Default.", st.name)
	}
	return s.pass(f, st, sc, next)
}

func (s *stepper) performWait(f *frame, st *state, sc *scope) error {
	at := st.timestamp
	switch {
	case st.wait.given:
		n, err := st.wait.eval(sc, "SecondsPath", 0)
		if err != nil {
			return err
		}
		f.Due = s.now.Add(time.Duration(n) * time.Second)
	case st.timestampPath != nil:
		v, ok := st.timestampPath.find(sc.input)
		if !ok || !isTimestamp(v) {
			return failf(errRuntime, "The TimestampPath '%s' names no timestamp such as 2026-01-31T12:00:00Z in the input '%s'", st.timestampPath.text, brief(sc.input))
		}
		at = v.(string)
		fallthrough
	default:
		due, _ := parseTime(at)
		f.Due = due.UTC().Add(time.Millisecond - 1).Truncate(time.Millisecond) // as fine as time is recorded
	}
	f.Phase = waiting
	return nil
}

// eval gives a number of seconds, 0 when none was asked for.
func (x seconds) eval(sc *scope, field string, least int64) (int64, error) {
	if x.path == nil {
		return x.n, nil
	}
	v, _ := x.path.find(sc.input)
	n, ok := number(v)
	if !ok || n < least || n > maxSeconds {
		return 0, failf(errRuntime, "The %s '%s' must name an integer from %d to %d, not %s", field, x.path.text, least, maxSeconds, brief(v))
	}
	return n, nil
}

// waited ends a Wait whose time has come.
func (s *stepper) waited(f *frame) error {
	st := f.state()
	input := must(decode(f.Input))
	sc := s.scope(f, input, "", nil)
	var err error
	if sc.input, err = st.inputPath.apply("InputPath", input, sc); err != nil {
		return err
	}
	return s.pass(f, st, sc, st.next)
}

// performFail fails the frame by the name the machine gives.
func (s *stepper) performFail(f *frame, st *state) error {
	sc := s.scope(f, must(decode(f.Input)), "", nil)
	name, err := st.failError.eval(sc, "ErrorPath")
	if err != nil {
		return err
	}
	cause, err := st.failCause.eval(sc, "CausePath")
	if err != nil {
		return err
	}
	s.failFrame(f, &TaskError{name, cause})
	return nil
}

func (t text) eval(sc *scope, field string) (string, error) {
	if t.expr == nil {
		return t.value, nil
	}
	v, err := t.expr.eval(sc, field)
	if err != nil {
		return "", err
	}
	str, ok := v.(string)
	if !ok {
		return "", failf(errRuntime, "The %s '%s' must give a string, not %s", field, t.expr.text, kindOf(v))
	}
	return str, nil
}

// performTask records what is to be invoked; publish has it invoked once that is durable.
func (s *stepper) performTask(f *frame, st *state, effective any) error {
	token := ""
	if st.callback {
		token = s.token()
	}
	sc := s.scope(f, effective, token, nil)
	timeout, err := st.timeout.eval(sc, "TimeoutSecondsPath", 1)
	if err != nil {
		return err
	}
	beat, err := st.heartbeat.eval(sc, "HeartbeatSecondsPath", 1)
	if err != nil {
		return err
	}
	params, err := st.parameters.eval(sc, "Parameters")
	if err != nil {
		return err
	}
	if _, err := payload(params, "The task's Parameters"); err != nil {
		return err
	}
	f.Payload = raw("{}")
	if p, ok := params.(map[string]any)["Payload"]; ok {
		f.Payload = encode(p)
	}
	s.r.Calls++
	f.Phase, f.Token, f.Call, f.Every = invoking, token, s.r.Calls, beat
	if timeout > 0 {
		f.Deadline = s.now.Add(time.Duration(timeout) * time.Second)
	}
	if beat > 0 {
		f.Beat = s.now.Add(time.Duration(beat) * time.Second)
	}
	s.event(f, Event{Type: "TaskScheduled", State: f.State, Function: st.function})
	s.event(f, Event{Type: "TaskStarted", State: f.State})
	return nil
}

// taskDone ends a task with its result.
func (s *stepper) taskDone(f *frame, result any) {
	b, err := payload(result, "The task's result")
	if err != nil {
		s.taskFailed(f, named(err))
		return
	}
	s.event(f, Event{Type: "TaskSucceeded", State: f.State, Output: b})
	if err := s.complete(f, f.state(), result); err != nil {
		s.failed(f, named(err))
	}
}

// taskFailed ends a task with an error.
func (s *stepper) taskFailed(f *frame, err *TaskError) {
	err = &TaskError{clip(err.Name, maxErrorName), clip(err.Cause, maxCause)}
	typ := "TaskFailed"
	if err.Name == errTimeout || err.Name == errHeartbeat {
		typ = "TaskTimedOut"
	}
	s.event(f, Event{Type: typ, State: f.State, Error: err.Name, Cause: err.Cause})
	s.failed(f, err)
}

// clip shortens text to a number of bytes without breaking a character.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}
