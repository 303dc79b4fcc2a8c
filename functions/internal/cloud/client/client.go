// Package client is what the clients of all services of AWS have in common: where they get their settings, how long they wait, how
// often they try again, and what their errors become. What a service is asked does not belong here.
package client

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

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/fault"
)

// Settings are what every client is made of. They come from the variables that Lambda itself sets, not from
// config.LoadDefaultConfig: looking for profiles, SSO and instance roles costs each cold start about 2 ms and finds
// nothing in a function.
type Settings struct {
	Region      string
	Credentials aws.CredentialsProvider
	Endpoint    *string // nil for AWS itself
}

// Environment reads the settings; service is its name in AWS_ENDPOINT_URL_<SERVICE>, which stands before AWS_ENDPOINT_URL.
func Environment(service string) (Settings, error) {
	region, err := cloud.Require("AWS_REGION")
	if err != nil {
		return Settings{}, err
	}
	id, err := cloud.Require("AWS_ACCESS_KEY_ID")
	if err != nil {
		return Settings{}, err
	}
	secret, err := cloud.Require("AWS_SECRET_ACCESS_KEY")
	if err != nil {
		return Settings{}, err
	}
	s := Settings{Region: region}
	// The keys of a function are good for as long as its process lives: Lambda ends it before they expire.
	keys := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: os.Getenv("AWS_SESSION_TOKEN"), Source: "environment"}
	s.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil })
	if url := cloud.Optional("AWS_ENDPOINT_URL_"+service, os.Getenv("AWS_ENDPOINT_URL")); url != "" {
		s.Endpoint = &url
	}
	return s, nil
}

// HTTP gives every attempt its own end, so that one connection that hangs is tried again within the deadline.
func HTTP(attempt time.Duration) aws.HTTPClient {
	return awshttp.NewBuildableClient().WithTimeout(attempt)
}

// Retryer is the SDK's standard mode with a short patience: a person waits for the answer, and the long patience is
// the Retry of the state machines. The adaptive mode would not serve: it learns a sending rate over many calls,
// but a function's process makes a handful.
func Retryer() aws.Retryer {
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

// Pause waits before the next attempt, or fails with the context.
func Pause(ctx context.Context, attempt int) error {
	timer := time.NewTimer(backoff(attempt))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Within ends a little before the caller's deadline. Lambda kills the process at its deadline without a word; like this
// the function still says that something below did not answer.
func Within(ctx context.Context) (context.Context, context.CancelFunc) {
	const withoutDeadline, most = 20 * time.Second, 300 * time.Millisecond
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithTimeout(ctx, withoutDeadline)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(most, time.Until(deadline)/10)))
}

// Below names a service in faults.
type Below struct{ Code, Name string }

// throttled says whether a code means "too much", whichever service says it.
func throttled(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok || code == "ExecutionLimitExceeded" // too many machines run at once
}

// Fault turns an error of the SDK into the kind that the ports promise; what fits no kind is a bug and stays itself.
func (b Below) Fault(op string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		if api.ErrorCode() == "TransactionInProgressException" {
			return b.Unavailable(op, err) // the first try of the same transaction, which may still go through
		}
		if throttled(api.ErrorCode()) {
			return b.Limited(op, err)
		}
	}
	var answer *smithyhttp.ResponseError
	var unsent *smithyhttp.RequestSendError
	var canceled *smithy.CanceledError
	switch {
	case errors.As(err, &canceled), errors.As(err, &unsent), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &answer) && answer.HTTPStatusCode() >= 500:
		return b.Unavailable(op, err)
	}
	return fmt.Errorf("cloud: %s: %w", op, err)
}

// Limited is a fault: there was too much to do, and later it goes.
func (b Below) Limited(op string, err error) error {
	return fault.Wrap(fault.Limited, b.Code+"_limited", fmt.Errorf("%s: %w", op, err), "%s is taking no more requests at the moment; try again in a few seconds.", b.Name)
}

// Unavailable is a fault: nobody knows whether it was done.
func (b Below) Unavailable(op string, err error) error {
	return fault.Wrap(fault.Unavailable, b.Code+"_unavailable", fmt.Errorf("%s: %w", op, err), "%s did not answer in time; try again.", b.Name)
}
