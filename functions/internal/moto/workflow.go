package moto

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"slipway/functions/internal/fault"
)

// Workflow runs state machines on moto's interpreter. It satisfies release.Workflow.
//
// moto runs one execution per account, so each gets an account of its own; a token is tried on all of them.
// Where moto is laxer than AWS this is not: a token answers once, and a stopped execution is over at once, though moto
// lets its parked task wait on. moto drops the cause of a failure that Fail sends.
type Workflow struct {
	server *Server

	mu         sync.Mutex
	machines   map[string]string // name → definition
	executions map[id]*execution
	used       map[string]bool // answered tokens: moto would let a second answer overwrite the first
}

type id struct{ machine, name string }

type execution struct {
	account string
	input   []byte // compact JSON
	arn     string
	ended   bool
	stopped bool
}

// Execution is what Describe says.
type Execution struct {
	Status string // RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED
	Output []byte // of SUCCEEDED, compact JSON
	Error  string // of FAILED
	Cause  string
}

// StepFunctions starts moto with its interpreter; handler stands for all functions that the machines invoke.
func StepFunctions(t testing.TB, handler Handler) *Workflow {
	t.Helper()
	return Start(t).StepFunctions(t, handler)
}

// StepFunctions turns on the interpreter of a server that plays other services as well. One per server.
func (s *Server) StepFunctions(t testing.TB, handler Handler) *Workflow {
	t.Helper()
	if err := s.admin("/moto-api/config", `{"stepfunctions": {"execute_state_machine": true}}`); err != nil {
		t.Fatal(err)
	}
	s.front.use(handler)
	return &Workflow{server: s, machines: map[string]string{}, executions: map[id]*execution{}, used: map[string]bool{}}
}

// Machine names a definition, with every substitution made. The part of a FunctionName after ":function:" is what
// the handler is called with.
func (w *Workflow) Machine(name string, definition []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.machines[name] = string(definition)
}

// Start implements release.Workflow.
func (w *Workflow) Start(ctx context.Context, machine, name string, input []byte) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, input); err != nil {
		return fmt.Errorf("moto: input of %s %s: %w", machine, name, err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	definition, ok := w.machines[machine]
	if !ok {
		return fmt.Errorf("moto: no machine %q, name it with Machine first", machine)
	}
	if known := w.executions[id{machine, name}]; known != nil {
		if bytes.Equal(known.input, compact.Bytes()) {
			return nil
		}
		return fault.New(fault.Conflict, "execution_exists", "An execution of that name was started with another input.")
	}
	e := &execution{account: fmt.Sprintf("%012d", 101+len(w.executions)), input: compact.Bytes()}
	var made struct{ StateMachineArn, ExecutionArn string }
	err := w.call(ctx, e.account, "CreateStateMachine", map[string]any{
		"name": machine, "definition": definition, "roleArn": "arn:aws:iam::" + e.account + ":role/machine",
	}, &made)
	if err != nil {
		return err
	}
	err = w.call(ctx, e.account, "StartExecution", map[string]any{
		"stateMachineArn": made.StateMachineArn, "name": name, "input": compact.String(),
	}, &made)
	if err != nil {
		return err
	}
	e.arn = made.ExecutionArn
	w.executions[id{machine, name}] = e
	return nil
}

// Succeed implements release.Workflow.
func (w *Workflow) Succeed(ctx context.Context, token string, output []byte) error {
	return w.answer(ctx, token, "SendTaskSuccess", map[string]any{"taskToken": token, "output": string(output)})
}

// Fail answers a parked task with an error that a Catch can name.
func (w *Workflow) Fail(ctx context.Context, token, name, cause string) error {
	return w.answer(ctx, token, "SendTaskFailure", map[string]any{"taskToken": token, "error": name, "cause": cause})
}

func (w *Workflow) answer(ctx context.Context, token, action string, body map[string]any) error {
	used := fault.New(fault.Conflict, "token_used", "The task was answered before, or waits no longer.")
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.used[token] {
		return used
	}
	for _, e := range w.executions {
		if e.ended {
			continue
		}
		err := w.call(ctx, e.account, action, body, nil)
		var refused *refusal
		switch {
		case err == nil:
			w.used[token] = true
			return nil
		case errors.As(err, &refused) && slices.Contains([]string{"InvalidToken", "TaskTimedOut", "TaskDoesNotExist"}, refused.kind):
		default:
			return err
		}
	}
	return used
}

// Stop implements release.Workflow.
func (w *Workflow) Stop(ctx context.Context, machine, name, cause string) error {
	now, err := w.Describe(ctx, machine, name)
	if fault.Is(err, fault.NotFound) || (err == nil && now.Status != "RUNNING") {
		return nil
	}
	if err != nil {
		return err
	}
	e := w.find(machine, name)
	if err := w.call(ctx, e.account, "StopExecution", map[string]any{"executionArn": e.arn, "error": "Stopped", "cause": cause}, nil); err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	e.ended, e.stopped = true, true
	return nil
}

// Describe says how an execution stands; NotFound when there is none of that name.
func (w *Workflow) Describe(ctx context.Context, machine, name string) (Execution, error) {
	e := w.find(machine, name)
	if e == nil {
		return Execution{}, fault.New(fault.NotFound, "no_such_execution", "There is no execution %s of %s.", name, machine)
	}
	var said struct{ Status, Output, Error, Cause string }
	if err := w.call(ctx, e.account, "DescribeExecution", map[string]any{"executionArn": e.arn}, &said); err != nil {
		return Execution{}, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if e.stopped {
		return Execution{Status: "ABORTED"}, nil
	}
	e.ended = e.ended || said.Status != "RUNNING"
	var output bytes.Buffer
	if said.Output != "" {
		if err := json.Compact(&output, []byte(said.Output)); err != nil {
			return Execution{}, fmt.Errorf("moto: output of %s %s: %w", machine, name, err)
		}
	}
	return Execution{Status: said.Status, Output: output.Bytes(), Error: said.Error, Cause: said.Cause}, nil
}

// Wait describes the execution once it runs no more.
func (w *Workflow) Wait(ctx context.Context, machine, name string) (e Execution, err error) {
	err = poll(ctx, func() (bool, error) {
		e, err = w.Describe(ctx, machine, name)
		return e.Status != "RUNNING", err
	})
	return e, err
}

// Path is the names of the states entered so far, in order; those inside a Map as often as they were entered.
func (w *Workflow) Path(ctx context.Context, machine, name string) ([]string, error) {
	e := w.find(machine, name)
	if e == nil {
		return nil, fault.New(fault.NotFound, "no_such_execution", "There is no execution %s of %s.", name, machine)
	}
	var said struct {
		Events []struct {
			StateEnteredEventDetails struct{ Name string }
		}
	}
	if err := w.call(ctx, e.account, "GetExecutionHistory", map[string]any{"executionArn": e.arn}, &said); err != nil {
		return nil, err
	}
	var path []string
	for _, event := range said.Events {
		if n := event.StateEnteredEventDetails.Name; n != "" {
			path = append(path, n)
		}
	}
	return path, nil
}

// Input is what an execution was started with, as compact JSON; false when there is none of that name.
func (w *Workflow) Input(machine, name string) ([]byte, bool) {
	e := w.find(machine, name)
	if e == nil {
		return nil, false
	}
	return e.input, true
}

// Names lists the executions of a machine that were started.
func (w *Workflow) Names(machine string) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var names []string
	for k := range maps.Keys(w.executions) {
		if k.machine == machine {
			names = append(names, k.name)
		}
	}
	slices.Sort(names)
	return names
}

func (w *Workflow) find(machine, name string) *execution {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.executions[id{machine, name}]
}

// refusal is an error that moto names as AWS would.
type refusal struct{ kind, message string }

func (r *refusal) Error() string { return "moto: " + r.kind + ": " + r.message }

// call speaks the JSON protocol of Step Functions. moto reads service and region out of the signature and does not check it.
func (w *Workflow) call(ctx context.Context, account, action string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "AWSStepFunctions."+action)
	req.Header.Set("X-Moto-Account-Id", account)
	req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/20260101/"+Region+"/states/aws4_request, SignedHeaders=host, Signature=0")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "workflow_unavailable", err, "moto does not answer.")
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("moto: %s: %w", action, err)
	}
	if res.StatusCode != http.StatusOK {
		var said struct {
			Type    string `json:"__type"`
			Message string `json:"message"`
		}
		if json.Unmarshal(answer, &said) != nil || said.Type == "" {
			return fmt.Errorf("moto: %s: %s: %.500s", action, res.Status, answer)
		}
		return &refusal{kind: said.Type, message: said.Message}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer, out)
}
