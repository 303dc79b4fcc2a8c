// Package asl is a strict, durable interpreter of the part of the Amazon States Language that we use.
//
// What belongs here: the language (Parse), running machines (Engine), what an execution needs to survive a crash
// (Journal) and time as data (Clock). What does not: any knowledge of releases, of HTTP or of AWS; what the functions
// of a machine do (Invoker, written by the caller) and where bytes are kept (package journal below this one).
//
// It is meant to be stricter than Step Functions: what it accepts, Step Functions runs the same way; what it refuses
// may well run there, but is most likely a mistake. Only JSONPath machines are understood.
package asl

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The limits of Standard workflows.
const (
	maxPayload    = 256 * 1024 // bytes of any state's input, output or result
	maxEvents     = 25_000     // events in the history of one execution
	maxDefinition = 1024 * 1024
	maxSeconds    = 99_999_999
	maxExecution  = 365 * 24 * time.Hour
	mapFanOut     = 40 // iterations of an inline Map under way at once
)

// The error names that the interpreter itself raises.
const (
	errAll              = "States.ALL"
	errTaskFailed       = "States.TaskFailed"
	errTimeout          = "States.Timeout"
	errHeartbeat        = "States.HeartbeatTimeout"
	errRuntime          = "States.Runtime"
	errDataLimit        = "States.DataLimitExceeded"
	errNoChoice         = "States.NoChoiceMatched"
	errIntrinsic        = "States.IntrinsicFailure"
	errResultPath       = "States.ResultPathMatchFailure"
	errParameterPath    = "States.ParameterPathFailure"
	errPermissions      = "States.Permissions"
	errBranch           = "States.BranchFailed"
	errLambda           = "Lambda.Unknown"
	arnPrefix           = "arn:aws:states:local:000000000000:"
	resourceInvoke      = "arn:aws:states:::lambda:invoke"
	resourceInvokeToken = "arn:aws:states:::lambda:invoke.waitForTaskToken"
)

// Errors of the engine. They are compared with errors.Is.
var (
	ErrExecutionExists = errors.New("asl: an execution of that name exists with another input")
	ErrNoExecution     = errors.New("asl: there is no execution of that name")
	ErrNoMachine       = errors.New("asl: there is no machine of that name")
	ErrTokenUsed       = errors.New("asl: the task token was answered before, has timed out, was stopped or never existed")
	ErrInvalid         = errors.New("asl: invalid argument")
)

// TaskError is how a function fails by name, so that a Retry or Catch can name it.
type TaskError struct {
	Name  string // the handler's errorType
	Cause string // as Step Functions shows it: for a function, the JSON text of {"errorType", "errorMessage"}
}

// Error is for logs.
func (e *TaskError) Error() string { return e.Name + ": " + e.Cause }

// failf makes an error that a state fails with.
func failf(name, format string, args ...any) *TaskError {
	return &TaskError{Name: name, Cause: fmt.Sprintf(format, args...)}
}

// raw is a JSON document as it is kept in records.
type raw = json.RawMessage
