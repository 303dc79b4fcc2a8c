// Package mail writes every mail that Slipway sends, and names the port that carries it.
//
// What belongs here: the exact words, text in text.go and HTML in the .templ files, and what makes them safe to send:
// no value can add a header, a line that looks like ours, markup, or a hidden turn in the reading direction. What does
// not: who gets which mail (package approval and its neighbours), when (the outbox), and how it travels (cloud, local).
//
// The .templ files are compiled by "templ generate": templates that are parsed while a program runs find methods by name, so
// with them the linker keeps every method of each type that a value leads to, whole clients of AWS among them.
//
// A mail waits in an outbox row as {kind, data}: Encode makes the pair, Render turns it into a Message when it is sent.
package mail

import (
	"encoding/json"
	"reflect"

	"github.com/a-h/templ"

	"slipway/functions/internal/fault"
)

// Content is one of the mails below: ReviewRequested, Decided, Expired, Withdrawn, ForceRemoved, OfflineDone, BuildFailed.
type Content interface {
	// Kind names the mail in an outbox row. It never changes, because rows outlive deployments.
	Kind() string
	// Message renders the whole mail. The link is where the recipient goes next: for ReviewRequested their own approval
	// link (or the signed-in page) and required; for the others a page about the subject, and may be empty.
	// Errors are faults: Unprocessable "address_refused" for the address, Invalid for the rest.
	Message(to, reference, link string) (Message, error)

	check() []fault.Field // what is missing or unknown
	facts() []fact        // the table of the mail, in reading order
	subject() string      // the subject line, which says first what happened
	text(view) string     // the whole plain text
	html(view) templ.Component
}

// kinds is every mail by its name in an outbox row.
var kinds = byKind(ReviewRequested{}, Decided{}, Expired{}, Withdrawn{}, ForceRemoved{}, OfflineDone{}, BuildFailed{})

func byKind(all ...Content) map[string]reflect.Type {
	types := map[string]reflect.Type{}
	for _, c := range all {
		types[c.Kind()] = reflect.TypeOf(c)
	}
	return types
}

// Encode makes what an outbox row keeps. Content that could not be rendered later is refused now, when there is still
// somebody to tell; the fault is Invalid and names the fields.
func Encode(c Content) (kind string, data json.RawMessage, err error) {
	if fields := c.check(); len(fields) > 0 {
		return "", nil, fault.Fields(fields)
	}
	data, err = json.Marshal(c)
	if err != nil {
		return "", nil, fault.Wrap(fault.Internal, "internal", err, "The mail %q cannot be stored.", c.Kind())
	}
	return c.Kind(), data, nil
}

// Decode is the inverse of Encode. Unknown fields are ignored on purpose: while a deployment runs, old and new code
// read each other's rows, and a mail must not be lost over a field.
func Decode(kind string, data json.RawMessage) (Content, error) {
	t, ok := kinds[kind]
	if !ok {
		return nil, fault.New(fault.Invalid, "invalid", "There is no mail of kind %q.", kind)
	}
	v := reflect.New(t)
	if err := json.Unmarshal(data, v.Interface()); err != nil {
		return nil, fault.Wrap(fault.Invalid, "invalid", err, "The stored data of a mail of kind %q cannot be read.", kind)
	}
	return v.Elem().Interface().(Content), nil
}

// Render turns an outbox row into the mail to send. An approval link is never part of the stored data: whoever may read
// the table must not be able to decide, so the sender makes the link and hands it in here.
func Render(kind string, data json.RawMessage, to, reference, link string) (Message, error) {
	c, err := Decode(kind, data)
	if err != nil {
		return Message{}, err
	}
	return c.Message(to, reference, link)
}
