package states

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sfn"
	"github.com/aws/aws-sdk-go-v2/service/sfn/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

type answerer struct{ succeed func() succeed }

type succeed func(context.Context, *sfn.SendTaskSuccessInput, ...func(*sfn.Options)) (*sfn.SendTaskSuccessOutput, error)

// Answerer answers tokens, whichever machine they are of. For mains: the process ends when a variable is missing.
func Answerer() release.Answerer { return cloud.OrExit(OpenAnswerer()) }

// OpenAnswerer is Answerer with an error in place of the exit. It opens a connection and sends nothing.
func OpenAnswerer() (release.Answerer, error) {
	_, env, err := open(nil)
	if err != nil {
		return nil, err
	}
	return &answerer{client.Beside(func() succeed { return connect(env).SendTaskSuccess })}, nil
}

// Succeed implements release.Answerer.
func (a *answerer) Succeed(ctx context.Context, token string, output []byte) error {
	if len(output) > most {
		return fmt.Errorf("cloud: output of a task has %d bytes, at most %d are allowed", len(output), most)
	}
	if !answerable(token) {
		return tokenUsed(nil)
	}
	ctx, cancel := client.Within(ctx)
	defer cancel()
	_, err := a.succeed()(ctx, &sfn.SendTaskSuccessInput{TaskToken: &token, Output: aws.String(string(output))})
	return answered("succeed", err)
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
