package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// ReadRequests answers GET /v1/requests (My Requests, My Approvals) and GET /v1/requests/{id}.
func ReadRequests(t store.Table, packages release.Addresses) Handler {
	return Serve(t, Operations{
		"listRequests": func(ctx context.Context, c *Call) (Answer, error) { return c.listRequests(ctx, t) },
		"readRequest": func(ctx context.Context, c *Call) (Answer, error) {
			q, rev, err := c.seenRequest(ctx, t)
			if err != nil {
				return Answer{}, err
			}
			v := c.requestView(q.Request)
			if v.Mails, err = store.SentMails(ctx, t, q.ID); err != nil {
				return Answer{}, err
			}
			if v.Undeliverable, err = c.undeliverable(ctx, t, q.Request); err != nil {
				return Answer{}, err
			}
			for i := range v.Images {
				if v.Images[i].URL, err = packages.URL(ctx, q.Images[i].Key); err != nil {
					return Answer{}, err
				}
			}
			return Answer{Body: v, ETag: ETag(rev), Fresh: true}, nil // mails come and bounce beside it
		},
	})
}

// maxRequests is how many requests a page of the list holds.
const maxRequests = 50

func (c *Call) listRequests(ctx context.Context, t store.Table) (Answer, error) {
	size, after, err := c.Page(maxRequests)
	if err != nil {
		return Answer{}, err
	}
	partitions, mine, err := c.requestScope()
	if err != nil {
		return Answer{}, err
	}
	wanted, err := c.requestFilter()
	if err != nil {
		return Answer{}, err
	}
	order, err := c.requestOrder()
	if err != nil {
		return Answer{}, err
	}
	found, next, err := store.Requests(ctx, t, partitions, order, after, size, func(q approval.Request) bool { return mine(q) && wanted(q) })
	if err != nil {
		return Answer{}, err
	}
	views := make([]RequestView, len(found))
	for i, q := range found {
		views[i] = c.requestView(q)
	}
	if next != "" {
		next = c.NextPage(next)
	}
	return Answer{Body: NewList(views, next)}, nil
}

// requestScope says where the caller's requests are listed, and which of those rows are the caller's.
func (c *Call) requestScope() (partitions []string, mine func(approval.Request) bool, err error) {
	switch c.Query("scope") {
	case "mine", "": // what a CI token submits is listed with who made the token
		return []string{store.SubmittedBy(c.person().Email)}, c.submitted, nil
	case "approvals":
		email := c.Actor.Email
		partitions = []string{store.DecidedBy(email)}
		for _, m := range c.Actor.Memberships {
			if c.staffOf(m.Workspace) {
				partitions = append(partitions, store.AskedOf(m.Workspace))
			}
		}
		return partitions, func(q approval.Request) bool {
			return c.partyOf(q) != "" && q.Status == approval.Pending ||
				slices.ContainsFunc(q.Parties, func(p approval.Party) bool { return email != "" && p.By.Email == email && c.staffOf(p.Workspace) })
		}, nil
	}
	return nil, nil, fault.Fields([]fault.Field{{Field: "scope", Detail: "must be mine (what I submitted) or approvals (what waits for me, or I decided)"}})
}

// requestFilter reads category, status, submitter and q.
func (c *Call) requestFilter() (func(approval.Request) bool, error) {
	var wrong []fault.Field
	category, status := c.Query("category"), c.Query("status")
	if category != "" && !slices.Contains(approval.Categories, approval.Category(category)) {
		wrong = append(wrong, fault.Field{Field: "category", Detail: fmt.Sprintf("must be one of %v", approval.Categories)})
	}
	if status != "" && !slices.Contains(approval.Statuses, approval.Status(status)) {
		wrong = append(wrong, fault.Field{Field: "status", Detail: fmt.Sprintf("must be one of %v", approval.Statuses)})
	}
	if utf8.RuneCountInString(c.Query("q")) > maxSearch {
		wrong = append(wrong, fault.Field{Field: "q", Detail: tooLongToSearch})
	}
	submitter, text := strings.ToLower(c.Query("submitter")), strings.ToLower(c.Query("q"))
	return func(q approval.Request) bool {
		return (category == "" || string(q.Category) == category) && (status == "" || string(q.Status) == status) &&
			(submitter == "" || strings.ToLower(q.SubmittedBy.Email) == submitter) &&
			(text == "" || strings.Contains(strings.ToLower(q.MiniProgramName), text) || strings.ToLower(q.MiniProgram) == text)
	}, fault.Fields(wrong)
}

// requestOrder reads sort and order: by when requests were made or completed, the latest first unless asked otherwise.
func (c *Call) requestOrder() (o store.RequestOrder, err error) {
	var wrong []fault.Field
	switch c.Query("sort") {
	case "", "created":
	case "completed":
		o.ByCompletion = true
	default:
		wrong = append(wrong, fault.Field{Field: "sort", Detail: "must be created or completed"})
	}
	switch c.Query("order") {
	case "", "desc":
	case "asc":
		o.Ascending = true
	default:
		wrong = append(wrong, fault.Field{Field: "order", Detail: "must be desc (the latest first) or asc"})
	}
	return o, fault.Fields(wrong)
}
