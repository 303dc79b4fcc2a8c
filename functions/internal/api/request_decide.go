package api

import (
	"context"
	"encoding/json"
	"errors"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// ApproveRequest answers POST /v1/requests/{id}/approve.
func ApproveRequest(t store.Table, w release.Answerer) Handler {
	return Serve(t, Operations{"approveRequest": func(ctx context.Context, c *Call) (Answer, error) {
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		return c.decideSignedIn(ctx, t, w, review.Approve, "")
	}})
}

// RejectRequest answers POST /v1/requests/{id}/reject.
func RejectRequest(t store.Table, w release.Answerer) Handler {
	return Serve(t, Operations{"rejectRequest": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			Reason string `json:"reason"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		if err := approval.CheckReason(in.Reason); err != nil {
			return Answer{}, err
		}
		return c.decideSignedIn(ctx, t, w, review.Reject, in.Reason)
	}})
}

func (c *Call) decideSignedIn(ctx context.Context, t store.Table, w release.Answerer, decision, reason string) (Answer, error) {
	q, rev, err := c.seenRequest(ctx, t)
	if err != nil {
		return Answer{}, err
	}
	if err := c.MatchRev(rev); err != nil {
		return Answer{}, err
	}
	party := c.partyOf(q.Request)
	if party == "" {
		return Answer{}, c.whyNot(q.Request)
	}
	if q.Release != "" {
		r, _, err := store.Release(ctx, t, q.Release)
		if err != nil {
			return Answer{}, err
		}
		if digestChanged(r, q.Request) {
			return Answer{}, fault.New(fault.Conflict, "digest_changed", "What you were asked about has changed since; a new request follows.")
		}
	}
	q, err = c.decide(ctx, t, w, q, party, decision, reason, c.person())
	if err != nil {
		return Answer{}, err
	}
	status := 200
	if p := q.Party(party); p.Decision == approval.Pending {
		status = 202
	}
	return Answer{Status: status, Body: c.requestView(q.Request)}, nil
}

// whyNot says why the caller cannot decide a request that they see.
func (c *Call) whyNot(q approval.Request) error {
	if q.Status != approval.Pending {
		return q.Open("")
	}
	if c.submitted(q) {
		return fault.New(fault.Forbidden, "own_request", "Nobody decides their own request; somebody else of %s has to.", q.Parties[0].Name)
	}
	for _, p := range q.Parties {
		if c.staffOf(p.Workspace) && p.Decision != approval.Pending {
			return q.Open(p.ID)
		}
	}
	return fault.New(fault.Forbidden, "forbidden", "Only an admin or a reviewer of %s may decide this.", q.Parties[0].Name)
}

// decide hands a party's answer to the task that waits for it, and reads back what became of it. Of several answers
// exactly one finds the task waiting.
func (c *Call) decide(ctx context.Context, t store.Table, w release.Answerer, q store.RequestRecord, party, decision, reason string, by catalog.Person) (store.RequestRecord, error) {
	q, err := untilAsked(ctx, t, q, party)
	if err != nil {
		return q, err
	}
	if err := q.Open(party); err != nil {
		return q, err
	}
	probe := q.Request
	probe.Parties = append([]approval.Party(nil), q.Parties...)
	if _, err := probe.Decide(party, approval.Approved, by, "", c.Now); err != nil { // refuses the same person twice
		return q, err
	}
	d := review.Decision{ID: c.NewID("dec"), Decision: decision, By: by, Via: c.Via, IP: c.IP, At: c.Now, Reason: reason}
	data, err := json.Marshal(d)
	if err != nil {
		return q, err
	}
	if err := w.Succeed(ctx, q.Tokens[party], data); err != nil {
		return overtakenDecision(ctx, t, q, party, d, err)
	}
	q, err = lookRequest(ctx, t, q.ID, func(q store.RequestRecord) bool {
		p := q.Party(party)
		return p.Decision != approval.Pending || q.Status != approval.Pending
	})
	if err == nil && q.Party(party).Decision == approval.Pending && q.Status != approval.Pending {
		err = q.Open(party) // another party, or a withdrawal, ended the request first: this answer was not recorded
	}
	return q, err
}

// untilAsked gives the machine a moment to park the party's task after the request was made.
func untilAsked(ctx context.Context, t store.Table, q store.RequestRecord, party string) (store.RequestRecord, error) {
	if q.Tokens[party] != "" || q.Status != approval.Pending {
		return q, nil
	}
	q, err := lookRequest(ctx, t, q.ID, func(q store.RequestRecord) bool {
		return q.Tokens[party] != "" || q.Status != approval.Pending || q.Party(party).Decision != approval.Pending
	})
	if err == nil && q.Open(party) == nil && q.Tokens[party] == "" {
		err = fault.New(fault.Unavailable, "not_ready", "The request was only just made; try again in a moment.")
	}
	return q, err
}

// overtakenDecision says what came of a token that was answered already: by somebody else, or by this very answer, if
// only the word that it was taken got lost and it was sent again.
func overtakenDecision(ctx context.Context, t store.Table, q store.RequestRecord, party string, d review.Decision, err error) (store.RequestRecord, error) {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != "token_used" {
		return q, err
	}
	now, err := lookRequest(ctx, t, q.ID, func(q store.RequestRecord) bool { return q.Open(party) != nil })
	if err != nil {
		return q, err
	}
	closed := now.Open(party)
	if mine, err := store.Happened(ctx, t, q.MiniProgram, d.At, d.ID); mine || err != nil {
		return now, err
	}
	if closed != nil {
		return now, closed
	}
	return now, fault.New(fault.Conflict, "overtaken", "Somebody else decided this a moment earlier.")
}

// lookRequest reads a request until it is as wanted.
func lookRequest(ctx context.Context, t store.Table, id string, wanted func(store.RequestRecord) bool) (store.RequestRecord, error) {
	return watch(ctx, func() (store.RequestRecord, error) {
		q, _, err := store.MustRequest(ctx, t, id)
		return q, err
	}, wanted)
}
