package task

import (
	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

func mailSubject(q approval.Request) mail.Subject {
	s := mail.Subject{MiniProgram: q.MiniProgramName, MiniProgramID: q.MiniProgram, Version: q.Version}
	for _, t := range q.Targets {
		name := t.TargetApp
		if len(q.Targets) == 1 && q.TargetName != "" {
			name = q.TargetName
		}
		s.Targets = append(s.Targets, mail.Target{App: name, Environment: string(t.Environment)})
	}
	return s
}

func reviewRequested(q approval.Request, p approval.Party, m catalog.Member) mail.ReviewRequested {
	out := mail.ReviewRequested{
		Subject: mailSubject(q), Category: string(q.Category), RequestID: q.ID, Reviewer: m.Name, Party: p.Name,
		SubmittedBy: q.SubmittedBy.Label(), SubmittedAt: q.CreatedAt, ExpiresAt: q.ExpiresAt, Reason: q.Reason,
		Digest: q.Snapshot.PackageSHA256, Compatibility: compatibilityLine(q.Snapshot), Images: len(q.Images), SignIn: q.SignIn,
	}
	for _, other := range q.Parties {
		if other.ID != p.ID {
			out.OtherParties = append(out.OtherParties, other.Name)
		}
	}
	return out
}

// verdictWords are the verdicts of a compatibility report as people read them.
var verdictWords = map[string]string{"pass": "passed", "warn": "passed with warnings", "fail": "failed"}

func compatibilityLine(s approval.Snapshot) string {
	if s.ReportVerdict == "" {
		return ""
	}
	return verdictWords[s.ReportVerdict] + ": " + s.ReportSummary
}

// endedNotice is the mail that tells the submitter how their request ended; nil when they ended it themselves.
func endedNotice(q approval.Request, cmd release.Command, next release.Status) (*store.Notice, error) {
	switch q.Status {
	case approval.Approved, approval.Rejected:
		return mailTo(q.SubmittedBy.Email, q.ID, "ended", decidedMail(q, next))
	case approval.Expired:
		e := mail.Expired{
			Subject: mailSubject(q), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name,
			SubmittedAt: q.CreatedAt, ExpiredAt: cmd.At,
		}
		for _, p := range q.Parties {
			if p.Decision == approval.Pending {
				e.Waiting = append(e.Waiting, p.Name)
			}
		}
		return mailTo(q.SubmittedBy.Email, q.ID, "ended", e)
	case approval.Withdrawn:
		if cmd.Via != "system" {
			return nil, nil
		}
		return mailTo(q.SubmittedBy.Email, q.ID, "ended", mail.Withdrawn{
			Subject: mailSubject(q), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name,
			WithdrawnAt: cmd.At, Cause: "The review could not be completed on our side. Please apply again.",
		})
	}
	return nil, nil
}

func decidedMail(q approval.Request, next release.Status) mail.Decided {
	d := mail.Decided{
		Subject: mailSubject(q), Category: string(q.Category), RequestID: q.ID, Submitter: q.SubmittedBy.Name,
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

// mailTo makes the outbox row of a mail; nil when there is no address, as for a CI token nobody stands behind.
func mailTo(to, about, what string, c mail.Content) (*store.Notice, error) {
	if to == "" {
		return nil, nil
	}
	kind, data, err := mail.Encode(c)
	if err != nil {
		return nil, err
	}
	return &store.Notice{
		ID: derivedID("m", about+"/"+what+"/"+to), Kind: store.NoticeMail,
		Mail: &store.MailNotice{To: to, Template: kind, Data: data, Request: about},
	}, nil
}
