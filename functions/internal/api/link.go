package api

import (
	"context"
	"errors"
	"slices"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/console"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// ApprovalLink answers GET and POST /approvals/{token}, the page behind the link in a reviewer's mail.
//
// GET shows and changes nothing, however often it is opened. POST decides, and only for somebody who has typed back
// what the page shows: scanners of mail open links, run scripts and submit forms, but do not do that.
func ApprovalLink(t store.Table, w release.Answerer, packages release.Addresses, links approval.Links) Handler {
	return serve(t, Operations{
		"showApproval": func(ctx context.Context, c *Call) (Answer, error) {
			v, err := c.openLink(ctx, t, packages, links)
			if err != nil {
				return linkProblem(c, err)
			}
			if v.closed() {
				return page(200, v.closedPage())
			}
			if v.request.SignIn {
				return page(200, console.ApprovalSignIn{Facts: v.facts(), Party: v.party.Name, URL: links.RequestURL(v.request.ID)})
			}
			return page(200, v.form(console.Form{}))
		},
		"decideApproval": func(ctx context.Context, c *Call) (Answer, error) { return c.decideByLink(ctx, t, w, packages, links) },
	}, problemPage)
}

// linkView is a link with everything that its page may show.
type linkView struct {
	link    store.Link
	request store.RequestRecord
	party   approval.Party
	member  catalog.Member
	release release.Release
	files   fileURLs
}

var errUnknownLink = fault.New(fault.NotFound, "no_such_link", "This approval link is not known.")

// openLink finds what a token stands for. A reviewer who is no longer eligible has lost the link too.
func (c *Call) openLink(ctx context.Context, t store.Table, packages release.Addresses, links approval.Links) (*linkView, error) {
	token := c.Param("token")
	if len(token) != 43 {
		return nil, errUnknownLink
	}
	v := &linkView{}
	var rev int64
	var err error
	if v.link, rev, err = store.FindLink(ctx, t, links.Digest(token)); err != nil {
		return nil, err
	}
	if rev == 0 {
		return nil, errUnknownLink
	}
	c.About(v.link.Request)
	if v.request, _, err = store.MustRequest(ctx, t, v.link.Request); err != nil {
		return nil, err
	}
	v.party = *v.request.Party(v.link.Party)
	reviewers, err := review.Reviewers(ctx, t, v.party.Workspace, v.request.Category, v.request.SubmittedBy)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(reviewers, func(m catalog.Member) bool { return m.Email == v.link.Reviewer })
	if i < 0 {
		return nil, errUnknownLink
	}
	v.member = reviewers[i]
	c.Actor = catalog.Actor{Person: catalog.Person{Email: v.member.Email, Name: v.member.Name}}
	if v.request.Status == approval.Pending && !v.link.ExpiresAt.After(c.Now) {
		v.request.End(approval.Expired, "", v.link.ExpiresAt) // shown so; the machine records it at its own time
	}
	if v.request.Release != "" {
		if v.release, _, err = store.Release(ctx, t, v.request.Release); err != nil {
			return nil, err
		}
	}
	v.files, err = filesOf(ctx, packages, v.request.Request)
	return v, err
}

func (c *Call) decideByLink(ctx context.Context, t store.Table, w release.Answerer, packages release.Addresses, links approval.Links) (Answer, error) {
	v, err := c.openLink(ctx, t, packages, links)
	if err != nil {
		return linkProblem(c, err)
	}
	form, err := c.Form("decision", "confirm", "reason")
	if err != nil {
		return linkProblem(c, err)
	}
	switch {
	case v.closed():
		return page(409, v.closedPage())
	case v.request.SignIn:
		return page(403, console.ApprovalSignIn{Facts: v.facts(), Party: v.party.Name, URL: links.RequestURL(v.request.ID)})
	}
	typed := console.Form{Confirm: form["confirm"], Decision: form["decision"], Reason: form["reason"]}
	if typed.Errors = CheckDecision(typed.Decision, typed.Confirm, v.facts().TypeBack(), typed.Reason); len(typed.Errors) > 0 {
		return page(400, v.form(typed))
	}
	reason := ""
	if typed.Decision == review.Reject {
		reason = typed.Reason
	}
	q, err := c.decide(ctx, t, w, v.request, v.party.ID, typed.Decision, reason, c.Actor.Person)
	if err != nil {
		return v.decideProblem(ctx, c, t, packages, links, err)
	}
	v.request, v.party = q, *q.Party(v.party.ID)
	return page(200, v.done(typed.Decision))
}

// CheckDecision holds what was typed into a decision form against what the page asked to type back. What is wrong is in
// whole sentences and in the order of the page, which shows them far from their fields, too.
func CheckDecision(decision, confirm, want, reason string) []fault.Field {
	var wrong []fault.Field
	switch decision {
	case review.Approve:
	case review.Reject:
		var e *fault.Error
		if errors.As(approval.CheckReason(reason), &e) {
			wrong = append(wrong, fault.Field{Field: "reason", Detail: "The reason " + e.Fields[0].Detail})
		}
	default:
		wrong = append(wrong, fault.Field{Field: "decision", Detail: "Please choose approve or reject"})
	}
	if !typedBack(confirm, want) {
		wrong = append(wrong, fault.Field{Field: "confirm", Detail: "What you typed back is not " + want + ": please type it as the page shows it"})
	}
	return wrong
}

// decideProblem shows what came in between as the page it amounts to.
func (v *linkView) decideProblem(ctx context.Context, c *Call, t store.Table, packages release.Addresses, links approval.Links, err error) (Answer, error) {
	if !fault.Is(err, fault.Conflict) {
		return linkProblem(c, err)
	}
	now, openErr := c.openLink(ctx, t, packages, links)
	if openErr != nil {
		return linkProblem(c, openErr)
	}
	if now.closed() {
		return page(409, now.closedPage())
	}
	return linkProblem(c, err)
}

// closed says whether the link decides nothing any more.
func (v *linkView) closed() bool {
	return v.request.Open(v.party.ID) != nil || digestChanged(v.release, v.request.Request)
}

// digestChanged says whether what is under review is not what the request shows. Nothing in Slipway lets that happen;
// nobody decides should it happen all the same.
func digestChanged(r release.Release, q approval.Request) bool {
	return q.Release != "" && r.Status == release.UnderReview && r.Request == q.ID && r.Digest != q.Digest
}

func page(status int, p console.Page) (Answer, error) {
	body, err := p.Render()
	if err != nil {
		return Answer{}, err
	}
	return Answer{Status: status, Raw: body, ContentType: "text/html; charset=utf-8", Headers: p.Headers()}, nil
}

// linkProblem is what a person can do something about as a page; the rest goes on as the error that it is, for the log.
func linkProblem(c *Call, err error) (Answer, error) {
	if problemOf(err, c.RequestID).Status >= 500 {
		return Answer{}, err
	}
	return problemPage(c, err)
}

// problemPage is an error as a page: people come here by browser.
func problemPage(c *Call, err error) (Answer, error) {
	p := problemOf(err, c.RequestID)
	switch {
	case errors.Is(err, errUnknownLink):
		return page(404, console.LinkUnknown{})
	case p.Status >= 500:
		p.Title, p.Detail = "This did not work", "It is our fault and not yours. Please try again in a moment."
	}
	return page(p.Status, console.Problem{Status: p.Status, Title: p.Title, Detail: p.Detail, RequestID: p.RequestID})
}
