package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"slipway/functions/internal/asl"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/task"
	"slipway/statemachines"
)

// workflow is Step Functions on a laptop: the deployed machines on package asl.
type workflow struct{ engine *asl.Engine }

// lateWorkflow is a workflow that tasks know before it is made.
type lateWorkflow struct{ release.Workflow }

// Start implements release.Workflow.
func (w *workflow) Start(ctx context.Context, machine, name string, input []byte) error {
	return w.engine.Start(ctx, machine, name, input)
}

// Succeed implements release.Workflow.
func (w *workflow) Succeed(ctx context.Context, token string, output []byte) error {
	return tokenFault(w.engine.Succeed(ctx, token, output))
}

// Stop implements release.Workflow.
func (w *workflow) Stop(ctx context.Context, machine, name, cause string) error {
	err := w.engine.Stop(ctx, machine, name, cause)
	if errors.Is(err, asl.ErrNoExecution) {
		return nil
	}
	return err
}

func tokenFault(err error) error {
	if errors.Is(err, asl.ErrTokenUsed) {
		return fault.Wrap(fault.Conflict, "token_used", err, "Somebody else answered first.")
	}
	return err
}

// arn matches the substitutions of template.yaml: ${HandOverFunctionArn} is the function hand-over.
var arn = regexp.MustCompile(`\$\{([A-Za-z]+)FunctionArn\}`)

var hump = regexp.MustCompile(`([a-z])([A-Z])`)

// Machines are the deployed machines, with functions called by their names.
func Machines() map[string][]byte {
	out := statemachines.All()
	for name, def := range out {
		out[name] = arn.ReplaceAllFunc(def, func(m []byte) []byte {
			camel := arn.FindSubmatch(m)[1]
			return []byte(strings.ToLower(string(hump.ReplaceAll(camel, []byte("$1-$2")))))
		})
	}
	return out
}

func machines() (map[string]*asl.Machine, error) {
	out := map[string]*asl.Machine{}
	for name, def := range Machines() {
		m, err := asl.Parse(def)
		if err != nil {
			return nil, fmt.Errorf("state machine %s: %w", name, err)
		}
		out[name] = m
	}
	return out, nil
}

// tasks calls task handlers by name, as Lambda would: errors by their name, nothing else of them.
type tasks map[string]task.Handler

// Invoke implements asl.Invoker.
func (t tasks) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	handler, ok := t[function]
	if !ok {
		return nil, &asl.TaskError{Name: "Lambda.ResourceNotFoundException", Cause: "no function " + function}
	}
	out, err := handler(ctx, payload)
	var named messages.InvokeResponse_Error
	if errors.As(err, &named) {
		return nil, &asl.TaskError{Name: named.Type, Cause: named.Message}
	}
	if err != nil {
		return nil, &asl.TaskError{Name: "Lambda.Unknown", Cause: err.Error()}
	}
	return json.Marshal(out)
}
