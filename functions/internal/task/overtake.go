package task

import (
	"context"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// What may overtake a request, as its outcome says it.
const (
	forceRemoved = "force_removed"
	superseded   = "superseded"
)

// overtake makes the writes that end the pending offline request of a release which something else archives. They belong
// into the transaction that does, so that nobody is ever asked about what has happened. The machine of the request ends by
// itself once the reviewers' time is over: nothing that is answered meanwhile is recorded.
func overtake(ctx context.Context, t store.Table, old release.Release, outcome, why string, at time.Time) ([]store.Write, error) {
	q, rev, err := store.PendingOffline(ctx, t, old)
	if err != nil || q.Status != approval.Pending || q.Release != old.ID {
		return nil, err
	}
	writes, err := withdrawBySystem(q, rev, outcome, why, at)
	if err != nil {
		return nil, err
	}
	q.Status = approval.Withdrawn
	event := requestEvent(q.Request, release.Command{ID: store.DerivedID("w", q.ID), Actor: System, Via: "system", At: at}, why)
	event.Action = string(q.Category) + "-" + string(q.Status)
	return append(append(writes, store.UnlockRequest(q.Request)...), store.EventWrites(event)...), nil
}

// overtakeSuperseded does so for those of the superseded releases that everybody got.
func overtakeSuperseded(ctx context.Context, t store.Table, by release.Release, old []release.Release, at time.Time) (writes []store.Write, err error) {
	for _, r := range old {
		if r.Status != release.Archived {
			continue
		}
		more, err := overtake(ctx, t, r, superseded, "Version "+by.Version+" has taken the place of version "+r.Version+", which is not served to everybody any more.", at)
		if err != nil {
			return nil, err
		}
		writes = append(writes, more...)
	}
	return writes, nil
}

// withdrawBySystem makes the writes that end a pending request and tell its submitter the cause.
func withdrawBySystem(q store.RequestRecord, rev int64, outcome, why string, at time.Time) ([]store.Write, error) {
	q.End(approval.Withdrawn, why, at)
	q.Outcome, q.Tokens = outcome, nil
	writes := store.EndRequest(q, rev)
	notice, err := MailTo(q.SubmittedBy.Email, q.ID, "ended", mail.Withdrawn{
		Subject: review.Subject(q.Request), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name, WithdrawnAt: at, Cause: why,
	})
	if err != nil || notice == nil {
		return writes, err
	}
	return append(writes, store.NoticeWrite(*notice)), nil
}
