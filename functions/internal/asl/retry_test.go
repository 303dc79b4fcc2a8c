package asl_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/asl"
)

// failing fails by the names it is given, one after the other, then answers.
func failing(names ...string) functions {
	n := 0
	return functions{"f": func(context.Context, map[string]any) (any, error) {
		if n++; n <= len(names) {
			return nil, &asl.TaskError{Name: names[n-1], Cause: fmt.Sprint("failure ", n)}
		}
		return n, nil
	}}
}

func retrying(retriers string) string {
	return one(`{` + invoke + `,"Parameters":{"FunctionName":"f"},"OutputPath":"$.Payload","Retry":[` + retriers + `],"End":true}`)
}

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name, retriers string
		fail           []string
		want           string
		at             []int // seconds at which the function was scheduled
	}{
		{"defaults: three times, 1, 2, 4 seconds", `{"ErrorEquals":["E"]}`, []string{"E", "E", "E"}, `4`, []int{0, 1, 3, 7}},
		{"and then no more", `{"ErrorEquals":["E"]}`, []string{"E", "E", "E", "E"}, `FAILED E: failure 4`, []int{0, 1, 3, 7}},
		{"other errors are not retried", `{"ErrorEquals":["E"]}`, []string{"F"}, `FAILED F: failure 1`, []int{0}},
		{"no attempts", `{"ErrorEquals":["E"],"MaxAttempts":0},{"ErrorEquals":["States.ALL"]}`, []string{"E"}, `FAILED E: failure 1`, []int{0}},
		{"interval, rate and longest delay", `{"ErrorEquals":["E"],"IntervalSeconds":10,"BackoffRate":3,"MaxDelaySeconds":40,"MaxAttempts":4}`, []string{"E", "E", "E", "E"}, `5`, []int{0, 10, 40, 80, 120}},
		{"a rate of one", `{"ErrorEquals":["E"],"IntervalSeconds":2,"BackoffRate":1.0}`, []string{"E", "E"}, `3`, []int{0, 2, 4}},
		{"each retrier counts by itself", `{"ErrorEquals":["E"],"MaxAttempts":1,"IntervalSeconds":5},{"ErrorEquals":["States.ALL"],"MaxAttempts":2}`, []string{"E", "F", "G"}, `4`, []int{0, 5, 6, 8}},
		{"an exhausted retrier ends it, though a later one would match", `{"ErrorEquals":["E"],"MaxAttempts":1},{"ErrorEquals":["States.ALL"]}`, []string{"E", "E"}, `FAILED E: failure 2`, []int{0, 1}},
		{"task failed matches any name", `{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}`, []string{"E"}, `2`, []int{0, 1}},
		{"but not the data limit, which only its name matches", `{"ErrorEquals":["States.DataLimitExceeded"]}`, []string{"States.DataLimitExceeded"}, `2`, []int{0, 1}},
		{"as it is not for all", `{"ErrorEquals":["States.ALL"]}`, []string{"States.DataLimitExceeded"}, `FAILED States.DataLimitExceeded: failure 1`, []int{0}},
		{"runtime errors are for nobody", `{"ErrorEquals":["States.ALL"]}`, []string{"States.Runtime"}, `FAILED States.Runtime: failure 1`, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, retrying(c.retriers), failing(c.fail...))
			equal(t, "outcome", outcome(w.run(`{}`)), c.want)
			var at []int
			for _, e := range w.history() {
				if e.Type == "TaskScheduled" {
					at = append(at, int(e.Time.Sub(epoch).Seconds()))
				}
			}
			equal(t, "scheduled", at, c.at)
			equal(t, "billed", asl.BilledTransitions(w.history()), len(c.at))
		})
	}
}

func TestRetryJitterStaysBelowTheDelay(t *testing.T) {
	seen := map[time.Duration]bool{}
	for seed := range byte(20) {
		o := options(mustParse(t, retrying(`{"ErrorEquals":["E"],"IntervalSeconds":100,"MaxAttempts":1,"JitterStrategy":"FULL"}`)), failing("E"), &asl.MemoryJournal{}, asl.NewVirtualClock(epoch))
		o.Rand = rand.NewChaCha8([32]byte{seed})
		e, err := asl.New(o)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{e, t, o.Clock.(*asl.VirtualClock)}
		w.run(`{}`)
		d := w.describe().Ended.Sub(epoch)
		if d < 0 || d > 100*time.Second {
			t.Errorf("seed %d waited %v, want at most 100 s", seed, d)
		}
		seen[d] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 seeds gave only %d delays", len(seen))
	}
}

func TestRetryCountersBeginAgainWithEveryEntry(t *testing.T) {
	// The loop enters S twice; each entry may fail once.
	def := one(`{`+invoke+`,"Parameters":{"FunctionName":"f","Payload":{"tries.$":"$$.State.RetryCount"}},"Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],"ResultPath":"$.r","Next":"C"}`,
		`"C":{"Type":"Choice","Choices":[{"Variable":"$.r.Payload","NumericLessThan":4,"Next":"S"}],"Default":"D"}`, `"D":{"Type":"Succeed"}`)
	n, tries := 0, []any{}
	w := newWorld(t, def, functions{"f": func(_ context.Context, p map[string]any) (any, error) {
		tries = append(tries, p["tries"])
		if n++; n%2 == 1 {
			return nil, &asl.TaskError{Name: "E"}
		}
		return n, nil
	}})
	equal(t, "status", w.run(`{}`).Status, asl.StatusSucceeded)
	equal(t, "retry counts seen by the function", tries, []any{0.0, 1.0, 0.0, 1.0})
	equal(t, "path", asl.Path(w.history()), []string{"S", "C", "S", "C", "D"})
	equal(t, "billed", asl.BilledTransitions(w.history()), 7)
}

func TestParallelIsRetriedAsAWhole(t *testing.T) {
	def := one(`{"Type":"Parallel","Retry":[{"ErrorEquals":["E"],"MaxAttempts":1}],"Branches":[` +
		`{"StartAt":"A","States":{"A":{` + invoke + `,"Parameters":{"FunctionName":"f"},"OutputPath":"$.Payload","End":true}}},` +
		`{"StartAt":"B","States":{"B":{"Type":"Pass","Result":"b","End":true}}}],"End":true}`)
	w := newWorld(t, def, failing("E"))
	equal(t, "outcome", outcome(w.run(`{}`)), `[2,"b"]`)
	equal(t, "events", types(w.history()), strings.Join([]string{
		"ExecutionStarted ParallelStateEntered ParallelStateStarted TaskStateEntered PassStateEntered",
		"TaskScheduled TaskStarted PassStateExited TaskFailed ParallelStateFailed",
		"ParallelStateStarted TaskStateEntered PassStateEntered TaskScheduled TaskStarted PassStateExited",
		"TaskSucceeded TaskStateExited ParallelStateSucceeded ParallelStateExited ExecutionSucceeded"}, " "))
	equal(t, "billed", asl.BilledTransitions(w.history()), 6)
}

func TestTimeouts(t *testing.T) {
	for _, c := range []struct{ name, fields, want string }{
		{"timeout", `"TimeoutSeconds":60`, `TIMEOUT States.Timeout`},
		{"timeout by path", `"TimeoutSecondsPath":"$.t"`, `TIMEOUT States.Timeout`},
		{"heartbeat", `"TimeoutSeconds":60,"HeartbeatSeconds":20`, `TIMEOUT States.HeartbeatTimeout`},
		{"heartbeat by path", `"HeartbeatSecondsPath":"$.t"`, `TIMEOUT States.HeartbeatTimeout`},
	} {
		t.Run(c.name, func(t *testing.T) {
			def := one(`{`+callback+`,"Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token"}},`+c.fields+
				`,"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"F"},{"ErrorEquals":["States.Timeout"],"ResultPath":"$.e","Next":"T"}],"End":true}`,
				`"T":{"Type":"Pass","Parameters":{"v.$":"States.Format('TIMEOUT {}', $.e.Error)"},"OutputPath":"$.v","End":true}`, `"F":{"Type":"Fail","Error":"TaskFailedMatched"}`)
			token := ""
			w := newWorld(t, def, functions{"f": func(_ context.Context, p map[string]any) (any, error) {
				token = p["t"].(string)
				return nil, nil
			}})
			equal(t, "outcome", outcome(w.run(`{"t":30}`)), `"`+c.want+`"`)
			equal(t, "events", types(w.history()), "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskTimedOut TaskStateExited PassStateEntered PassStateExited ExecutionSucceeded")
			if err := w.Succeed(context.Background(), token, []byte(`1`)); err != asl.ErrTokenUsed {
				t.Errorf("answer after the timeout: %v, want ErrTokenUsed", err)
			}
		})
	}
}

func TestExecutionTimeouts(t *testing.T) {
	def := `{"StartAt":"S","TimeoutSeconds":100,"States":{"S":{"Type":"Wait","Seconds":101,"End":true}}}`
	w := newWorld(t, def, nil)
	d := w.run(`{}`)
	equal(t, "outcome", outcome(d), "TIMED_OUT States.Timeout: The execution ran longer than it may.")
	equal(t, "ended", d.Ended, epoch.Add(100*time.Second))

	w = newWorld(t, one(`{"Type":"Wait","Seconds":99999999,"End":true}`), nil)
	w.run(`{}`)
	equal(t, "after 364 days", w.pass(364*24*time.Hour-time.Hour).Status, asl.StatusRunning)
	equal(t, "after a year", w.pass(24*time.Hour).Status, asl.StatusTimedOut)
}
