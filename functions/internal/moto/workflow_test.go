package moto_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/moto"
	"slipway/functions/internal/release"
)

var _ release.Workflow = (*moto.Workflow)(nil)

// story asks, waits for an answer, and then asks each party in parallel: the shapes that the real machines are made of.
const story = `{
  "StartAt": "Ask",
  "States": {
    "Ask": {
      "Type": "Task",
      "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
      "Parameters": {"FunctionName": "arn:aws:lambda:eu-central-1:000000000000:function:park", "Payload": {"token.$": "$$.Task.Token", "who": "merchant"}},
      "TimeoutSeconds": 20, "ResultPath": "$.answer",
      "Catch": [{"ErrorEquals": ["Refused"], "Next": "Refused by hand"}],
      "Next": "Go on?"
    },
    "Go on?": {"Type": "Choice", "Choices": [{"Variable": "$.answer.go", "BooleanEquals": true, "Next": "Ask all"}], "Default": "Judge"},
    "Ask all": {
      "Type": "Map", "ItemsPath": "$.parties", "MaxConcurrency": 0,
      "ItemSelector": {"who.$": "$$.Map.Item.Value"},
      "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": "Ask one", "States": {"Ask one": {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "Parameters": {"FunctionName": "park", "Payload": {"token.$": "$$.Task.Token", "who.$": "$.who"}},
        "TimeoutSeconds": 20, "End": true}}},
      "End": true
    },
    "Judge": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
      "Parameters": {"FunctionName": "judge", "Payload": {}},
      "Catch": [{"ErrorEquals": ["Conflict"], "ResultPath": "$.error", "Next": "Wait in vain"}],
      "Next": "Wait in vain"
    },
    "Wait in vain": {
      "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
      "Parameters": {"FunctionName": "park", "Payload": {"token.$": "$$.Task.Token", "who": "nobody"}},
      "TimeoutSeconds": 1,
      "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Expired"}],
      "End": true
    },
    "Expired": {"Type": "Pass", "Result": {"expired": true}, "End": true},
    "Refused by hand": {"Type": "Fail", "Error": "Refused"}
  }
}`

// parked is the far side of the callback tasks: who waits, with which token.
type parked struct {
	mu     sync.Mutex
	tokens map[string]chan string
}

func (p *parked) of(who string) chan string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tokens == nil {
		p.tokens = map[string]chan string{}
	}
	if p.tokens[who] == nil {
		p.tokens[who] = make(chan string, 9)
	}
	return p.tokens[who]
}

func (p *parked) handle(function string, payload []byte) (out []byte, errType, errMsg string) {
	if function == "judge" {
		return nil, "Conflict", "judged"
	}
	var in struct{ Token, Who string }
	if err := json.Unmarshal(payload, &in); err != nil || function != "park" {
		return nil, "Broken", function
	}
	p.of(in.Who) <- in.Token
	return []byte(`{}`), "", ""
}

func TestWorkflow(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var p parked
	w := moto.StepFunctions(t, p.handle)
	w.Machine("story", []byte(story))
	start := func(t *testing.T, name string) {
		t.Helper()
		if err := w.Start(ctx, "story", name, []byte(`{"parties": ["app", "platform"]}`)); err != nil {
			t.Fatal(err)
		}
	}
	ends := func(t *testing.T, name string, want moto.Execution, wantPath ...string) {
		t.Helper()
		got, err := w.Wait(ctx, "story", name)
		if err != nil || got.Status != want.Status || got.Error != want.Error || !strings.Contains(string(got.Output), string(want.Output)) {
			t.Fatalf("%s ended %+v, %v, output %s", name, got, err, got.Output)
		}
		path, err := w.Path(ctx, "story", name)
		if d := cmp.Diff(wantPath, path); err != nil || d != "" {
			t.Fatalf("path of %s: %v (-want +got):\n%s", name, err, d)
		}
	}

	t.Run("all answer", func(t *testing.T) { allAnswer(ctx, t, w, &p, start, ends) })
	t.Run("an error by name and a timeout", func(t *testing.T) {
		start(t, "vain")
		answered(t, w.Succeed(ctx, <-p.of("merchant"), []byte(`{"go": false}`)))
		late := <-p.of("nobody")
		ends(t, "vain", moto.Execution{Status: "SUCCEEDED", Output: []byte(`{"expired":true}`)}, "Ask", "Go on?", "Judge", "Wait in vain", "Expired")
		if err := w.Succeed(ctx, late, []byte(`{}`)); !fault.Is(err, fault.Conflict) {
			t.Errorf("an answer after the timeout: %v", err)
		}
	})
	t.Run("a failure sent by hand", func(t *testing.T) {
		start(t, "refused")
		answered(t, w.Fail(ctx, <-p.of("merchant"), "Refused", "by hand"))
		ends(t, "refused", moto.Execution{Status: "FAILED", Error: "Refused"}, "Ask", "Refused by hand")
	})
	t.Run("stopped", func(t *testing.T) {
		start(t, "stopped")
		token := <-p.of("merchant")
		answered(t, w.Stop(ctx, "story", "stopped", "force removed"))
		ends(t, "stopped", moto.Execution{Status: "ABORTED"}, "Ask")
		answered(t, w.Stop(ctx, "story", "stopped", "again"))
		answered(t, w.Stop(ctx, "story", "never started", ""))
		if err := w.Succeed(ctx, token, []byte(`{}`)); !fault.Is(err, fault.Conflict) {
			t.Errorf("an answer after the stop: %v", err)
		}
	})
	t.Run("the same start again", func(t *testing.T) {
		start(t, "stopped")
		if err := w.Start(ctx, "story", "stopped", []byte(`{}`)); !fault.Is(err, fault.Conflict) {
			t.Errorf("the same name with another input: %v", err)
		}
		if got := w.Names("story"); !slices.Contains(got, "stopped") || len(got) != 5 {
			t.Errorf("executions: %v", got)
		}
	})
}

func allAnswer(ctx context.Context, t *testing.T, w *moto.Workflow, p *parked, start func(*testing.T, string), ends func(*testing.T, string, moto.Execution, ...string)) {
	start(t, "all")
	start(t, "other") // a second execution at the same time, which must not take the first one's answers
	token := <-p.of("merchant")
	other := <-p.of("merchant")
	errs := make([]error, 4)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = w.Succeed(ctx, token, []byte(`{"go": true}`)) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !fault.Is(err, fault.Conflict) {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d answers to one token went through", won, len(errs))
	}
	for _, who := range []string{"platform", "app"} {
		answered(t, w.Succeed(ctx, <-p.of(who), []byte(`{"by": "`+who+`"}`)))
	}
	answered(t, w.Succeed(ctx, other, []byte(`{"go": true}`)))
	for _, who := range []string{"platform", "app"} {
		answered(t, w.Succeed(ctx, <-p.of(who), []byte(`{"by": "`+who+`"}`)))
	}
	path := []string{"Ask", "Go on?", "Ask all", "Ask one", "Ask one"}
	ends(t, "all", moto.Execution{Status: "SUCCEEDED", Output: []byte(`[{"by":"app"},{"by":"platform"}]`)}, path...)
	ends(t, "other", moto.Execution{Status: "SUCCEEDED"}, path...)
}

func answered(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
