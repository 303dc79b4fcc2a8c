// Package task is the Step Functions side of Slipway: each task of a state machine as a function over ports.
//
// Tasks are the only writers of a release's status once its machine runs. Every task may run twice: it first looks
// whether its command has been carried out, and every write is conditional on what was read. A task takes the time
// from the machine's context object, never from a clock.
package task

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// Handler is a task as Lambda starts it: payload in, output out, errors by their ASL name.
type Handler func(ctx context.Context, payload json.RawMessage) (any, error)

// Input is what the release machine hands to its tasks; each reads the fields its state passes.
type Input struct {
	Release   string          `json:"release"`
	Execution int             `json:"execution"`
	Now       time.Time       `json:"now"`       // when the state was entered
	StartedAt time.Time       `json:"startedAt"` // when the execution started
	Command   release.Command `json:"command"`
	Token     string          `json:"token"`
	Request   string          `json:"request"`
	Party     string          `json:"party"`
	Decision  review.Decision `json:"decision"`
}

// Done is the output of a task whose result nobody reads.
type Done struct{}

// Names that a Catch of the machines names; the ASL test holds both equal.
const (
	Refused     = "Refused"     // the command cannot be carried out any more; the release says why
	NotApproved = "NotApproved" // a review ended without approval, and is recorded
)

// named is an error with the name a Catch looks for.
type named struct {
	name string
	err  error
}

func (e *named) Error() string { return e.err.Error() }
func (e *named) Unwrap() error { return e.err }

// errorNames is the one table from kinds of faults to ASL error names. Those in the machines' Retry are here.
var errorNames = map[fault.Kind]string{
	fault.Invalid: "Invalid", fault.Unauthenticated: "Unauthenticated", fault.Forbidden: "Forbidden",
	fault.NotFound: "NotFound", fault.Conflict: "Conflict", fault.Stale: "Conflict", fault.Gone: "Gone",
	fault.TooLarge: "TooLarge", fault.Unprocessable: "Unprocessable", fault.Limited: "Limited",
	fault.Unavailable: "Unavailable", fault.Internal: "Internal",
}

// Serve makes a handler of a task. Step Functions matches the name of the outermost error only, so every error
// leaves here with its name from the table.
func Serve(run func(ctx context.Context, in Input) (any, error)) Handler {
	return func(ctx context.Context, payload json.RawMessage) (out any, err error) {
		defer func() {
			if p := recover(); p != nil {
				out, err = nil, messages.InvokeResponse_Error{Type: "Internal", Message: fmt.Sprint("panic: ", p)}
			}
		}()
		var in Input
		if err := json.Unmarshal(payload, &in); err != nil {
			return nil, messages.InvokeResponse_Error{Type: "Invalid", Message: err.Error()}
		}
		out, err = run(ctx, in)
		if err != nil {
			return nil, messages.InvokeResponse_Error{Type: ErrorName(err), Message: err.Error()}
		}
		return out, nil
	}
}

// ErrorName is the ASL name of an error.
func ErrorName(err error) string {
	var n *named
	if errors.As(err, &n) {
		return n.name
	}
	return errorNames[fault.KindOf(err)]
}

// writeAttempts is how often a task reads again and retries after somebody else wrote in between. More than that is
// left to the machine's Retry, which waits.
const writeAttempts = 4

// Again runs a read-decide-write until its write finds the table as it was read.
func Again(ctx context.Context, run func() error) error {
	for i := 1; ; i++ {
		err := run()
		if !writeConflict(err) || i == writeAttempts || ctx.Err() != nil {
			return err
		}
	}
}

func writeConflict(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == "write_conflict"
}

// Mine refuses to work for an execution that has been handed over.
func Mine(s *store.Scene, in Input) error {
	if s.Release.Execution != in.Execution {
		return &named{Refused, fmt.Errorf("release %s is run by execution %d, not %d", in.Release, s.Release.Execution, in.Execution)}
	}
	return nil
}

// eventOf is the history line of a command.
func eventOf(before, after release.Release, cmd release.Command, detail string) store.Event {
	return store.Event{
		ID: cmd.ID, At: cmd.At, Action: string(cmd.Action), Actor: cmd.Actor, Via: cmd.Via, IP: cmd.IP,
		MiniProgram: after.MiniProgram, Workspace: after.Workspace, Release: after.ID, Request: after.Request,
		Before: statusLine(before), After: statusLine(after), Detail: detail,
	}
}

// statusLine is a release's state in one short line, as events show it.
func statusLine(r release.Release) string {
	if r.Status == release.GrayscaleRelease {
		return fmt.Sprintf("%s %d%%", r.Status, r.Percent)
	}
	return string(r.Status)
}
