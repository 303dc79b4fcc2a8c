package task

import (
	"context"
	"fmt"
	"io"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/store"
)

// Ask parks a party of a request on the task token and mails each of its eligible reviewers a link of their own.
// The rows of one reviewer, link and mail, are written together, so a repeated Ask mails nobody twice.
func Ask(t store.Table, links approval.Links, random io.Reader) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		var q store.RequestRecord
		err := again(ctx, func() (err error) {
			var rev int64
			if q, rev, err = store.MustRequest(ctx, t, in.Request); err != nil {
				return err
			}
			if q.Status != approval.Pending {
				return &named{NotApproved, fmt.Errorf("request %s is %s", q.ID, q.Status)}
			}
			if q.Tokens == nil {
				q.Tokens = map[string]string{}
			}
			q.Tokens[in.Party] = in.Token
			return t.Transact(ctx, store.SaveRequest(q, rev))
		})
		if err != nil {
			return nil, err
		}
		return Done{}, AskParty(ctx, t, links, random, q.Request, *q.Party(in.Party), 0)
	})
}

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
		ID: derivedID("m", fmt.Sprintf("%s/%s/%s/%d", q.ID, p.ID, m.Email, round)), Kind: store.NoticeMail,
		Mail: &store.MailNotice{To: m.Email, Template: kind, Data: data, Request: q.ID, Link: &seed},
	}
	link := store.Link{Request: q.ID, Party: p.ID, Reviewer: m.Email, ExpiresAt: q.ExpiresAt}
	return store.AskOnce(ctx, t, notice, links.Digest(links.Token(q.ID, p.ID, m.Email, nonce)), link)
}
