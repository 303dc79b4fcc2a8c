package task

import (
	"cmp"
	"context"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// Courier delivers what the outbox holds: mails and executions to start.
type Courier struct {
	Table    store.Table
	Workflow release.Starter
	Sender   mail.Sender
	Links    approval.Links

	// Lease is for how long a mail belongs to whoever is sending it: longer than sending one takes. A sender that crashed
	// is followed by another after that, with the same reference and link. Zero means a minute.
	Lease time.Duration
}

// A notice that cannot be delivered is tried again after a growing pause; a mail is given up after maxAttempts, about
// two days, and shown as failed on its request. An execution is never given up.
const (
	maxAttempts = 20
	maxPause    = 4 * time.Hour
)

// Deliver goes through the outbox once and says how many notices it delivered. A notice that fails stays for later
// and does not hold up the others; the error is only about the table.
func (c Courier) Deliver(ctx context.Context, now time.Time) (int, error) {
	delivered, _, err := c.round(ctx, now)
	return delivered, err
}

// round is Deliver, and says for how long the oldest of what stays has waited since it was first tried.
func (c Courier) round(ctx context.Context, now time.Time) (delivered int, oldest time.Duration, err error) {
	for after := ""; ; {
		page, err := store.Outbox(ctx, c.Table, after, 100)
		if err != nil {
			return delivered, oldest, err
		}
		for i, n := range page.Notices {
			done := false
			if !n.NotUntil.After(now) {
				if done, err = c.one(ctx, n, page.Revs[i], now); err != nil {
					return delivered, oldest, err
				}
			}
			if done {
				delivered++
			} else if !n.Since.IsZero() {
				oldest = max(oldest, now.Sub(n.Since))
			}
		}
		if after = page.Next; after == "" {
			return delivered, oldest, nil
		}
	}
}

func (c Courier) one(ctx context.Context, n store.Notice, rev int64, now time.Time) (bool, error) {
	if n.Since.IsZero() {
		n.Since = now
	}
	if n.Kind == store.NoticeMail {
		claimed, err := c.claim(ctx, &n, &rev, now)
		if err != nil || !claimed {
			return false, err
		}
	}
	id, err := c.hand(ctx, n)
	switch {
	case err == nil:
		n.Failed = ""
		return true, store.Delivered(ctx, c.Table, n, id, now)
	case n.Kind == store.NoticeMail && (final(err) || n.Attempts >= maxAttempts):
		n.Failed = err.Error()
		return false, store.Delivered(ctx, c.Table, n, "", now)
	}
	if n.Kind != store.NoticeMail {
		n.Attempts++
	}
	n.Failed = err.Error()
	n.NotUntil = now.Add(min(time.Second<<min(n.Attempts, 20), maxPause))
	if err := store.Postpone(ctx, c.Table, n, rev); err != nil && !store.IsConflict(err) {
		return false, err
	}
	return false, nil
}

// claim makes a mail this sender's for the time of the lease; false when another was faster. Starting an execution
// twice does no harm and needs no claim.
func (c Courier) claim(ctx context.Context, n *store.Notice, rev *int64, now time.Time) (bool, error) {
	n.Attempts++
	n.NotUntil = now.Add(cmp.Or(c.Lease, time.Minute))
	err := store.Postpone(ctx, c.Table, *n, *rev)
	if store.IsConflict(err) {
		return false, nil
	}
	*rev++
	return err == nil, err
}

// final says whether trying again cannot help.
func final(err error) bool {
	switch fault.KindOf(err) {
	case fault.Unprocessable, fault.Invalid:
		return true
	}
	return false
}

func (c Courier) hand(ctx context.Context, n store.Notice) (messageID string, err error) {
	if n.Start != nil {
		return "", c.Workflow.Start(ctx, n.Start.Machine, n.Start.Name, n.Start.Input)
	}
	m := n.Mail
	link := ""
	switch {
	case m.Link != nil:
		token, err := c.Links.Token(ctx, m.Link.Request, m.Link.Party, m.Link.Reviewer, m.Link.Nonce)
		if err != nil {
			return "", err
		}
		link = c.Links.URL(token)
	case m.Request != "":
		link = c.Links.RequestURL(m.Request)
	}
	msg, err := mail.Render(m.Template, m.Data, m.To, n.ID, link)
	if err != nil {
		return "", err
	}
	return c.Sender.Send(ctx, msg)
}
