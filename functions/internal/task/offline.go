package task

import (
	"context"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

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
