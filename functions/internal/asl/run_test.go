package asl_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/asl"
)

func TestHistoryOfAMap(t *testing.T) {
	def := one(`{"Type":"Map","MaxConcurrency":1,"ItemProcessor":{"StartAt":"A","States":{"A":{` + invoke + `,"Parameters":{"FunctionName":"echo","Payload":{"v.$":"$"}},"OutputPath":"$.Payload.v","End":true}}},"End":true}`)
	w := newWorld(t, def, std)
	equal(t, "outcome", outcome(w.run(`[5,6]`)), `[5,6]`)
	once := "MapIterationStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited MapIterationSucceeded "
	equal(t, "events", types(w.history()), "ExecutionStarted MapStateEntered MapStateStarted "+once+once+"MapStateSucceeded MapStateExited ExecutionSucceeded")
	equal(t, "length", w.history()[2].Length, 2)
	equal(t, "index", w.history()[10].Index, 1)
	equal(t, "billed", asl.BilledTransitions(w.history()), 3)
}

func TestMaxConcurrency(t *testing.T) {
	for limit, want := range map[int]int{0: 40, 1: 1, 3: 3, 100: 40} {
		def := one(fmt.Sprintf(`{"Type":"Map","MaxConcurrency":%d,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":1,"End":true}}},"End":true}`, limit))
		w := newWorld(t, def, nil0)
		w.run(`[` + strings.Repeat("0,", 99) + `0]`)
		at, most := 0, 0
		for _, e := range w.history() {
			switch e.Type {
			case "MapIterationStarted":
				at++
			case "MapIterationSucceeded":
				at--
			}
			most = max(most, at)
		}
		equal(t, fmt.Sprintf("under way with MaxConcurrency %d", limit), most, want)
	}
}

func TestAFailingBranchAbortsItsSiblings(t *testing.T) {
	def := one(`{"Type":"Parallel","Branches":[` +
		`{"StartAt":"A","States":{"A":{` + callback + `,"Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token"}},"End":true}}},` +
		`{"StartAt":"M","States":{"M":{"Type":"Map","ItemProcessor":{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":99,"End":true}}},"End":true}}},` +
		`{"StartAt":"B","States":{"B":{"Type":"Wait","Seconds":9,"Next":"C"},"C":{"Type":"Fail","Error":"E"}}}],"End":true}`)
	token := ""
	w := newWorld(t, def, functions{"f": func(_ context.Context, p map[string]any) (any, error) { token = p["t"].(string); return nil, nil }})
	d := w.run(`[1]`)
	equal(t, "outcome", outcome(d), "FAILED E")
	equal(t, "ended", d.Ended, epoch.Add(9*time.Second))
	_, after, _ := strings.Cut(types(w.history()), "FailStateEntered ")
	equal(t, "events", after, "TaskStateAborted WaitStateAborted MapIterationAborted MapStateAborted ParallelStateFailed ExecutionFailed")
	if err := w.Succeed(context.Background(), token, []byte(`1`)); !errors.Is(err, asl.ErrTokenUsed) {
		t.Errorf("answer to an aborted task: %v, want ErrTokenUsed", err)
	}
}

func TestPayloadLimit(t *testing.T) {
	big := functions{
		"big":  func(context.Context, map[string]any) (any, error) { return strings.Repeat("x", 256*1024-200), nil },
		"huge": func(context.Context, map[string]any) (any, error) { return strings.Repeat("x", 256*1024), nil },
	}
	for _, c := range []struct{ name, state, want string }{
		{"fits", `{` + invoke + `,"Parameters":{"FunctionName":"big"},"ResultPath":null,"End":true}`, `{}`},
		{"answer too large", `{` + invoke + `,"Parameters":{"FunctionName":"huge"},"ResultPath":null,"End":true}`, `FAILED States.DataLimitExceeded`},
		{"not caught by all", `{` + invoke + `,"Parameters":{"FunctionName":"huge"},"ResultPath":null,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"T"}],"Next":"T"}`, `FAILED States.DataLimitExceeded`},
		{"caught by name", `{` + invoke + `,"Parameters":{"FunctionName":"huge"},"ResultPath":null,"Catch":[{"ErrorEquals":["States.DataLimitExceeded"],"ResultPath":null,"Next":"T"}],"Next":"T"}`, `{}`},
		{"two that fit are together too large", `{"Type":"Parallel","ResultPath":null,"Branches":[{"StartAt":"A","States":{"A":{` + invoke + `,"Parameters":{"FunctionName":"big"},"End":true}}},{"StartAt":"B","States":{"B":{` + invoke + `,"Parameters":{"FunctionName":"big"},"End":true}}}],"End":true}`, `FAILED States.DataLimitExceeded`},
	} {
		more := []string{}
		if strings.Contains(c.state, `"T"`) {
			more = append(more, then)
		}
		w := newWorld(t, one(c.state, more...), big)
		got, _, _ := strings.Cut(outcome(w.run(`{}`)), ":")
		equal(t, c.name, got, c.want)
	}
}

func TestHistoryLimit(t *testing.T) {
	def := one(`{"Type":"Pass","Next":"C"}`, `"C":{"Type":"Choice","Choices":[{"Variable":"$.stop","BooleanEquals":true,"Next":"D"}],"Default":"S"}`, `"D":{"Type":"Succeed"}`)
	w := newWorld(t, def, nil0)
	d := w.run(`{"stop":false}`)
	equal(t, "outcome", outcome(d), "FAILED States.Runtime: The execution reached the maximum number of history events (25000).")
	h := w.history()
	equal(t, "events", len(h), 25000)
	equal(t, "last", h[24999].Type, "ExecutionFailed")
}

// gate counts what runs, and lets everybody go once sixteen were in it together.
type gate struct {
	mu      sync.Mutex
	now     int
	most    int
	once    sync.Once
	release chan struct{}
}

func (g *gate) Invoke(ctx context.Context, _ string, _ []byte) ([]byte, error) {
	g.mu.Lock()
	g.now++
	g.most = max(g.most, g.now)
	full := g.now
	g.mu.Unlock()
	if full == 16 {
		g.once.Do(func() { close(g.release) })
	}
	defer func() { g.mu.Lock(); g.now--; g.mu.Unlock() }()
	select {
	case <-g.release:
		return []byte(`1`), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestRunInvokesConcurrentlyWithinItsBound(t *testing.T) {
	def := one(`{` + invoke + `,"Parameters":{"FunctionName":"f"},"OutputPath":"$.Payload","End":true}`)
	g := &gate{release: make(chan struct{})}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 100)
	o := asl.Options{Machines: map[string]*asl.Machine{"m": mustParse(t, def)}, Invoker: g, Journal: &asl.MemoryJournal{}, OnEvent: func(_, _ string, e asl.Event) {
		if e.Type == "ExecutionSucceeded" {
			ended <- struct{}{}
		}
	}}
	e, err := asl.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- e.Run(ctx) }()
	for i := range 50 {
		if err := e.Start(ctx, "m", fmt.Sprint("x", i), []byte(`{}`)); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 {
		<-ended
	}
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: %v", err)
	}
	equal(t, "most under way", g.most, 16)
}

func TestRunEndsAndTheNextRunInvokesAgain(t *testing.T) {
	def := one(`{` + invoke + `,"Parameters":{"FunctionName":"f"},"OutputPath":"$.Payload","End":true}`)
	begun, n := make(chan struct{}, 9), 0
	clock := asl.NewVirtualClock(epoch)
	w := newWorldOn(t, def, functions{"f": func(ctx context.Context, _ map[string]any) (any, error) {
		if n++; n == 2 {
			return "second time", nil
		}
		begun <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}, &asl.MemoryJournal{}, clock)
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- w.Run(ctx) }()
	if err := w.Start(context.Background(), "m", "x", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	<-begun
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: %v", err)
	}
	equal(t, "status", w.describe().Status, asl.StatusRunning)
	equal(t, "outcome", outcome(w.pass(time.Second)), `"second time"`)
}

func TestTimeoutsEndFunctionsThatHang(t *testing.T) {
	// All workers hang; the alarm must still be looked at.
	def := one(`{` + invoke + `,"Parameters":{"FunctionName":"f"},"TimeoutSeconds":60,"End":true}`)
	clock := asl.NewVirtualClock(epoch)
	begun, ended := make(chan struct{}), make(chan asl.Event, 1)
	o := options(mustParse(t, def), functions{"f": func(ctx context.Context, _ map[string]any) (any, error) {
		close(begun)
		<-ctx.Done()
		return nil, ctx.Err()
	}}, &asl.MemoryJournal{}, clock)
	o.Workers = 1
	o.OnEvent = func(_, _ string, e asl.Event) {
		if e.Type == "ExecutionFailed" {
			ended <- e
		}
	}
	e, err := asl.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- e.Run(ctx) }()
	if err := e.Start(ctx, "m", "x", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	<-begun
	clock.Advance(time.Minute)
	equal(t, "error", (<-ended).Error, "States.Timeout")
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestAJournalThatFailsStopsTheEngine(t *testing.T) {
	j := &dying{Journal: &asl.MemoryJournal{}, left: 2}
	w := newWorldOn(t, one(`{`+invoke+`,"Parameters":{"FunctionName":"echo"},"End":true}`), std, j, asl.NewVirtualClock(epoch))
	ctx := context.Background()
	if err := w.Start(ctx, "m", "x", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.RunUntilIdle(ctx); !errors.Is(err, errPower) {
		t.Errorf("RunUntilIdle: %v, want the journal's error", err)
	}
	_, described := w.Describe(ctx, "m", "x")
	for what, err := range map[string]error{
		"run": w.Run(ctx), "start": w.Start(ctx, "m", "y", []byte(`{}`)), "stop": w.Stop(ctx, "m", "x", ""), "describe": described,
		"succeed": w.Succeed(ctx, "t", []byte(`1`)),
	} {
		if !errors.Is(err, errPower) {
			t.Errorf("%s: %v, want the journal's error", what, err)
		}
	}
}

// Many executions at once, each answered by somebody else while their functions may still be returning.
func TestManyExecutionsAtOnce(t *testing.T) {
	def := `{"StartAt":"Ask","States":{"Ask":{"Type":"Map","ItemProcessor":{"StartAt":"One","States":{"One":{` + callback +
		`,"Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token","n.$":"$"}},"TimeoutSeconds":600,"End":true}}},"End":true}}}`
	const many = 60
	type question struct {
		token string
		n     float64
	}
	asked := make(chan question, many*3)
	o := options(mustParse(t, def), functions{"f": func(_ context.Context, p map[string]any) (any, error) {
		asked <- question{p["t"].(string), p["n"].(float64)}
		return nil, nil
	}}, &asl.MemoryJournal{}, nil)
	ended := make(chan string, many)
	o.OnEvent = func(_, name string, e asl.Event) {
		if e.Type == "ExecutionSucceeded" {
			ended <- name + " " + string(e.Output)
		}
	}
	e, err := asl.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- e.Run(ctx) }()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for q := range asked {
				if err := e.Succeed(ctx, q.token, fmt.Append(nil, q.n*2)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	want := map[string]bool{}
	for i := range many {
		name := fmt.Sprint("x", i)
		want[fmt.Sprintf("%s [%d,%d,%d]", name, 2*i, 2*i+2, 2*i+4)] = true
		if err := e.Start(ctx, "m", name, fmt.Appendf(nil, "[%d,%d,%d]", i, i+1, i+2)); err != nil {
			t.Fatal(err)
		}
	}
	for range many {
		if got := <-ended; !want[got] {
			t.Errorf("unexpected end %s", got)
		}
	}
	close(asked)
	wg.Wait()
	cancel()
	if err := <-ran; err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestASiblingThatHadNotBegunNeverDoes(t *testing.T) {
	def := one(`{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E"}}},`+
		`{"StartAt":"B","States":{"B":{`+invoke+`,"Parameters":{"FunctionName":"f"},"End":true}}}],"Catch":[{"ErrorEquals":["E"],"Next":"T"}],"End":true}`, then)
	w := newWorld(t, def, functions{"f": func(context.Context, map[string]any) (any, error) {
		t.Error("the aborted task's function was invoked")
		return nil, nil
	}})
	w.run(`{}`)
	equal(t, "events", types(w.history()), "ExecutionStarted ParallelStateEntered ParallelStateStarted FailStateEntered TaskStateEntered "+
		"TaskStateAborted ParallelStateFailed ParallelStateExited PassStateEntered PassStateExited ExecutionSucceeded")
}
