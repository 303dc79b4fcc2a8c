package task

import (
	"context"
	"fmt"
	"io"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// Ask parks a party of a request on the task token and mails each of its eligible reviewers a link of their own.
// The rows of one reviewer, link and mail, are written together, so a repeated Ask mails nobody twice.
func Ask(t store.Table, links approval.Links, random io.Reader) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		var q store.RequestRecord
		err := Again(ctx, func() (err error) {
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
		return Done{}, review.AskParty(ctx, t, links, random, q.Request, *q.Party(in.Party), 0)
	})
}
