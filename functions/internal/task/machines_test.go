package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/task"
)

// execution is a machine at a state: what the deployed machines keep in their input, and no more.
type execution struct {
	Machine, Name, Release, Request string
	Execution                       int
	Command                         json.RawMessage
	OnApproval                      release.Status
}

// parked is a task that waits for its token.
type parked struct {
	execution
	State string // "await" or "ask"
}

// flow is the state of the workflow. It is copied with the table.
type flow struct {
	tokens           map[string]parked
	started, stopped map[string]bool
	counts           map[string]int
	sum              uint64
}

func newFlow() *flow {
	return &flow{tokens: map[string]parked{}, started: map[string]bool{}, stopped: map[string]bool{}, counts: map[string]int{}}
}

func (f *flow) copy() *flow {
	return &flow{maps.Clone(f.tokens), maps.Clone(f.started), maps.Clone(f.stopped), maps.Clone(f.counts), f.sum}
}

// note keeps the sum equal for equal states, whatever order led there.
func (f *flow) note(what string) { f.sum ^= maphash.String(seed, what) }

func (f *flow) token(x execution, state string) string {
	f.counts[x.Name]++
	token := fmt.Sprintf("%s/%d", x.Name, f.counts[x.Name])
	f.tokens[token] = parked{x, state}
	f.note(token)
	return token
}

func (f *flow) take(token string) (parked, bool) {
	p, ok := f.tokens[token]
	if ok {
		delete(f.tokens, token)
		f.note("taken " + token)
	}
	return p, ok
}

// workflow is release.Workflow over the flow of a world: what an answer leads to is done by whoever gave it, afterwards.
type workflow struct{ w *world }

func (f workflow) Start(ctx context.Context, machine, name string, input []byte) error {
	a := actorOf(ctx)
	if err := a.pass("start"); err != nil {
		return err
	}
	if f.w.flow.started[name] {
		a.saw("started before")
		return nil
	}
	f.w.flow.started[name] = true
	f.w.flow.note("start " + name)
	a.saw("started")
	x := execution{Machine: machine, Name: name}
	if err := json.Unmarshal(input, &x); err != nil {
		return err
	}
	a.later(func() { f.w.begin(ctx, x, input) })
	return nil
}

func (f workflow) Succeed(ctx context.Context, token string, output []byte) error {
	a := actorOf(ctx)
	if err := a.pass("succeed"); err != nil {
		return err
	}
	p, ok := f.w.flow.take(token)
	a.saw(fmt.Sprint("succeed ", ok))
	if !ok {
		return fault.New(fault.Conflict, "token_used", "Somebody else answered first.")
	}
	a.later(func() { f.w.answered(ctx, p, output) })
	return nil
}

func (f workflow) Fail(context.Context, string, string, string) error { panic("no task fails a token") }

func (f workflow) Stop(ctx context.Context, _, name, _ string) error {
	a := actorOf(ctx)
	if err := a.pass("stop"); err != nil {
		return err
	}
	if f.w.cannotStop {
		return fault.New(fault.Unavailable, "", "the workflow is down")
	}
	if !f.w.flow.stopped[name] {
		f.w.flow.stopped[name] = true
		f.w.flow.note("stop " + name)
	}
	for token, p := range f.w.flow.tokens {
		if p.Name == name {
			f.w.flow.take(token)
		}
	}
	return nil
}

// Names of what is no fault of a task.
const (
	gone   = "Gone" // the execution was stopped, or the test has seen enough
	tries  = 7      // of Retry in the machines
	rounds = 9      // of Rest and try again, which in the machines has no end
)

// invoke calls a task with the Retry of the machines, and gives the name of its error.
func (w *world) invoke(ctx context.Context, x execution, function string, payload map[string]any, out any) string {
	payload["release"], payload["execution"], payload["request"], payload["now"] = x.Release, x.Execution, x.Request, w.now
	if x.Command != nil {
		payload["command"] = x.Command
	}
	data, err := json.Marshal(payload)
	if err != nil {
		panic(err)
	}
	for try := 1; ; try++ {
		if w.flow.stopped[x.Name] || actorOf(ctx).aborted {
			return gone
		}
		result, err := w.tasks[function](ctx, data)
		if err == nil && out != nil {
			raw, _ := json.Marshal(result)
			err = json.Unmarshal(raw, out)
		}
		var named messages.InvokeResponse_Error
		if err == nil || !errors.As(err, &named) {
			return ""
		}
		again := named.Type == "Conflict" || named.Type == "Limited" || named.Type == "Unavailable"
		if !again || try == tries {
			return named.Type
		}
	}
}

func (w *world) begin(ctx context.Context, x execution, input []byte) {
	var in struct{ Review string }
	if err := json.Unmarshal(input, &in); err != nil {
		panic(err)
	}
	switch {
	case x.Machine == "release":
		w.await(ctx, x)
	case in.Review == "no":
		w.takeOffline(ctx, x)
	default:
		w.ask(ctx, x)
	}
}

// await is AwaitMerchant, AwaitPilot and AwaitRollout with their rests.
func (w *world) await(ctx context.Context, x execution) {
	for range rounds {
		token := w.flow.token(x, "await")
		name := w.invoke(ctx, x, "await", map[string]any{"token": token, "startedAt": w.now}, nil)
		if name == "" {
			return
		}
		w.flow.take(token)
		if name == gone {
			return
		}
	}
	w.stuck(x, "await")
}

func (w *world) answered(ctx context.Context, p parked, output []byte) {
	x := p.execution
	if p.State == "ask" {
		w.decided(ctx, x, output)
		return
	}
	var cmd release.Command
	if err := json.Unmarshal(output, &cmd); err != nil {
		panic(err)
	}
	x.Command = output
	switch {
	case cmd.Action == "end":
	case cmd.Action == release.Apply:
		w.apply(ctx, x)
	case cmd.To == release.FullRelease || cmd.To == release.Canceled:
		if name := w.invoke(ctx, x, "act", map[string]any{}, nil); name != "" && name != gone {
			w.await(ctx, x)
		}
	default:
		w.await(ctx, x)
	}
}

func (w *world) apply(ctx context.Context, x execution) {
	var out task.Applied
	switch name := w.invoke(ctx, x, "apply", map[string]any{}, &out); {
	case name == gone:
	case name != "":
		w.await(ctx, x)
	case out.To == release.UnderReview:
		x.Request, x.OnApproval = out.Request, out.OnApproval
		w.ask(ctx, x)
	case out.To == release.PilotTesting:
		w.await(ctx, x)
	}
}

func (w *world) ask(ctx context.Context, x execution) {
	for range rounds {
		token := w.flow.token(x, "ask")
		name := w.invoke(ctx, x, "ask", map[string]any{"party": "app", "token": token}, nil)
		if name == "" {
			return
		}
		w.flow.take(token)
		switch {
		case name == gone || name == task.NotApproved && x.Machine != "release":
			return
		case x.Machine != "removal":
			w.giveBack(ctx, x)
			return
		}
	}
	w.stuck(x, "ask")
}

func (w *world) giveBack(ctx context.Context, x execution) {
	w.invoke(ctx, x, "decide", map[string]any{"party": "", "decision": map[string]string{"decision": "give-back"}}, nil)
	if x.Machine == "release" {
		w.await(ctx, x)
	}
}

func (w *world) decided(ctx context.Context, x execution, decision []byte) {
	for range rounds {
		name := w.invoke(ctx, x, "decide", map[string]any{"party": "app", "decision": json.RawMessage(decision)}, nil)
		switch {
		case name == gone:
			return
		case x.Machine == "release" && name == "":
			if x.OnApproval != release.FullRelease {
				w.await(ctx, x)
			}
			return
		case x.Machine == "release" && name == task.NotApproved:
			w.await(ctx, x)
			return
		case name == task.NotApproved:
			return
		case x.Machine == "removal" && name == "":
			w.carryOut(ctx, x)
			return
		case name == "":
			w.takeOffline(ctx, x)
			return
		case x.Machine != "removal":
			w.giveBack(ctx, x)
			return
		}
	}
	w.stuck(x, "decide")
}

// carryOut is what follows an approved force removal. Only the stop is not repeated: what was not stopped is mapped.
func (w *world) carryOut(ctx context.Context, x execution) {
	w.invoke(ctx, x, "stop-machines", map[string]any{}, nil)
	for _, function := range []string{"map-releases", "notify"} {
		w.untilDone(ctx, x, function)
	}
}

func (w *world) takeOffline(ctx context.Context, x execution) { w.untilDone(ctx, x, "take-offline") }

func (w *world) untilDone(ctx context.Context, x execution, function string) {
	for range rounds {
		if name := w.invoke(ctx, x, function, map[string]any{}, nil); name == "" || name == gone {
			return
		}
	}
	w.stuck(x, function)
}

func (w *world) stuck(x execution, state string) {
	w.problems = append(w.problems, fmt.Sprintf("machine %s is stuck in %s", x.Name, strings.ToUpper(state)))
}
