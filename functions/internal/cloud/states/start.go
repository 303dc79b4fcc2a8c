package states

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/pattern"
	"slipway/functions/internal/release"
)

type starter struct {
	machines
	calls func() calls
}

type calls struct {
	start    func(context.Context, *sfn.StartExecutionInput, ...func(*sfn.Options)) (*sfn.StartExecutionOutput, error)
	describe func(context.Context, *sfn.DescribeExecutionInput, ...func(*sfn.Options)) (*sfn.DescribeExecutionOutput, error)
}

// Starter starts the machines whose ARNs are in SLIPWAY_MACHINE_…. Naming machines asks for their variables at the start,
// where the process ends when one is missing.
func Starter(machines ...string) release.Starter { return cloud.OrExit(OpenStarter(machines...)) }

// OpenStarter is Starter with an error in place of the exit. It opens a connection and sends nothing.
func OpenStarter(machines ...string) (release.Starter, error) {
	arns, env, err := open(machines)
	if err != nil {
		return nil, err
	}
	return &starter{arns, client.Beside(func() calls {
		c := connect(env)
		return calls{c.StartExecution, c.DescribeExecution}
	})}, nil
}

var names = pattern.New(`^[A-Za-z0-9_-]{1,80}$`)

// Start implements release.Starter.
func (s *starter) Start(ctx context.Context, machine, name string, input []byte) error {
	if !names.MatchString(name) {
		return fmt.Errorf("cloud: execution name %q, must be 1 to 80 characters of A-Z a-z 0-9 - _", name)
	}
	if len(input) > most {
		return fmt.Errorf("cloud: input of %s %s has %d bytes, at most %d are allowed", machine, name, len(input), most)
	}
	arn, err := s.arn(machine)
	if err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err = s.calls().start(ctx, &sfn.StartExecutionInput{StateMachineArn: &arn, Name: &name, Input: aws.String(string(input))})
	var exists *types.ExecutionAlreadyExists
	if errors.As(err, &exists) {
		return s.same(ctx, machine, name, input)
	}
	if err != nil {
		return below.Fault("start "+machine, err)
	}
	return nil
}

// same looks at the execution that has the name. Step Functions says that it exists also when the input is the same,
// once it has ended.
func (s *starter) same(ctx context.Context, machine, name string, input []byte) error {
	arn, err := s.execution(machine, name)
	if err != nil {
		return err
	}
	out, err := s.calls().describe(ctx, &sfn.DescribeExecutionInput{ExecutionArn: &arn})
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
