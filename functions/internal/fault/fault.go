// Package fault is the one error vocabulary of Slipway: a kind for machines and a sentence for people.
//
// Domain packages make faults; only package api (kind → HTTP status) and package task (kind → ASL error name)
// translate them. Nothing here knows HTTP or Step Functions.
package fault

import (
	"errors"
	"fmt"
)

// Kind is what a caller can do about an error.
type Kind string

// The kinds, in the order in which a request meets them.
const (
	Invalid         Kind = "invalid"         // the input is wrong; Fields say where
	Unauthenticated Kind = "unauthenticated" // nobody is known to have asked
	Forbidden       Kind = "forbidden"       // known, and may not
	NotFound        Kind = "not_found"       // is not there, or not for this caller
	Conflict        Kind = "conflict"        // the state does not allow it now
	Stale           Kind = "stale"           // If-Match named another revision
	Gone            Kind = "gone"            // was there and will not come back
	TooLarge        Kind = "too_large"       // more bytes than allowed
	Unprocessable   Kind = "unprocessable"   // well formed and still not acceptable
	Limited         Kind = "limited"         // too many requests, or throttled below
	Unavailable     Kind = "unavailable"     // something below did not answer; try again
	Internal        Kind = "internal"        // a bug or a surprise; says nothing more
)

// Field is one thing wrong with an input.
type Field struct {
	Field  string `json:"field"`            // JSON path, for example "information.en.name"
	Detail string `json:"detail"`           // what is wrong and what would be right
	File   string `json:"file,omitempty"`   // file of an uploaded project
	Line   int    `json:"line,omitempty"`   // 1-based, 0 when unknown
	Column int    `json:"column,omitempty"` // 1-based, 0 when unknown
}

// Error carries a kind for machines and a sentence for people.
type Error struct {
	Kind    Kind
	Code    string // stable, snake_case; defaults to the kind
	Detail  string // what is wrong and what would be right
	Fields  []Field
	Status  string   // conflicts: the status the thing has now
	Actions []string // conflicts: what may be done instead
	Err     error    // cause, for the log only
}

// Error is for logs; people are shown Detail.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.CodeOrKind(), e.Detail, e.Err)
	}
	return e.CodeOrKind() + ": " + e.Detail
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOrKind is the stable code a client may switch on.
func (e *Error) CodeOrKind() string {
	if e.Code != "" {
		return e.Code
	}
	return string(e.Kind)
}

// New makes a fault; the detail is a complete sentence for a person.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Wrap makes a fault that keeps its cause for the log.
func Wrap(kind Kind, code string, err error, format string, args ...any) *Error {
	e := New(kind, code, format, args...)
	e.Err = err
	return e
}

// Fields makes an Invalid fault out of everything that is wrong, or nil when nothing is.
func Fields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	detail := fields[0].Detail
	if fields[0].Field != "" {
		detail = fields[0].Field + ": " + detail
	}
	if n := len(fields) - 1; n > 0 {
		detail += fmt.Sprintf(" (and %d more)", n)
	}
	return &Error{Kind: Invalid, Code: "invalid", Detail: detail, Fields: fields}
}

// KindOf is the kind of the outermost fault in err's chain; any other error is Internal, and nil is "".
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is says whether err is a fault of that kind.
func Is(err error, kind Kind) bool { return KindOf(err) == kind }
