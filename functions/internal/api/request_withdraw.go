package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// WithdrawRelease answers POST /v1/releases/{id}/withdraw.
func WithdrawRelease(t store.Table, w release.Answerer) Handler {
	return Serve(t, Operations{"withdrawRelease": func(ctx context.Context, c *Call) (Answer, error) {
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		s, err := c.ownRelease(ctx, t, c.Param("id"))
		if err != nil {
			return Answer{}, err
		}
		if err := c.MatchRev(s.Rev()); err != nil {
			return Answer{}, err
		}
		if _, err := release.Check(s.Scene, release.Command{Action: release.Withdraw, At: c.Now}); err != nil {
			return Answer{}, err
		}
		if _, err := c.withdraw(ctx, t, w, s.Release.Request); err != nil {
			return Answer{}, err
		}
		s, err = look(ctx, t, s.Release.ID, func(r release.Release) bool { return r.Status != release.UnderReview && r.Parked() })
		if err != nil {
			return Answer{}, err
		}
		if s.Release.Status == release.UnderReview {
			return answerScene(202, s), nil
		}
		return answerScene(200, s), nil
	}})
}

// WithdrawRequest answers POST /v1/requests/{id}/withdraw; for a release it is the same as withdrawing that.
func WithdrawRequest(t store.Table, w release.Answerer) Handler {
	return Serve(t, Operations{"withdrawRequest": func(ctx context.Context, c *Call) (Answer, error) {
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		q, rev, err := c.seenRequest(ctx, t)
		if err != nil {
			return Answer{}, err
		}
		if err := c.MatchRev(rev); err != nil {
			return Answer{}, err
		}
		if !c.submitted(q.Request) {
			if err := c.mayWithdraw(ctx, t, q.Request); err != nil {
				return Answer{}, err
			}
		}
		if q, err = c.withdraw(ctx, t, w, q.ID); err != nil {
			return Answer{}, err
		}
		return Answer{Body: c.requestView(q.Request)}, nil
	}})
}

// mayWithdraw is about a request of somebody else's, which those withdraw who may release what it is about.
func (c *Call) mayWithdraw(ctx context.Context, t store.Table, q approval.Request) error {
	_, err := c.ownRelease(ctx, t, q.Release)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return fault.New(fault.Forbidden, "forbidden", "Only who submitted a request, or may release the mini program, can withdraw it.")
	}
	return err
}

// withdraw answers one of the tasks that wait for a decision; that ends the review of all parties.
func (c *Call) withdraw(ctx context.Context, t store.Table, w release.Answerer, id string) (store.RequestRecord, error) {
	q, _, err := store.MustRequest(ctx, t, id)
	if err != nil {
		return q, err
	}
	d := review.Decision{ID: c.NewID("dec"), Decision: review.Withdraw, By: c.person(), Via: c.Via, IP: c.IP, At: c.Now}
	data, err := json.Marshal(d)
	if err != nil {
		return q, err
	}
	for _, p := range slices.Clone(q.Parties) {
		if p.Decision != approval.Pending {
			continue
		}
		if q, err = untilAsked(ctx, t, q, p.ID); err != nil {
			return q, err
		}
		if q.Status != approval.Pending {
			return q, q.Open("")
		}
		err = w.Succeed(ctx, q.Tokens[p.ID], data)
		var f *fault.Error
		if errors.As(err, &f) && f.Code == "token_used" {
			continue // this party has just decided; another one may still wait
		}
		if err != nil {
			return q, err
		}
		q, err = lookRequest(ctx, t, id, func(q store.RequestRecord) bool { return q.Status != approval.Pending })
		if err == nil && q.Status != approval.Pending && q.Status != approval.Withdrawn {
			err = q.Open("") // another party ended it first
		}
		return q, err
	}
	if q, err = lookRequest(ctx, t, id, func(q store.RequestRecord) bool { return q.Status != approval.Pending }); err != nil {
		return q, err
	}
	if mine, err := store.Happened(ctx, t, q.MiniProgram, d.At, d.ID); mine || err != nil { // only the answer to it was lost
		return q, err
	}
	if q.Status != approval.Pending {
		return q, q.Open("")
	}
	return q, fault.New(fault.Conflict, "overtaken", "A decision is being recorded; look again in a moment.")
}

// maxResends bounds how often the mails of one request are sent again.
const maxResends = 5

// ResendRequest answers POST /v1/requests/{id}/resend: new mails, with links of their own, to every reviewer of the
// parties that have not decided. Links sent before stay valid. The answer says whose mail comes back: they get another
// all the same, and the submitter knows whom to reach in another way.
func ResendRequest(t store.Table, links approval.Links, random io.Reader) Handler {
	return Serve(t, Operations{"resendRequest": func(ctx context.Context, c *Call) (Answer, error) {
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		q, rev, err := c.seenRequest(ctx, t)
		if err != nil {
			return Answer{}, err
		}
		if !c.submitted(q.Request) {
			return Answer{}, fault.New(fault.Forbidden, "forbidden", "Only who submitted a request can have its mails sent again.")
		}
		if q.Status != approval.Pending {
			return Answer{}, q.Open("")
		}
		if q.Resends >= maxResends {
			return Answer{}, fault.New(fault.Limited, "resent_enough", "The mails of this request were sent again %d times; ask the reviewers directly.", maxResends)
		}
		q.Resends++
		if err := t.Transact(ctx, store.SaveRequest(q, rev)); err != nil {
			return Answer{}, err
		}
		for _, p := range q.Parties {
			if p.Decision != approval.Pending {
				continue
			}
			if err := review.AskParty(ctx, t, links, random, q.Request, p, q.Resends); err != nil {
				return Answer{}, err
			}
		}
		v := c.requestView(q.Request)
		if v.Undeliverable, err = c.undeliverable(ctx, t, q.Request); err != nil {
			return Answer{}, err
		}
		return Answer{Status: 202, Body: v}, nil
	}})
}
