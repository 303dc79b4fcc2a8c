package asl_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"slipway/functions/internal/asl"
)

// tour passes through every kind of state that waits, retries, branches or catches.
const tour = `{"StartAt":"First","States":{
 "First":{` + invoke + `,"Parameters":{"FunctionName":"flaky","Payload":{"tries.$":"$$.State.RetryCount"}},
  "Retry":[{"ErrorEquals":["Flaky"],"MaxAttempts":2}],"ResultSelector":{"n.$":"$.Payload"},"ResultPath":"$.first","Next":"Both"},
 "Both":{"Type":"Parallel","ResultPath":"$.both","Next":"Each","Branches":[
  {"StartAt":"Ask","States":{"Ask":{` + callback + `,"Parameters":{"FunctionName":"ask","Payload":{"token.$":"$$.Task.Token"}},"TimeoutSeconds":600,
   "Retry":[{"ErrorEquals":["Again"],"MaxAttempts":1}],"End":true}}},
  {"StartAt":"Nap","States":{"Nap":{"Type":"Wait","Seconds":30,"Next":"Nobody"},
   "Nobody":{` + callback + `,"Parameters":{"FunctionName":"lose","Payload":{"token.$":"$$.Task.Token"}},"TimeoutSeconds":60,
    "Catch":[{"ErrorEquals":["States.Timeout"],"ResultPath":null,"Next":"Given up"}],"End":true},
   "Given up":{"Type":"Pass","Result":"gave up","End":true}}}]},
 "Each":{"Type":"Map","ItemsPath":"$.list","MaxConcurrency":2,"ItemProcessor":{"StartAt":"Double","States":{
   "Double":{` + invoke + `,"Parameters":{"FunctionName":"double","Payload":{"n.$":"$"}},"OutputPath":"$.Payload","Next":"Rest"},
   "Rest":{"Type":"Wait","Seconds":1,"End":true}}},"ResultPath":"$.list","Next":"Enough?"},
 "Enough?":{"Type":"Choice","Choices":[{"Variable":"$.list[0]","NumericGreaterThan":3,"Next":"Risk"}],"Default":"Each"},
 "Risk":{"Type":"Parallel","Branches":[
   {"StartAt":"Wait long","States":{"Wait long":{"Type":"Wait","Seconds":1000,"End":true}}},
   {"StartAt":"Blow up","States":{"Blow up":{"Type":"Fail","Error":"Blown"}}}],
  "Catch":[{"ErrorEquals":["Blown"],"ResultPath":"$.risk","Next":"End"}],"End":true},
 "End":{"Type":"Succeed"}}}`

var tourWants = `{"both":["answer","gave up"],"first":{"n":"ok"},"list":[4,8,12],"risk":{"Cause":"","Error":"Blown"}}`

// dying is a journal that loses power at a write: nothing works from then on. kept says whether that write still made it.
type dying struct {
	asl.Journal
	left int
	kept bool
}

var errPower = errors.New("the power is gone")

func (d *dying) Commit(c asl.Change) error {
	if d.left--; d.left == 0 && d.kept {
		_ = d.Journal.Commit(c)
	}
	if d.left <= 0 {
		return errPower
	}
	return d.Journal.Commit(c)
}

// walker drives an execution of a machine through as many lives as it needs.
type walker struct {
	t       *testing.T
	journal asl.Journal // what survives
	clock   *asl.VirtualClock
	rand    io.Reader
	tokens  []string // handed to "ask", in order
	answers int      // how many of them have been answered
}

func (w *walker) Invoke(_ context.Context, function string, payload []byte) ([]byte, error) {
	return functions{
		"flaky": func(_ context.Context, p map[string]any) (any, error) {
			if p["tries"].(float64) < 2 {
				return nil, &asl.TaskError{Name: "Flaky"}
			}
			return "ok", nil
		},
		"ask": func(_ context.Context, p map[string]any) (any, error) {
			if t := p["token"].(string); len(w.tokens) == 0 || w.tokens[len(w.tokens)-1] != t {
				w.tokens = append(w.tokens, t)
			}
			return nil, nil
		},
		"lose":   func(context.Context, map[string]any) (any, error) { return nil, nil },
		"double": func(_ context.Context, p map[string]any) (any, error) { return 2 * p["n"].(float64), nil },
	}.Invoke(context.Background(), function, payload)
}

func (w *walker) engine(j asl.Journal) (*asl.Engine, error) {
	o := options(mustParse(w.t, tour), w, j, w.clock)
	o.Rand = w.rand
	return asl.New(o)
}

// life runs until the execution has ended or the journal dies.
func (w *walker) life(e *asl.Engine) error {
	ctx := context.Background()
	if err := e.Start(ctx, "m", "x", []byte(`{"list":[1,2,3]}`)); err != nil {
		return err
	}
	for range 1000 {
		if err := e.RunUntilIdle(ctx); err != nil {
			return err
		}
		if d, err := e.Describe(ctx, "m", "x"); err != nil || d.Status != asl.StatusRunning {
			return err
		}
		if w.answers < len(w.tokens) {
			// The first asking is answered with an error that is retried, the second with a result.
			token := w.tokens[w.answers]
			err := e.Succeed(ctx, token, []byte(`"answer"`))
			if w.answers == 0 {
				err = e.Fail(ctx, token, "Again", "")
			}
			if err != nil && !errors.Is(err, asl.ErrTokenUsed) {
				return err
			}
			w.answers++
			continue
		}
		if at, ok := e.Next(); ok {
			w.clock.Set(at)
		}
	}
	return errors.New("did not end")
}

// walk lets the n-th write be the last of a life, and gives how it ended and how many lives that took.
func walk(t *testing.T, n int, kept bool) (asl.Description, []asl.Event, int) {
	t.Helper()
	w := &walker{t: t, journal: &asl.MemoryJournal{}, clock: asl.NewVirtualClock(epoch), rand: rand.NewChaCha8([32]byte{1})}
	for lives := 1; ; lives++ {
		var j asl.Journal = w.journal
		if lives == 1 {
			j = &dying{w.journal, n, kept}
		}
		e, err := w.engine(j)
		if err == nil {
			err = w.life(e)
		}
		if errors.Is(err, errPower) && lives == 1 {
			continue
		}
		if err != nil {
			t.Fatalf("write %d, life %d: %v", n, lives, err)
		}
		d, err1 := e.Describe(context.Background(), "m", "x")
		h, err2 := e.History(context.Background(), "m", "x")
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		return d, h, lives
	}
}

func TestCrashBetweenAnyTwoWrites(t *testing.T) {
	want, history, _ := walk(t, 1<<30, false)
	equal(t, "undisturbed", outcome(want), tourWants)
	for _, kept := range []bool{false, true} {
		crashes := 0
		for n := 1; ; n++ {
			got, h, lives := walk(t, n, kept)
			if lives == 1 {
				break
			}
			crashes++
			if outcome(got) != outcome(want) || !got.Ended.Equal(want.Ended) {
				t.Errorf("crash at write %d (kept: %v): %s at %v, want %s at %v", n, kept, outcome(got), got.Ended, outcome(want), want.Ended)
			}
			equal(t, "path", asl.Path(h), asl.Path(history))
			equal(t, "events", types(h), types(history))
			if t.Failed() {
				t.FailNow()
			}
		}
		if crashes < 20 {
			t.Errorf("only %d writes to crash at", crashes)
		}
		t.Logf("crashed at each of %d writes (the write kept: %v)", crashes, kept)
	}
}

func TestTimersFireAfterARestart(t *testing.T) {
	for _, c := range []struct {
		name, state string
		down        time.Duration
		want        string
	}{
		{"wait", `{"Type":"Wait","Seconds":3600,"Next":"T"}`, 2 * time.Hour, `"T at 2026-01-31T14:00:00.000Z"`},
		{"wait, restarted in time", `{"Type":"Wait","Seconds":3600,"Next":"T"}`, time.Minute, `"T at 2026-01-31T13:00:00.000Z"`},
		{"timeout", `{` + callback + `,"Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token"}},"TimeoutSeconds":3600,"Catch":[{"ErrorEquals":["States.Timeout"],"Next":"T"}],"End":true}`, time.Minute, `"T at 2026-01-31T13:00:00.000Z"`},
		{"retry", `{` + invoke + `,"Parameters":{"FunctionName":"g"},"Retry":[{"ErrorEquals":["E"],"IntervalSeconds":3600,"MaxAttempts":1}],"Catch":[{"ErrorEquals":["E"],"Next":"T"}],"End":true}`, time.Minute, `"T at 2026-01-31T13:00:00.000Z"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := one(c.state, `"T":{"Type":"Pass","Parameters":{"v.$":"States.Format('{} at {}', $$.State.Name, $$.State.EnteredTime)"},"OutputPath":"$.v","End":true}`)
			f := functions{
				"f": func(context.Context, map[string]any) (any, error) { return nil, nil },
				"g": func(context.Context, map[string]any) (any, error) { return nil, &asl.TaskError{Name: "E"} },
			}
			j, clock := &asl.MemoryJournal{}, asl.NewVirtualClock(epoch)
			first := newWorldOn(t, def, f, j, clock)
			if err := errors.Join(first.Start(context.Background(), "m", "x", []byte(`{}`)), first.RunUntilIdle(context.Background())); err != nil {
				t.Fatal(err)
			}
			equal(t, "where", first.describe().States, []string{"S"})
			clock.Advance(c.down)
			second := newWorldOn(t, def, f, j, clock)
			equal(t, "outcome", outcome(second.pass(2*time.Hour)), c.want)
		})
	}
}

func TestExecutionsFinishTheDefinitionTheyBeganWith(t *testing.T) {
	older := one(`{"Type":"Wait","Seconds":60,"Next":"Old"}`, `"Old":{"Type":"Pass","Result":"old","End":true}`)
	newer := one(`{"Type":"Pass","Result":"new","End":true}`)
	j, clock := &asl.MemoryJournal{}, asl.NewVirtualClock(epoch)
	w := newWorldOn(t, older, nil0, j, clock)
	if err := w.Start(context.Background(), "m", "x", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	w.pass(time.Second)
	w = newWorldOn(t, newer, nil0, j, clock)
	equal(t, "outcome", outcome(w.pass(time.Hour)), `"old"`)
}

// An execution that can never move again fails, instead of keeping every other one from starting.
func TestAnExecutionThatCannotBeTakenUpFails(t *testing.T) {
	j := &asl.MemoryJournal{}
	ctx := context.Background()
	before := newWorldOn(t, one(`{"Type":"Wait","Seconds":60,"End":true}`), nil0, j, asl.NewVirtualClock(epoch))
	for _, name := range []string{"x", "y"} {
		if err := before.Start(ctx, "m", name, []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	// x loses its definition; a later version might as well refuse it.
	b, err := j.Record("m/x")
	if err != nil {
		t.Fatal(err)
	}
	r := regexp.MustCompile(`"definition":"[^"]*"`).ReplaceAll(b, []byte(`"definition":"unknown"`))
	if err := j.Commit(asl.Change{Execution: "m/x", Record: r, Running: true}); err != nil {
		t.Fatal(err)
	}
	after := newWorldOn(t, one(`{"Type":"Succeed"}`), nil0, j, asl.NewVirtualClock(epoch))
	equal(t, "outcome", outcome(after.pass(time.Hour)), "FAILED States.Runtime: The execution cannot be taken up again: its definition unknown was not kept")
	d, err := after.Describe(ctx, "m", "y")
	if err != nil || d.Status != asl.StatusSucceeded {
		t.Errorf("y: %v, %v", d.Status, err)
	}
}

// nil0 has no functions.
var nil0 = functions{}

// hooked is a journal that calls before each commit.
type hooked struct {
	asl.Journal
	before func()
}

func (h *hooked) Commit(c asl.Change) error {
	h.before()
	return h.Journal.Commit(c)
}

// While a change is being written, nobody may know of it: neither the clock nor whoever asks.
func TestNothingShowsBeforeItIsKept(t *testing.T) {
	h := &hooked{Journal: &asl.MemoryJournal{}, before: func() {}}
	w := newWorldOn(t, one(`{"Type":"Wait","Seconds":60,"End":true}`), nil0, h, asl.NewVirtualClock(epoch))
	commits := 0
	h.before = func() {
		if commits++; commits > 1 {
			return
		}
		if at, ok := w.Next(); ok {
			t.Errorf("before the start was kept, an alarm was set for %v", at)
		}
		if _, err := w.History(context.Background(), "m", "x"); !errors.Is(err, asl.ErrNoExecution) {
			t.Errorf("before the start was kept, its history gave %v", err)
		}
	}
	equal(t, "outcome", outcome(w.run(`{}`)), `{}`)
	equal(t, "commits", commits, 2)
}
