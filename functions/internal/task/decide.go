package task

import (
	"context"
	"errors"
	"fmt"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// What a party's answer can be; expire and give-back are the machine's own.
const (
	DecisionApprove  = "approve"
	DecisionReject   = "reject"
	DecisionWithdraw = "withdraw"
	decisionExpire   = "expire"
	decisionGiveBack = "give-back"
)

// Decision is the answer of a party, as the approval link or the API sent it to the parked task.
type Decision struct {
	ID       string         `json:"id"` // of the answer; the release remembers the last one that moved it
	Decision string         `json:"decision"`
	By       catalog.Person `json:"by"`
	Via      string         `json:"via"`
	IP       string         `json:"ip"`
	At       time.Time      `json:"at"`
	Reason   string         `json:"reason"`
}

// Decide records the answer of a party in the request and, when the request is complete with it, moves the release
// in the same transaction. A request that ends without approval fails the task by the name NotApproved, which ends
// the review of the other parties too.
func Decide(t store.Table, w release.Workflow) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		in.Decision = filled(in)
		var s *store.Scene
		var q store.RequestRecord
		err := again(ctx, func() (err error) {
			s, q, err = decide(ctx, t, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		if q.Status != approval.Pending && q.Status != approval.Approved {
			return nil, &named{NotApproved, fmt.Errorf("request %s is %s", q.ID, q.Status)}
		}
		return Done{}, endSuperseded(ctx, t, w, s.Release.Superseded)
	})
}

// filled gives the machine's own decisions the time and the id that people's bring along.
func filled(in Input) Decision {
	d := in.Decision
	if d.At.IsZero() {
		d.At, d.By, d.Via = in.Now, system, "system"
	}
	if d.ID == "" {
		d.ID = derivedID("d", in.Request+"/"+in.Party+"/"+d.Decision)
	}
	return d
}

func decide(ctx context.Context, t store.Table, in Input) (*store.Scene, store.RequestRecord, error) {
	q, rev, err := store.MustRequest(ctx, t, in.Request)
	if err != nil {
		return nil, q, err
	}
	s, err := store.LoadScene(ctx, t, in.Release)
	if err != nil {
		return nil, q, err
	}
	s.Settings.PilotTesting = q.PilotTesting
	before := q.Status
	action, err := record(&q.Request, in)
	if err != nil || before != approval.Pending {
		return s, q, ignoreDecided(err)
	}
	delete(q.Tokens, in.Party)
	cmd := release.Command{
		ID: in.Decision.ID, Action: action, Actor: in.Decision.By, Via: in.Decision.Via, IP: in.Decision.IP,
		At: in.Decision.At, Reason: in.Decision.Reason,
	}
	writes := []store.Write{store.SaveRequest(q, rev)}
	if in.Decision.By.Email != "" && (action == release.Approve || action == release.Reject) {
		writes = append(writes, store.DecidedWrite(q.Request, in.Decision.By.Email))
	}
	if q.Status == approval.Pending {
		event := eventOf(s.Release, s.Release, cmd, "for "+q.Party(in.Party).Name)
		return s, q, t.Transact(ctx, append(writes, store.EventWrites(event)...)...)
	}
	q.Tokens = nil
	writes[0] = store.SaveRequest(q, rev)
	more, err := move(s, q, cmd)
	if err != nil {
		return s, q, err
	}
	return s, q, t.Transact(ctx, append(writes, more...)...)
}

// record changes the request as the answer says; the action is what that means for the release.
func record(q *approval.Request, in Input) (release.Action, error) {
	d := in.Decision
	switch d.Decision {
	case DecisionApprove:
		_, err := q.Decide(in.Party, approval.Approved, d.By, "", d.At)
		return release.Approve, err
	case DecisionReject:
		_, err := q.Decide(in.Party, approval.Rejected, d.By, d.Reason, d.At)
		return release.Reject, err
	case DecisionWithdraw, decisionGiveBack:
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
func move(s *store.Scene, q store.RequestRecord, cmd release.Command) ([]store.Write, error) {
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
	s.Release = r
	notice, err := endedNotice(q.Request, cmd, r)
	if err != nil || notice == nil {
		return writes, err
	}
	return append(writes, store.NoticeWrite(*notice)), nil
}
