package task

import (
	"context"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
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

// followOffline makes the writes of what follows from the end of an offline request; what an approval asks for is done
// by the machine's next task.
func followOffline(q *store.RequestRecord, cmd release.Command) ([]store.Write, error) {
	writes := store.EventWrites(removalEvent(*q, cmd))
	if q.Status != approval.Approved {
		writes = append(writes, store.UnlockRequest(q.Request)...)
	}
	notice, err := endedNotice(q.Request, cmd, "")
	if err != nil || notice == nil {
		return writes, err
	}
	return append(writes, store.NoticeWrite(*notice)), nil
}

// TakeOffline stops serving the release that an offline request names, if it is still the one that everybody gets.
func TakeOffline(t store.Table) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		return Done{}, Again(ctx, func() error { return takeOffline(ctx, t, in) })
	})
}

func takeOffline(ctx context.Context, t store.Table, in Input) error {
	q, rev, err := store.MustRequest(ctx, t, in.Request)
	if err != nil || q.Notified {
		return err
	}
	s, err := store.LoadScene(ctx, t, q.Release)
	if err != nil {
		return err
	}
	q.Notified = true
	writes := store.UnlockRequest(q.Request)
	cmd := release.Command{
		ID: store.DerivedID("o", q.ID), Action: release.TakeOffline, Actor: q.SubmittedBy, Via: "system", At: in.Now, Reason: q.Reason,
	}
	out, err := release.Carry(s.Scene, cmd)
	if refusal := refusalOf(err); refusal != nil {
		q.Outcome = "Nothing was taken offline: " + refusal.Detail
		return t.Transact(ctx, append(writes, store.SaveRequest(q, rev))...)
	}
	if err != nil {
		return err
	}
	saves, r := s.Save(out)
	q.Changes = append(q.Changes, approval.Change{
		Release: r.ID, Version: r.Version, TargetApp: r.TargetApp, Environment: r.Environment, From: string(s.Release.Status), To: string(r.Status),
	})
	writes = append(append(writes, saves...), store.SaveRequest(q, rev))
	writes = append(writes, store.EventWrites(eventOf(s.Release, r, cmd, "by request "+q.ID))...)
	notices, err := offlineNotices(ctx, t, q.Request, in)
	if err != nil {
		return err
	}
	for _, n := range notices {
		writes = append(writes, store.NoticeWrite(*n))
	}
	return t.Transact(ctx, writes...)
}

func offlineNotices(ctx context.Context, t store.Table, q approval.Request, in Input) ([]*store.Notice, error) {
	people, err := concerned(ctx, t, q.MiniProgram)
	if err != nil {
		return nil, err
	}
	done := mail.OfflineDone{Subject: review.Subject(q), RequestedBy: q.SubmittedBy.Label(), OfflineAt: in.Now, Reason: q.Reason}
	for _, p := range q.Parties {
		done.ApprovedBy = p.Name
	}
	var out []*store.Notice
	for _, email := range people {
		n, err := MailTo(email, q.ID, "offline-done", done)
		if err != nil {
			return nil, err
		}
		if out = append(out, n); len(out) == maxNotified/2 {
			break
		}
	}
	return out, nil
}
