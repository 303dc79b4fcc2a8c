package task

import (
	"context"
	"errors"
	"fmt"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// The machine's own decisions, beside those of people.
const (
	decisionExpire   = "expire"
	decisionGiveBack = "give-back"
)

// Decide records the answer of a party in the request and, when the request is complete with it, does in the same
// transaction what follows: a release moves, a mini program is removed from everybody. A request that ends without
// approval fails the task by the name NotApproved, which ends the review of the other parties too.
func Decide(t store.Table, w release.Answerer) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		in.Decision = filled(in)
		var q store.RequestRecord
		var canceled []string
		err := Again(ctx, func() (err error) {
			q, canceled, err = decide(ctx, t, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		if q.Status != approval.Pending && q.Status != approval.Approved {
			return nil, &named{NotApproved, fmt.Errorf("request %s is %s", q.ID, q.Status)}
		}
		return Done{}, endSuperseded(ctx, t, w, canceled)
	})
}

// filled gives the machine's own decisions the time and the id that people's bring along.
func filled(in Input) review.Decision {
	d := in.Decision
	if d.At.IsZero() {
		d.At, d.By, d.Via = in.Now, System, "system"
	}
	if d.ID == "" {
		d.ID = store.DerivedID("d", in.Request+"/"+in.Party+"/"+d.Decision)
	}
	return d
}

// decide makes one attempt. The releases that were canceled by what followed come back.
func decide(ctx context.Context, t store.Table, in Input) (q store.RequestRecord, canceled []string, err error) {
	q, rev, err := store.MustRequest(ctx, t, in.Request)
	if err != nil {
		return q, nil, err
	}
	before := q.Status
	action, err := record(&q.Request, in)
	if err != nil || before != approval.Pending {
		canceled, readErr := canceledBefore(ctx, t, q)
		return q, canceled, errors.Join(ignoreDecided(err), readErr)
	}
	delete(q.Tokens, in.Party)
	cmd := release.Command{
		ID: in.Decision.ID, Action: action, Actor: in.Decision.By, Via: in.Decision.Via, IP: in.Decision.IP,
		At: in.Decision.At, Reason: in.Decision.Reason,
	}
	var writes []store.Write
	if in.Decision.By.Email != "" && (action == release.Approve || action == release.Reject) {
		writes = append(writes, store.DecidedWrites(q.Request, in.Decision.By.Email)...)
	}
	if q.Status == approval.Pending {
		event := requestEvent(q.Request, cmd, "for "+q.Party(in.Party).Name)
		writes = append(append(writes, store.SaveRequest(q, rev)), store.EventWrites(event)...)
		return q, nil, t.Transact(ctx, writes...)
	}
	q.Tokens = nil
	more, canceled, err := follow(ctx, t, &q, cmd)
	if err != nil {
		return q, nil, err
	}
	return q, canceled, t.Transact(ctx, append(append(writes, store.EndRequest(q, rev)...), more...)...)
}

// canceledBefore finds, for a decision that had been recorded already, the releases that it canceled.
func canceledBefore(ctx context.Context, t store.Table, q store.RequestRecord) ([]string, error) {
	if q.Release == "" {
		return nil, nil
	}
	r, _, err := store.Release(ctx, t, q.Release)
	return r.Superseded, err
}

// requestEvent is a line of history about a request that changes no status of a release.
func requestEvent(q approval.Request, cmd release.Command, detail string) store.Event {
	return store.Event{
		ID: cmd.ID, At: cmd.At, Action: string(cmd.Action), Actor: cmd.Actor, Via: cmd.Via, IP: cmd.IP,
		MiniProgram: q.MiniProgram, Workspace: q.Workspace, Release: q.Release, Request: q.ID, After: string(q.Status), Detail: detail,
	}
}

// follow makes the writes of what follows from the end of a request.
func follow(ctx context.Context, t store.Table, q *store.RequestRecord, cmd release.Command) (writes []store.Write, canceled []string, err error) {
	switch q.Category {
	case approval.ForceRemoval:
		writes, err = followRemoval(ctx, t, q, cmd)
		return writes, nil, err
	case approval.Offline:
		writes, err = followOffline(q, cmd)
		return writes, nil, err
	}
	s, err := store.LoadScene(ctx, t, q.Release)
	if err != nil {
		return nil, nil, err
	}
	s.Settings.PilotTesting = q.PilotTesting // as it was when it was asked
	writes, err = move(ctx, t, s, *q, cmd)
	return writes, s.Release.Superseded, err
}

// record changes the request as the answer says; the action is what that means for the release.
func record(q *approval.Request, in Input) (release.Action, error) {
	d := in.Decision
	switch d.Decision {
	case review.Approve:
		_, err := q.Decide(in.Party, approval.Approved, d.By, "", d.At)
		return release.Approve, err
	case review.Reject:
		_, err := q.Decide(in.Party, approval.Rejected, d.By, d.Reason, d.At)
		return release.Reject, err
	case review.Withdraw, decisionGiveBack:
		if q.Status != approval.Pending {
			return release.Withdraw, nil
		}
		q.End(approval.Withdrawn, d.Reason, d.At)
		return release.Withdraw, nil
	case decisionExpire:
		if q.Status != approval.Pending {
			return release.Expire, nil
		}
		q.End(approval.Expired, "", d.At)
		return release.Expire, nil
	}
	return "", fault.New(fault.Invalid, "unknown_decision", "A decision is approve, reject or withdraw, not %q.", d.Decision)
}

// ignoreDecided lets an answer pass that has been recorded before, or came after the request had ended.
func ignoreDecided(err error) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Kind == fault.Conflict && f.Code != "write_conflict" && f.Code != "same_person" {
		return nil
	}
	return err
}

// move makes the writes that carry the end of a request over to the release, with history and mail.
func move(ctx context.Context, t store.Table, s *store.Scene, q store.RequestRecord, cmd release.Command) ([]store.Write, error) {
	out, err := release.Carry(s.Scene, cmd)
	if err != nil {
		return nil, err
	}
	before := s.Release
	out.Release.LastCommand, out.Release.Refusal, out.Release.Token = cmd.ID, nil, ""
	writes, r := s.Save(out)
	for _, old := range out.Superseded {
		writes = append(writes, supersededEvent(s, old, cmd)...)
	}
	writes = append(writes, store.EventWrites(eventOf(before, r, cmd, cmd.Reason))...)
	overtaken, err := overtakeSuperseded(ctx, t, r, out.Superseded, cmd.At)
	if err != nil {
		return nil, err
	}
	writes = append(writes, overtaken...)
	s.Release = r
	notice, err := endedNotice(q.Request, cmd, r.Status)
	if err != nil || notice == nil {
		return writes, err
	}
	return append(writes, store.NoticeWrite(*notice)), nil
}
