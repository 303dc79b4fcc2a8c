// Package states is the workflows of Slipway on Step Functions. What a machine does does not belong here.
package states

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/pattern"
	"slipway/functions/internal/release"
)

var below = client.Below{Code: "workflow", Name: "The workflow service"}

// workflow is release.Workflow on Step Functions. It holds the operations that it calls and not their
// client: in a program that has templates, which find methods by name, the linker keeps every method of what a value can
// lead to, and a client has dozens.
type workflow struct {
	machines map[string]string // name → ARN, of the machines named at the start
	start    func(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	describe func(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
	stop     func(context.Context, *sfn.StopExecutionInput, ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error)
	succeed  func(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)
	fail     func(context.Context, *sfn.SendTaskFailureInput, ...func(*sfn.Options)) (*sfn.SendTaskFailureOutput, error)
}

// Workflow runs the machines whose ARNs are in SLIPWAY_MACHINE_…. Naming machines asks for their variables at the start,
// where the process ends when one is missing; a function that only answers tokens names none.
func Workflow(machines ...string) release.Workflow { return cloud.OrExit(OpenWorkflow(machines...)) }

// OpenWorkflow is Workflow with an error in place of the exit. It sends nothing.
func OpenWorkflow(machines ...string) (release.Workflow, error) {
	env, err := client.Environment("SFN")
	if err != nil {
		return nil, err
	}
	arns := make(map[string]string, len(machines))
	for _, m := range machines {
		if arns[m], err = cloud.Require(machineVariable(m)); err != nil {
			return nil, err
		}
	}
	client := sfn.New(sfn.Options{
		Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint,
		HTTPClient: client.HTTP(5 * time.Second), Retryer: client.Retryer(),
	})
	return &workflow{
		machines: arns, start: client.StartExecution, describe: client.DescribeExecution, stop: client.StopExecution,
		succeed: client.SendTaskSuccess, fail: client.SendTaskFailure,
	}, nil
}

// machineVariable is the variable that holds a machine's ARN: "force-removal" is in SLIPWAY_MACHINE_FORCE_REMOVAL.
func machineVariable(machine string) string {
	return "SLIPWAY_MACHINE_" + strings.ToUpper(strings.ReplaceAll(machine, "-", "_"))
}

// arn finds a machine, also one that was not named at the start.
func (w *workflow) arn(machine string) (string, error) {
	if arn := w.machines[machine]; arn != "" {
		return arn, nil
	}
	return cloud.Require(machineVariable(machine))
}

// execution is the ARN that Step Functions gives an execution of that name.
func (w *workflow) execution(machine, name string) (string, error) {
	arn, err := w.arn(machine)
	if err != nil {
		return "", err
	}
	before, after, ok := strings.Cut(arn, ":stateMachine:")
	if !ok {
		return "", fmt.Errorf("cloud: %s holds %q, which is no ARN of a state machine", machineVariable(machine), arn)
	}
	return before + ":execution:" + after + ":" + name, nil
}

var names = pattern.New(`^[A-Za-z0-9_-]{1,80}$`)

// most is what Step Functions takes as an input or an output, in bytes.
const most = 256 << 10

// Start implements release.Workflow.
func (w *workflow) Start(ctx context.Context, machine, name string, input []byte) error {
	if !names.MatchString(name) {
		return fmt.Errorf("cloud: execution name %q, must be 1 to 80 characters of A-Z a-z 0-9 - _", name)
	}
	if len(input) > most {
		return fmt.Errorf("cloud: input of %s %s has %d bytes, at most %d are allowed", machine, name, len(input), most)
	}
	arn, err := w.arn(machine)
	if err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err = w.start(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: &name, Input: aws.String(string(input))})
	var exists *types.ExecutionAlreadyExists
	if errors.As(err, &exists) {
		return w.same(ctx, machine, name, input)
	}
	if err != nil {
		return below.Fault("start "+machine, err)
	}
	return nil
}

// same looks at the execution that has the name. Step Functions says that it exists also when the input is the same,
// once it has ended.
func (w *workflow) same(ctx context.Context, machine, name string, input []byte) error {
	arn, err := w.execution(machine, name)
	if err != nil {
		return err
	}
	out, err := w.describe(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
	if err != nil {
		return below.Fault("describe "+machine, err)
	}
	if equalJSON([]byte(aws.ToString(out.Input)), input) {
		return nil
	}
	return fault.New(fault.Conflict, "execution_exists", "This was started before with something else in it; nothing was started now.")
}

func equalJSON(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// Succeed implements release.Workflow.
func (w *workflow) Succeed(ctx context.Context, token string, output []byte) error {
	if len(output) > most {
		return fmt.Errorf("cloud: output of a task has %d bytes, at most %d are allowed", len(output), most)
	}
	if !answerable(token) {
		return tokenUsed(nil)
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err := w.succeed(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(string(output))})
	return answered("succeed", err)
}

// Fail implements release.Workflow. Names and causes that are too long are cut: the failure matters more than its words.
func (w *workflow) Fail(ctx context.Context, token, name, cause string) error {
	if !answerable(token) {
		return tokenUsed(nil)
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err := w.fail(ctx, &sfn.SendTaskFailureInput{TaskToken: &token, Error: aws.String(cut(name, 256)), Cause: aws.String(cut(cause, 32768))})
	return answered("fail", err)
}

// answerable keeps what cannot be a token from being sent: Step Functions would call it a mistake in the request.
func answerable(token string) bool { return token != "" && len(token) <= 2048 }

// answered reads the answer to a token. When an answer was lost on the way back and the SDK asks again, this says
// token_used though the first try was ours; the caller then looks at the state, which has moved as it wanted.
func answered(op string, err error) error {
	var invalid *types.InvalidToken
	var timedOut *types.TaskTimedOut
	var gone *types.TaskDoesNotExist
	switch {
	case err == nil:
		return nil
	case errors.As(err, &invalid), errors.As(err, &timedOut), errors.As(err, &gone):
		return tokenUsed(err)
	}
	return below.Fault(op, err)
}

func tokenUsed(err error) error {
	return fault.Wrap(fault.Conflict, "token_used", err, "This was answered before, or nobody waits for it any more.")
}

// Stop implements release.Workflow.
func (w *workflow) Stop(ctx context.Context, machine, name, cause string) error {
	arn, err := w.execution(machine, name)
	if err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err = w.stop(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn, Error: aws.String("Stopped"), Cause: aws.String(cut(cause, 32768))})
	var gone *types.ExecutionDoesNotExist
	if err == nil || errors.As(err, &gone) {
		return nil
	}
	return below.Fault("stop "+machine, err)
}

// cut keeps at most n bytes and whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
