package task

import (
	"slipway/functions/internal/approval"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// endedNotice is the mail that tells the submitter how their request ended; nil when they ended it themselves.
func endedNotice(q approval.Request, cmd release.Command, next release.Status) (*store.Notice, error) {
	switch q.Status {
	case approval.Approved, approval.Rejected:
		return MailTo(q.SubmittedBy.Email, q.ID, "ended", decidedMail(q, next))
	case approval.Expired:
		e := mail.Expired{
			Subject: review.Subject(q), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name,
			SubmittedAt: q.CreatedAt, ExpiredAt: cmd.At,
		}
		for _, p := range q.Parties {
			if p.Decision == approval.Pending {
				e.Waiting = append(e.Waiting, p.Name)
			}
		}
		return MailTo(q.SubmittedBy.Email, q.ID, "ended", e)
	case approval.Withdrawn:
		if cmd.Via != "system" {
			return nil, nil
		}
		return MailTo(q.SubmittedBy.Email, q.ID, "ended", mail.Withdrawn{
			Subject: review.Subject(q), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name,
			WithdrawnAt: cmd.At, Cause: "The review could not be completed on our side. Please apply again.",
		})
	}
	return nil, nil
}

func decidedMail(q approval.Request, next release.Status) mail.Decided {
	d := mail.Decided{
		Subject: review.Subject(q), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name,
		Outcome: string(q.Status), Next: string(next), Final: q.Category == approval.Release && len(q.Parties) > 1,
	}
	for _, p := range q.Parties {
		if p.Decision != approval.Pending {
			d.Decisions = append(d.Decisions, mail.Decision{Party: p.Name, By: p.By.Label(), At: p.At, Outcome: string(p.Decision)})
		}
	}
	if q.Status == approval.Rejected {
		d.Reason = q.RejectedBecause()
	}
	return d
}

// MailTo makes the outbox row of a mail; nil when there is no address, as for a CI token nobody stands behind.
func MailTo(to, about, what string, c mail.Content) (*store.Notice, error) {
	if to == "" {
		return nil, nil
	}
	kind, data, err := mail.Encode(c)
	if err != nil {
		return nil, err
	}
	return &store.Notice{
		ID: store.DerivedID("m", about+"/"+what+"/"+to), Kind: store.NoticeMail,
		Mail: &store.MailNotice{To: to, Template: kind, Data: data, Request: about},
	}, nil
}
