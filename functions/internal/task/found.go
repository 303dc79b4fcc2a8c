package task

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Founding makes the operator's workspace with its first admin: who deploys says who that is, and everybody else is
// added by somebody who is there already.
type Founding struct {
	Table  store.Table
	Client *http.Client
	Now    func() time.Time                // the event of CloudFormation tells no time
	Pause  func(ctx context.Context) error // before another try; a new role may take seconds until it counts
}

// stackEvent is what CloudFormation sends to the function behind a custom resource.
type stackEvent struct {
	RequestType        string
	ResponseURL        string // a signed address: whoever has it can answer, so it is in no log
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
	PhysicalResourceID string `json:"PhysicalResourceId"`
	ResourceProperties struct{ Email string }
}

// stackAnswer is what CloudFormation waits for.
type stackAnswer struct {
	Status             string
	Reason             string `json:",omitempty"`
	PhysicalResourceID string `json:"PhysicalResourceId"`
	StackID            string `json:"StackId"`
	RequestID          string `json:"RequestId"`
	LogicalResourceID  string `json:"LogicalResourceId"`
	Data               map[string]string
}

const (
	forAnswer  = 15 * time.Second // of the function's time, kept for telling CloudFormation
	oneAnswer  = 4 * time.Second
	mostReason = 500 // bytes; an answer may have 4096
)

// Found makes the handler. CloudFormation waits an hour for somebody who does not answer, so there is an answer on every
// path: also after a panic, and before the function's own time is up. The error says that it could not be told.
func Found(f Founding) func(ctx context.Context, event json.RawMessage) error {
	return func(ctx context.Context, event json.RawMessage) error {
		var e stackEvent
		if err := json.Unmarshal(event, &e); err != nil || e.ResponseURL == "" {
			return fmt.Errorf("found: this is no event of a custom resource: %d bytes without a ResponseURL", len(event))
		}
		outcome, err := f.inTime(ctx, e)
		a := stackAnswer{
			Status: "SUCCESS", Reason: outcome, StackID: e.StackID, RequestID: e.RequestID, LogicalResourceID: e.LogicalResourceID,
			PhysicalResourceID: catalog.PlatformWorkspace, Data: map[string]string{"Workspace": catalog.PlatformWorkspace},
		}
		if e.PhysicalResourceID != "" { // another one would ask CloudFormation to delete the first
			a.PhysicalResourceID = e.PhysicalResourceID
		}
		if err != nil {
			a.Status, a.Reason = "FAILED", reasonOf(err)
			slog.ErrorContext(ctx, "found", "action", e.RequestType, "error", err.Error())
		}
		slog.InfoContext(ctx, "found", "action", e.RequestType, "subject", catalog.PlatformWorkspace, "outcome", a.Status)
		return f.answer(ctx, e.ResponseURL, a)
	}
}

// reasonOf is what the operator reads in the events of the stack.
func reasonOf(err error) string {
	var known *fault.Error
	switch {
	case errors.As(err, &known):
		return known.Detail[:min(len(known.Detail), mostReason)]
	case errors.Is(err, context.DeadlineExceeded):
		return "The table could not be written in time; deploy again. The log of tasks/found says more."
	}
	return "The table could not be written; the log of tasks/found says why."
}

// inTime founds, and gives up while there is time left to say so.
func (f Founding) inTime(ctx context.Context, e stackEvent) (string, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-forAnswer))
		defer cancel()
	}
	type result struct {
		outcome string
		err     error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- result{err: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
			}
		}()
		outcome, err := f.patiently(ctx, e)
		done <- result{outcome, err}
	}()
	select {
	case r := <-done:
		return r.outcome, r.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// patiently tries again what is not the caller's mistake, for as long as there is time.
func (f Founding) patiently(ctx context.Context, e stackEvent) (string, error) {
	switch e.RequestType {
	case "Create", "Update":
	case "Delete":
		return "The platform's workspace stays, as the table does.", nil
	default:
		return "", fault.New(fault.Invalid, "", "The request is %.40q; Create, Update or Delete is expected.", e.RequestType)
	}
	if err := fault.Fields(catalog.ValidateEmail("FirstAdminEmail", e.ResourceProperties.Email)); err != nil {
		return "", err
	}
	email, _ := catalog.NormalEmail(e.ResourceProperties.Email)
	for {
		outcome, err := f.found(ctx, email, e.RequestID)
		if err == nil {
			return outcome, nil
		}
		slog.WarnContext(ctx, "found", "action", e.RequestType, "error", err.Error())
		if f.Pause(ctx) != nil {
			return "", err
		}
	}
}

// found makes the workspace when there is none. One whose only member has never come in gets the new address in place
// of theirs: without, a mistyped one would lock everybody out for good. Nothing else of what is there is touched.
func (f Founding) found(ctx context.Context, email, request string) (string, error) {
	first := catalog.Member{Workspace: catalog.PlatformWorkspace, Kind: catalog.Platform, Email: email, Role: catalog.FirstRole(catalog.Platform), AddedAt: f.Now().UTC()}
	event := store.Event{ID: store.DerivedID("e", "found/"+request), At: first.AddedAt, Action: "create_workspace", Actor: System, Via: "system", Workspace: first.Workspace, Detail: email}
	_, rev, err := store.Workspace(ctx, f.Table, first.Workspace)
	if err != nil {
		return "", err
	}
	if rev == 0 {
		w := catalog.Workspace{ID: first.Workspace, Name: "Platform", Kind: catalog.Platform, CreatedAt: first.AddedAt}
		event.After = string(w.Kind)
		return "The platform's workspace was made for " + email + ".", f.Table.Transact(ctx, append(store.FoundWorkspace(w, first), store.EventWrites(event)...)...)
	}
	writes, alone, err := store.ReplaceNewcomer(ctx, f.Table, first)
	if err != nil || writes == nil {
		return "The platform has its people already; its admins add others.", err
	}
	event.Action, event.Before, event.After = "set_member", alone, email
	return email + " took the place of " + alone + ", who never came in.", f.Table.Transact(ctx, append(writes, store.EventWrites(event)...)...)
}

// answer tells CloudFormation, a few times when the line is bad. Errors are without the address.
func (f Founding) answer(ctx context.Context, to string, a stackAnswer) error {
	body, err := json.Marshal(a)
	if err != nil {
		return err
	}
	const tries = 3
	for range tries {
		if err = f.put(ctx, to, body); err == nil {
			return nil
		}
		var about *url.Error
		if errors.As(err, &about) {
			err = about.Err
		}
	}
	return fmt.Errorf("found: CloudFormation was not told %s: %w", a.Status, err)
}

func (f Founding) put(ctx context.Context, to string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, oneAnswer)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, to, bytes.NewReader(body)) // the signature is over no content type
	if err != nil {
		return err
	}
	res, err := f.Client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %s", res.Status)
	}
	return nil
}
