package release

import (
	"context"
	"fmt"
	"io"
)

// Workflow runs the state machines. Package cloud implements it on Step Functions, package local on package asl. Who needs
// only a part of it says which.
//
// Errors are faults: Conflict with code "token_used" when a task token was answered before, has timed out, belongs to a
// stopped execution or never existed; Limited when throttled; Unavailable when the service cannot be reached.
type Workflow interface {
	Starter
	Answerer
	Stopper
}

// Starter starts machines.
type Starter interface {
	// Start begins an execution of a machine ("release", "removal", …). Starting the same name with the same input again is no error
	// and starts nothing. Names are at most 80 characters of A–Z a–z 0–9 - _.
	Start(ctx context.Context, machine, name string, input []byte) error
}

// Answerer answers tasks that are parked.
type Answerer interface {
	// Succeed answers a parked task with its output, a JSON document. A token answers once.
	Succeed(ctx context.Context, token string, output []byte) error
}

// Stopper stops machines.
type Stopper interface {
	// Stop ends an execution; one that is not running any more is no error.
	Stop(ctx context.Context, machine, name, cause string) error
}

// Upload tells a client how to send bytes to the package store without passing them through a function.
type Upload struct {
	Method   string            `json:"method"`           // "PUT" or "POST"
	URL      string            `json:"url"`              // absolute
	Headers  map[string]string `json:"headers"`          // to be sent as they are
	Fields   map[string]string `json:"fields,omitempty"` // form fields of a POST, before the field "file"
	MaxBytes int64             `json:"maxBytes"`
}

// Content is what a client says beforehand of the bytes that it will upload.
type Content struct {
	Type     string // media type
	MaxBytes int64
	SHA256   string // what the bytes must have, in 64 small hexadecimal digits; "" for whatever comes
}

// Object is something kept in the package store, open for reading.
type Object interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Packages keeps uploaded archives, built packages, reports and images under slash-separated keys. Who needs only a part
// of it says which.
//
// Errors are faults: NotFound with code "no_such_object", Limited, Unavailable.
type Packages interface {
	Uploads
	Keeper
	Addresses
}

// Uploads is where clients may send something.
type Uploads interface {
	// Upload says where a client may send such content to be kept under key. Other bytes are refused and not kept: more
	// of them, or some with another digest than was announced.
	Upload(ctx context.Context, key string, content Content) (Upload, error)
}

// Reader is what is kept.
type Reader interface {
	// Open reads an object.
	Open(ctx context.Context, key string) (Object, error)
}

// Keeper is what is kept, and takes more.
type Keeper interface {
	Reader
	// Put keeps an object, replacing what was there.
	Put(ctx context.Context, key, contentType string, body []byte) error
}

// Addresses is where others may read what is kept.
type Addresses interface {
	// URL is an address at which anybody may read the object for some time (at least an hour).
	URL(ctx context.Context, key string) (string, error)
}

// ReportKey is where the report of a test run is kept, with extension "json" or "html".
func ReportKey(releaseID string, run int, extension string) string {
	return fmt.Sprintf("releases/%s/report-%d.%s", releaseID, run, extension)
}
