package api

import (
	"context"
	"slices"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// RequestView is a request as the API answers it, with what the caller can do about it.
type RequestView struct {
	approval.Request
	Images  []ImageView  `json:"images,omitempty"`
	Actions []string     `json:"actions"`
	Mails   []store.Sent `json:"mails,omitempty"` // what was sent about it, and what bounced

	// Undeliverable are the addresses of reviewers who are still to decide, and to whom mail does not get through.
	Undeliverable []store.Bounced `json:"undeliverable,omitempty"`
}

// ImageView is an image of a request; its address is given with the request itself, not in lists.
type ImageView struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"contentType"`
	Size        int64  `json:"size"`
	URL         string `json:"url,omitempty"`
}

func (c *Call) requestView(q approval.Request) RequestView {
	v := RequestView{Request: q, Actions: []string{}}
	for _, i := range q.Images {
		v.Images = append(v.Images, ImageView{ID: i.ID, Name: i.Name, ContentType: i.ContentType, Size: i.Size})
	}
	if q.Status != approval.Pending {
		return v
	}
	if c.partyOf(q) != "" {
		v.Actions = append(v.Actions, "approve", "reject")
	}
	if c.submitted(q) {
		v.Actions = append(v.Actions, "withdraw", "resend")
	}
	return v
}

// undeliverable are the reviewers of the parties that have not decided whose mail comes back.
func (c *Call) undeliverable(ctx context.Context, t store.Table, q approval.Request) ([]store.Bounced, error) {
	if q.Status != approval.Pending {
		return nil, nil
	}
	var emails []string
	for _, p := range q.Parties {
		if p.Decision != approval.Pending {
			continue
		}
		reviewers, err := review.Reviewers(ctx, t, p.Workspace, q.Category, q.SubmittedBy)
		if err != nil {
			return nil, err
		}
		for _, m := range reviewers {
			if !slices.Contains(emails, m.Email) {
				emails = append(emails, m.Email)
			}
		}
	}
	return store.BouncedAmong(ctx, t, emails, c.Now)
}

// submitted says whether the caller submitted the request. A CI token stands for what it submitted itself, not for
// the person who made it: that person may have rights, and other workspaces, that the token was not given. Somebody
// who has left both sides of the request has left it too.
func (c *Call) submitted(q approval.Request) bool {
	if c.Actor.Token != nil {
		return q.SubmittedBy.Subject == c.Actor.Subject
	}
	stays := c.belongs(q.Workspace) || slices.ContainsFunc(q.Parties, func(p approval.Party) bool { return c.belongs(p.Workspace) })
	return c.Actor.Email != "" && c.Actor.Email == q.SubmittedBy.Email && stays
}

// partyOf is the party for which the caller can decide now, "" for none.
func (c *Call) partyOf(q approval.Request) string {
	for _, p := range q.Parties {
		if p.Decision == approval.Pending && mayDecide(c.Actor, q, p) {
			return p.ID
		}
	}
	return ""
}

func mayDecide(a catalog.Actor, q approval.Request, p approval.Party) bool {
	return a.May(q.Category.Action(), catalog.Object{AppWorkspaces: []string{p.Workspace}, Submitter: q.SubmittedBy.Email})
}

// staffFor says whether the caller decides requests for a party of this one.
func (c *Call) staffFor(q approval.Request) bool {
	return slices.ContainsFunc(q.Parties, func(p approval.Party) bool { return c.staffOf(p.Workspace) })
}

// seenRequest is a request that the caller may see; any other is the same NotFound.
func (c *Call) seenRequest(ctx context.Context, t store.Table) (store.RequestRecord, int64, error) {
	id := c.Param("id")
	q, rev, err := store.MustRequest(ctx, t, id)
	if err != nil {
		return q, 0, err
	}
	if c.submitted(q.Request) || c.staffFor(q.Request) {
		return q, rev, nil
	}
	m, _, err := store.Load[catalog.MiniProgram](ctx, t, store.MiniProgramKey(q.MiniProgram))
	if err != nil {
		return q, 0, err
	}
	if !q.Known() || !c.Actor.May(catalog.SeeMiniProgram, objectOf(c.Actor, m)) {
		return q, 0, fault.New(fault.NotFound, "no_such_request", "There is no request %q.", id)
	}
	return q, rev, nil
}

// staffOf says whether the caller decides requests for a workspace.
func (c *Call) staffOf(workspace string) bool {
	return c.Actor.May(catalog.DecideRequest, catalog.Object{AppWorkspaces: []string{workspace}})
}
