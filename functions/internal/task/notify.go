package task

import (
	"context"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// Notify mails everybody concerned what a force removal came to: its submitter, and the people of the mini program.
// The mails are written once, together with the mark that they were.
func Notify(t store.Table) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		return Done{}, Again(ctx, func() error {
			q, rev, err := store.MustRequest(ctx, t, in.Request)
			if err != nil || q.Notified {
				return err
			}
			notices, err := removalNotices(ctx, t, q.Request)
			if err != nil {
				return err
			}
			q.Notified = true
			writes := []store.Write{store.SaveRequest(q, rev)}
			for _, n := range notices {
				if n != nil { // somebody has no address; the others are told all the same
					writes = append(writes, store.NoticeWrite(*n))
				}
			}
			return t.Transact(ctx, writes...)
		})
	})
}

// maxNotified bounds the mails of one removal, so that they fit one transaction; a mini program has fewer people.
const maxNotified = 90

func removalNotices(ctx context.Context, t store.Table, q approval.Request) ([]*store.Notice, error) {
	decided := decidedMail(q, "")
	for _, c := range q.Changes {
		decided.Changes = append(decided.Changes, mailChange(q, c))
	}
	first, err := MailTo(q.SubmittedBy.Email, q.ID, "ended", decided)
	if err != nil {
		return nil, err
	}
	out := []*store.Notice{first}
	if q.Outcome != "" { // nothing was left to remove: the merchant is not concerned
		return out, nil
	}
	removed := mail.ForceRemoved{Subject: review.Subject(q), RemovedBy: q.Parties[0].Name, RemovedAt: q.CompletedOn, Reason: q.Reason, Changes: decided.Changes}
	removed.Version = ""
	people, err := concerned(ctx, t, q.MiniProgram)
	if err != nil {
		return nil, err
	}
	for _, email := range people {
		n, err := MailTo(email, q.ID, "force-removed", removed)
		if err != nil {
			return nil, err
		}
		if out = append(out, n); len(out) == maxNotified {
			break
		}
	}
	return out, nil
}

// mailChange calls the app what the rest of the mail calls it.
func mailChange(q approval.Request, c approval.Change) mail.Change {
	name := c.TargetApp
	if len(q.Targets) == 1 && q.TargetName != "" {
		name = q.TargetName
	}
	return mail.Change{Version: c.Version, Target: mail.Target{App: name, Environment: string(c.Environment)}, From: c.From, To: c.To}
}

// concerned are the admins of the workspace that owns a mini program, and the mini program's own members, each once.
func concerned(ctx context.Context, t store.Table, miniProgram string) ([]string, error) {
	m, _, err := store.MiniProgram(ctx, t, miniProgram)
	if err != nil {
		return nil, err
	}
	members, err := store.Members(ctx, t, m.Workspace)
	if err != nil {
		return nil, err
	}
	var out []string
	seen := map[string]bool{"": true}
	add := func(email string) {
		if !seen[email] {
			seen[email] = true
			out = append(out, email)
		}
	}
	for _, p := range members {
		if p.Role == catalog.Admin || p.Role == catalog.Owner || p.Role == catalog.Master {
			add(p.Email)
		}
	}
	for _, p := range m.Members {
		add(p.Email)
	}
	return out, nil
}
