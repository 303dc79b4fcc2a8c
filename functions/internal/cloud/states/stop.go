package states

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/release"
)

type stopper struct {
	machines
	stop func() stop
}

type stop func(context.Context, *sfn.StopExecutionInput, ...func(*sfn.Options)) (*sfn.StopExecutionOutput, error)

// Stopper stops machines, named as for Starter.
func Stopper(machines ...string) release.Stopper { return cloud.OrExit(OpenStopper(machines...)) }

// OpenStopper is Stopper with an error in place of the exit. It opens a connection and sends nothing.
func OpenStopper(machines ...string) (release.Stopper, error) {
	arns, env, err := open(machines)
	if err != nil {
		return nil, err
	}
	return &stopper{arns, client.Beside(func() stop { return connect(env).StopExecution })}, nil
}

// Stop implements release.Stopper.
func (s *stopper) Stop(ctx context.Context, machine, name, cause string) error {
	arn, err := s.execution(machine, name)
	if err != nil {
		return err
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err = s.stop()(ctx, &sfn.StopExecutionInput{ExecutionArn: &arn, Error: aws.String("Stopped"), Cause: aws.String(cut(cause, 32768))})
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
