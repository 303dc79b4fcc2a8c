package review

import (
	"context"
	"fmt"
	"io"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/store"
)

// AskParty mails every eligible reviewer of a party. Round 0 is the first mail; a resend counts on.
func AskParty(ctx context.Context, t store.Table, links approval.Links, random io.Reader, q approval.Request, p approval.Party, round int) error {
	reviewers, err := Reviewers(ctx, t, p.Workspace, q.Category, q.SubmittedBy)
	if err != nil {
		return err
	}
	for _, m := range reviewers {
		if err := askReviewer(ctx, t, links, random, q, p, m, round); err != nil {
			return err
		}
	}
	return nil
}

// askReviewer writes the link and the mail of one reviewer, unless they are written; each round has
// a link and an id of its own.
func askReviewer(ctx context.Context, t store.Table, links approval.Links, random io.Reader, q approval.Request, p approval.Party, m catalog.Member, round int) error {
	nonce, err := approval.Nonce(random)
	if err != nil {
		return err
	}
	seed := store.LinkSeed{Request: q.ID, Party: p.ID, Reviewer: m.Email, Nonce: nonce}
	kind, data, err := mail.Encode(reviewRequested(q, p, m))
	if err != nil {
		return err
	}
	notice := store.Notice{
		ID: store.DerivedID("m", fmt.Sprintf("%s/%s/%s/%d", q.ID, p.ID, m.Email, round)), Kind: store.NoticeMail,
		Mail: &store.MailNotice{To: m.Email, Template: kind, Data: data, Request: q.ID, Link: &seed},
	}
	token, err := links.Token(ctx, q.ID, p.ID, m.Email, nonce)
	if err != nil {
		return err
	}
	link := store.Link{Request: q.ID, Party: p.ID, Reviewer: m.Email, ExpiresAt: q.ExpiresAt}
	return store.AskOnce(ctx, t, notice, links.Digest(token), link)
}

func reviewRequested(q approval.Request, p approval.Party, m catalog.Member) mail.ReviewRequested {
	out := mail.ReviewRequested{
		Subject: Subject(q), Category: string(q.Category), RequestID: q.ID, Reviewer: m.Name, Party: p.Name,
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

// Subject is what a mail about a request is about.
func Subject(q approval.Request) mail.Subject {
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

// verdictWords are the verdicts of a compatibility report as people read them.
var verdictWords = map[string]string{"pass": "passed", "warn": "passed with warnings", "fail": "failed"}

func compatibilityLine(s approval.Snapshot) string {
	if s.ReportVerdict == "" {
		return ""
	}
	return verdictWords[s.ReportVerdict] + ": " + s.ReportSummary
}
