package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

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

// ProblemOf is what a stranger may know of an error. Causes stay in the log, and what is not a fault, or an internal
// one, says nothing at all.
func ProblemOf(err error, requestID string) Problem {
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Kind != fault.Internal && statuses[f.Kind] != 0:
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		f = fault.New(fault.Unavailable, "timeout", "This took too long; try again.")
	default:
		f = fault.New(fault.Internal, "internal", "internal error")
	}
	status := statuses[f.Kind]
	p := Problem{
		Type: "urn:slipway:problem:" + f.CodeOrKind(), Title: http.StatusText(status), Status: status, Detail: f.Detail,
		Code: f.CodeOrKind(), RequestID: requestID, Errors: f.Fields, ReleaseStatus: f.Status, Actions: f.Actions,
	}
	return p
}

// Refuse renders an error as a response, for everything that answers HTTP outside Serve.
func Refuse(err error, requestID string) Response {
	p := ProblemOf(err, requestID)
	body, failed := json.Marshal(p)
	if failed != nil { // plain data: this cannot happen
		panic(failed)
	}
	res := Response{StatusCode: p.Status, Headers: standardHeaders(requestID), Body: string(body)}
	res.Headers["Content-Type"] = "application/problem+json"
	switch p.Status {
	case http.StatusUnauthorized:
		res.Headers["WWW-Authenticate"] = `Bearer realm="slipway"`
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		res.Headers["Retry-After"] = "1"
	}
	return res
}

// NoRoute is the answer to a path or method that does not exist.
func NoRoute(method, path string) error {
	return fault.New(fault.NotFound, "no_such_route", "There is no %s %.200s; /openapi.yaml lists what there is.", method, path)
}
