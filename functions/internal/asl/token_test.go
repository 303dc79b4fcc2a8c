package asl_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"slipway/functions/internal/asl"
)

const asking = `{` + callback + `,"Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token"}},"TimeoutSeconds":1000,"HeartbeatSeconds":100,"Catch":[{"ErrorEquals":["No"],"Next":"T"}],"Next":"T"}`
const then = `"T":{"Type":"Pass","End":true}`

// parkedWorld runs the machine until its task is parked, and gives the token.
func parkedWorld(t testing.TB) (*world, string) {
	t.Helper()
	token := ""
	w := newWorld(t, one(asking, then), functions{"f": func(_ context.Context, p map[string]any) (any, error) {
		token = p["t"].(string)
		return "thrown away", nil
	}})
	if err := errors.Join(w.Start(context.Background(), "m", "x", []byte(`{}`)), w.RunUntilIdle(context.Background())); err != nil {
		t.Fatal(err)
	}
	return w, token
}

func TestATokenAnswersOnce(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		name  string
		first func(w *world, token string) error
		want  string
	}{
		{"success", func(w *world, token string) error { return w.Succeed(ctx, token, []byte(`{"ok":1.0}`)) }, `{"ok":1.0}`},
		{"failure", func(w *world, token string) error { return w.Fail(ctx, token, "No", "because") }, `{"Cause":"because","Error":"No"}`},
		{"stopped", func(w *world, _ string) error { return w.Stop(ctx, "m", "x", "enough") }, `ABORTED : enough`},
		{"timed out", func(w *world, _ string) error { w.pass(time.Hour); return nil }, `FAILED States.HeartbeatTimeout: The task "S" gave no heartbeat for 100 seconds.`},
		{"timed out, but nobody looked yet", func(w *world, _ string) error { w.clock.Advance(time.Hour); return nil }, `FAILED States.HeartbeatTimeout: The task "S" gave no heartbeat for 100 seconds.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, token := parkedWorld(t)
			if err := c.first(w, token); err != nil {
				t.Fatal(err)
			}
			for what, err := range map[string]error{
				"succeed": w.Succeed(ctx, token, []byte(`1`)), "fail": w.Fail(ctx, token, "No", ""), "heartbeat": w.Heartbeat(ctx, token),
			} {
				if !errors.Is(err, asl.ErrTokenUsed) {
					t.Errorf("%s afterwards: %v, want ErrTokenUsed", what, err)
				}
			}
			equal(t, "outcome", outcome(w.describe()), c.want)
		})
	}
	w, _ := parkedWorld(t)
	if err := w.Succeed(ctx, "never existed", []byte(`1`)); !errors.Is(err, asl.ErrTokenUsed) {
		t.Errorf("unknown token: %v, want ErrTokenUsed", err)
	}
}

func TestHeartbeatsKeepATaskAlive(t *testing.T) {
	w, token := parkedWorld(t)
	for range 10 {
		w.pass(99 * time.Second)
		if err := w.Heartbeat(context.Background(), token); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "outcome", outcome(w.pass(time.Hour)), `FAILED States.Timeout: The task "S" did not end in time.`)
}

func TestBadAnswersLeaveTheTokenAlive(t *testing.T) {
	ctx := context.Background()
	w, token := parkedWorld(t)
	for what, err := range map[string]error{
		"no JSON": w.Succeed(ctx, token, []byte(`{`)), "two documents": w.Succeed(ctx, token, []byte(`1 2`)),
		"too large": w.Succeed(ctx, token, []byte(`"`+strings.Repeat("x", 256*1024)+`"`)),
		"no name":   w.Fail(ctx, token, "", ""), "long cause": w.Fail(ctx, token, "E", strings.Repeat("x", 32*1024+1)),
	} {
		if !errors.Is(err, asl.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", what, err)
		}
	}
	if err := w.Succeed(ctx, token, []byte(`1`)); err != nil {
		t.Errorf("a good answer afterwards: %v", err)
	}
}

func TestAFunctionMayAnswerItsOwnToken(t *testing.T) {
	var w *world
	w = newWorld(t, one(asking, then), functions{"f": func(ctx context.Context, p map[string]any) (any, error) {
		if err := w.Succeed(ctx, p["t"].(string), []byte(`"from within"`)); err != nil {
			t.Errorf("answer: %v", err)
		}
		if err := ctx.Err(); err != nil {
			t.Errorf("after its answer the function's context ended: %v", err)
		}
		return nil, errors.New("this comes too late to matter")
	}})
	equal(t, "outcome", outcome(w.run(`{}`)), `"from within"`)
	equal(t, "events", types(w.history()), "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited PassStateEntered PassStateExited ExecutionSucceeded")
}

// Of many concurrent answers exactly one wins, and it is the one the execution goes on with.
func TestConcurrentAnswers(t *testing.T) {
	for range 20 {
		w, token := parkedWorld(t)
		var won atomic.Value
		var wins atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				out := []byte{'0' + byte(i%10)}
				err := w.Succeed(context.Background(), token, out)
				switch {
				case err == nil:
					wins.Add(1)
					won.Store(string(out))
				case !errors.Is(err, asl.ErrTokenUsed):
					t.Errorf("answer %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if wins.Load() != 1 {
			t.Fatalf("%d answers won", wins.Load())
		}
		equal(t, "outcome", outcome(w.describe()), won.Load().(string))
	}
}

func TestStartIsIdempotent(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t, one(`{"Type":"Wait","Seconds":5,"End":true}`), nil0)
	for _, status := range []string{asl.StatusRunning, asl.StatusSucceeded} {
		for _, input := range []string{`{"a":1,"b":2}`, ` {"b":2, "a":1} `} {
			if err := w.Start(ctx, "m", "x", []byte(input)); err != nil {
				t.Errorf("start with %s: %v", input, err)
			}
		}
		if err := w.Start(ctx, "m", "x", []byte(`{"a":2}`)); !errors.Is(err, asl.ErrExecutionExists) {
			t.Errorf("another input: %v, want ErrExecutionExists", err)
		}
		if status == asl.StatusRunning {
			equal(t, "status", w.describe().Status, status)
			w.pass(time.Minute)
		}
		equal(t, "starts", strings.Count(types(w.history()), "ExecutionStarted"), 1)
	}
	for what, err := range map[string]error{
		"bad name": w.Start(ctx, "m", "a/b", []byte(`{}`)), "no name": w.Start(ctx, "m", "", []byte(`{}`)),
		"long name": w.Start(ctx, "m", strings.Repeat("x", 81), []byte(`{}`)), "bad input": w.Start(ctx, "m", "y", []byte(`}`)),
		"large input": w.Start(ctx, "m", "y", []byte(`"`+strings.Repeat("x", 256*1024)+`"`)),
	} {
		if !errors.Is(err, asl.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", what, err)
		}
	}
	if err := w.Start(ctx, "n", "x", []byte(`{}`)); !errors.Is(err, asl.ErrNoMachine) {
		t.Errorf("no machine: %v", err)
	}
	if _, err := w.Describe(ctx, "m", "y"); !errors.Is(err, asl.ErrNoExecution) {
		t.Errorf("describe nothing: %v", err)
	}
	if err := w.Stop(ctx, "m", "y", ""); !errors.Is(err, asl.ErrNoExecution) {
		t.Errorf("stop nothing: %v", err)
	}
	if err := w.Stop(ctx, "m", "x", ""); err != nil {
		t.Errorf("stop what has ended: %v", err)
	}
}

func TestConcurrentStartsBeginOneExecution(t *testing.T) {
	w := newWorld(t, one(`{"Type":"Pass","End":true}`), nil0)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if err := w.Start(context.Background(), "m", "x", []byte(`{}`)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	equal(t, "events", types(w.history()), "ExecutionStarted PassStateEntered PassStateExited ExecutionSucceeded")
}
