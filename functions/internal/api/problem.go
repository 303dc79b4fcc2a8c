package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"slipway/functions/internal/fault"
)

// Problem is an RFC 9457 problem. Status is the HTTP status, so the status of a release in a conflict is
// ReleaseStatus.
type Problem struct {
	Type          string        `json:"type"`
	Title         string        `json:"title"`
	Status        int           `json:"status"`
	Detail        string        `json:"detail"`
	Code          string        `json:"code"`
	RequestID     string        `json:"requestId"`
	Errors        []fault.Field `json:"errors,omitempty"`
	ReleaseStatus string        `json:"releaseStatus,omitempty"`
	Actions       []string      `json:"actions,omitzero"`
}

// statuses is the one translation of kinds into HTTP.
var statuses = map[fault.Kind]int{
	fault.Invalid:         http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Stale:           http.StatusPreconditionFailed,
	fault.Gone:            http.StatusGone,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Unprocessable:   http.StatusUnprocessableEntity,
	fault.Limited:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Internal:        http.StatusInternalServerError,
}

// problemOf is what a stranger may know of an error. Causes stay in the log, and what is not a fault, or an internal
// one, says nothing at all.
func problemOf(err error, requestID string) Problem {
	f := told(err)
	status := statuses[f.Kind]
	if errors.As(err, &noMethod{}) {
		status = http.StatusMethodNotAllowed
	}
	return Problem{
		Type: "urn:slipway:problem:" + f.CodeOrKind(), Title: http.StatusText(status), Status: status, Detail: f.Detail,
		Code: f.CodeOrKind(), RequestID: requestID, Errors: f.Fields, ReleaseStatus: f.Status, Actions: f.Actions,
	}
}

// told is the fault that stands for an error before strangers; its kind has a status.
func told(err error) *fault.Error {
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Kind != fault.Internal && statuses[f.Kind] != 0:
		return f
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.New(fault.Unavailable, "timeout", "This took too long; try again.")
	}
	return fault.New(fault.Internal, "internal", "internal error")
}

// Refuse renders an error as a response, for everything that answers HTTP outside Serve.
func Refuse(err error, requestID string) Response {
	p := problemOf(err, requestID)
	body, failed := json.Marshal(p)
	if failed != nil { // plain data: this cannot happen
		panic(failed)
	}
	res := Response{StatusCode: p.Status, Headers: standardHeaders(requestID), Body: string(body)}
	res.Headers["Content-Type"] = "application/problem+json"
	var method noMethod
	switch errors.As(err, &method); p.Status {
	case http.StatusMethodNotAllowed:
		res.Headers["Allow"] = strings.Join(method.allow, ", ")
	case http.StatusUnauthorized:
		res.Headers["WWW-Authenticate"] = `Bearer realm="slipway"`
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		res.Headers["Retry-After"] = "1"
	}
	return res
}

// noMethod is a method that a path does not take.
type noMethod struct {
	fault *fault.Error
	allow []string
}

func (e noMethod) Error() string { return e.fault.Error() }
func (e noMethod) Unwrap() error { return e.fault }

// NoRoute is the answer to a path or method that does not exist, on a laptop. API Gateway knows its routes and says 404
// by itself to all else. A $default route would bring it here, but takes the preflight requests of browsers as well,
// which the gateway answers by itself now.
func NoRoute(method, path string) error {
	if allow := methodsOf(path); len(allow) > 0 {
		return noMethod{fault.New(fault.NotFound, "no_such_method", "There is no %s here; %s is possible.", method, strings.Join(allow, ", ")), allow}
	}
	return fault.New(fault.NotFound, "no_such_route", "There is no %s %.200s; /openapi.yaml lists what there is.", method, path)
}
