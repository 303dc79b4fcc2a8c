package cloud

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"slipway/functions/internal/fault"
)

// settings are what every client is made of. They come from the variables that Lambda itself sets, not from
// config.LoadDefaultConfig: looking for profiles, SSO and instance roles costs each cold start about 2 ms and finds
// nothing in a function.
type settings struct {
	region      string
	credentials aws.CredentialsProvider
	endpoint    *string // nil for AWS itself
}

// environment reads the settings; service is its name in AWS_ENDPOINT_URL_<SERVICE>, which stands before AWS_ENDPOINT_URL.
func environment(service string) (settings, error) {
	region, err := Require("AWS_REGION")
	if err != nil {
		return settings{}, err
	}
	id, err := Require("AWS_ACCESS_KEY_ID")
	if err != nil {
		return settings{}, err
	}
	secret, err := Require("AWS_SECRET_ACCESS_KEY")
	if err != nil {
		return settings{}, err
	}
	s := settings{region: region}
	// The keys of a function are good for as long as its process lives: Lambda ends it before they expire.
	keys := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: os.Getenv("AWS_SESSION_TOKEN"), Source: "environment"}
	s.credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
	if url := Optional("AWS_ENDPOINT_URL_"+service, os.Getenv("AWS_ENDPOINT_URL")); url != "" {
		s.endpoint = &url
	}
	return s, nil
}

// httpClient gives every attempt its own end, so that one connection that hangs is tried again within the deadline.
func httpClient(attempt time.Duration) aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(attempt)
}

// retryer is the SDK's standard mode with a short patience: a person waits for the answer, and the long patience is
// the Retry of the state machines. The adaptive mode would not serve: it learns a sending rate over many calls,
// but a function's process makes a handful.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 4
		o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) { return backoff(attempt), nil })
	})
}

// backoff is a random part of 50 ms, 100 ms, 200 ms, … but at most 1 s: those who met once should not meet again.
func backoff(attempt int) time.Duration {
	most := min(50*time.Millisecond<<min(attempt, 5), time.Second)
	return rand.N(most) + time.Millisecond
}

// pause waits before the next attempt, or fails with the context.
func pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(backoff(attempt))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// within ends a little before the caller's deadline. Lambda kills the process at its deadline without a word; like this
// the function still says that something below did not answer.
func within(ctx context.Context) (context.Context, context.CancelFunc) {
	const withoutDeadline, most = 20 * time.Second, 300 * time.Millisecond
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, withoutDeadline)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(most, time.Until(deadline)/10)))
}

// below names a service in faults.
type below struct{ code, name string }

var (
	dynamo  = below{"table", "The database"}
	states  = below{"workflow", "The workflow service"}
	storage = below{"packages", "The package store"}
	sender  = below{"mail", "The mail service"}
)

// throttled says whether a code means "too much", whichever service says it.
func throttled(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok || code == "ExecutionLimitExceeded" // too many machines run at once
}

// fault turns an error of the SDK into the kind that the ports promise; what fits no kind is a bug and stays itself.
func (b below) fault(op string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		if api.ErrorCode() == "TransactionInProgressException" {
			return b.unavailable(op, err) // the first try of the same transaction, which may still go through
		}
		if throttled(api.ErrorCode()) {
			return b.limited(op, err)
		}
	}
	var answer *smithyhttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	var canceled *smithy.CanceledError
	switch {
	case errors.As(err, &canceled), errors.As(err, &unsent), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &answer) && answer.HTTPStatusCode() >= 500:
		return b.unavailable(op, err)
	}
	return fmt.Errorf("cloud: %s: %w", op, err)
}

func (b below) limited(op string, err error) error {
	return fault.Wrap(fault.Limited, b.code+"_limited", fmt.Errorf("%s: %w", op, err), "%s is taking no more requests at the moment; try again in a few seconds.", b.name)
}

func (b below) unavailable(op string, err error) error {
	return fault.Wrap(fault.Unavailable, b.code+"_unavailable", fmt.Errorf("%s: %w", op, err), "%s did not answer in time; try again.", b.name)
}
