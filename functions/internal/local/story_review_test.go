package local_test

import (
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// applied brings a new version of a mini program under review.
func applied(w *story.World, admin *story.Person, program, app string) api.ReleaseView {
	w.T.Helper()
	r := admin.Release(program, admin.Upload(program, w.Number()), app, "production")
	if app == "demo-partner" {
		admin.Test(r.ID)
	}
	r = admin.Act(r.ID, "apply")
	equal(w.T.(*testing.T), "status", r.Status, release.UnderReview)
	return r
}

// says fails the test unless a page has a heading and no form, whatever is posted to it.
func says(t *testing.T, w *story.World, link, version, heading string) {
	t.Helper()
	a := w.Page(link)
	if a.Status != 200 || !strings.Contains(string(a.Body), "<h1>"+heading) || strings.Contains(string(a.Body), "<form") {
		t.Errorf("want a page that says %q: %s", heading, a)
	}
	a = w.Decide(link, "approve", version, "")
	if a.Status != 409 || !strings.Contains(string(a.Body), "<h1>"+heading) {
		t.Errorf("want a refusal that says %q: %s", heading, a)
	}
}

func TestRejectedAndAppliedAgain(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	r := applied(w, admin, program, "demo-wallet")
	first := r.Request
	w.Reject("wallet-reviewer", r, "The tagline promises too much.")
	r = admin.Reaches(r.ID, release.NewVersionCreated)
	equal(t, "actions", r.Actions, []release.Action{release.Configure, release.TestAction, release.Apply})
	w.Mail("merchant-admin", "The tagline promises too much.", "Rita Wallet")
	q := admin.Request(first)
	equal(t, "request", q.Status, approval.Rejected)
	equal(t, "completed", q.CompletedOn.IsZero(), false)
	says(t, w, w.Link("wallet-reviewer", first), r.Version, "You have already decided")
	says(t, w, w.Link("wallet-admin", first), r.Version, "This request is already decided")

	r = admin.Act(r.ID, "apply")
	if r.Request == first {
		t.Error("applying again made no new request")
	}
	w.Approve("wallet-admin", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
	says(t, w, w.Link("wallet-reviewer", first), r.Version, "You have already decided")
	says(t, w, w.Link("wallet-reviewer", r.Request), r.Version, "This request is already decided")
	admin.Act(r.ID, "full")
	equal(t, "states", path(w, r.ID), []string{
		"Resumed?", "Build", "AwaitMerchant", "WhatNext?", "Apply", "Reviewed?", "Review", "Ask", "Decide", "NotApproved",
		"AwaitMerchant", "WhatNext?", "Apply", "Reviewed?", "Review", "Ask", "Decide", "Piloted?", "AwaitRollout", "WhereTo?", "GoLive", "Live",
	})
}

// TestOneOfTwoPartiesRejects: it ends the review of the other party too, whose links say so.
func TestOneOfTwoPartiesRejects(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	program := master.Program("partner", "h5")
	r := applied(w, master, program, "demo-partner")
	w.Approve("platform-admin", r)
	says(t, w, w.Link("platform-reviewer", r.Request), r.Version, "This request is already decided")
	if a := w.Page(w.Link("carrier-admin", r.Request)); !strings.Contains(string(a.Body), "<form") {
		t.Errorf("the other party is not asked any more: %s", a)
	}
	w.Reject("carrier-admin", r, "Not in this season.")
	master.Reaches(r.ID, release.NewVersionCreated)
	w.Mail("partner-master", "Not in this season.")
	says(t, w, w.Link("carrier-reviewer", r.Request), r.Version, "This request is already decided")

	again := master.Act(r.ID, "apply")
	w.Reject("platform-admin", again, "Nor with us.")
	master.Reaches(r.ID, release.NewVersionCreated)
	says(t, w, w.Link("carrier-reviewer", again.Request), r.Version, "This request is already decided")
	w.As("carrier-reviewer").Must("GET", "/v1/requests?scope=approvals", nil, 200)
}

func TestWithdrawn(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, "demo-wallet")
	link := w.Link("wallet-reviewer", r.Request)
	r = admin.Act(r.ID, "withdraw")
	equal(t, "status", r.Status, release.NewVersionCreated)
	equal(t, "request", admin.Request(r.Request).Status, approval.Withdrawn)
	says(t, w, link, r.Version, "This request was withdrawn")
	says(t, w, link+"?utm_source=mail&utm_source=gateway", r.Version, "This request was withdrawn")
	if a := w.Page(link); strings.Contains(string(a.Body), "for Demo Wallet on") {
		t.Errorf("nobody withdraws for those who are asked: %s", a)
	}
	refused(t, admin.Try(r.ID, "withdraw"), 409, "wrong_status")

	r = admin.Act(r.ID, "apply")
	admin.Must("POST", "/v1/requests/"+r.Request+"/withdraw", nil, 200)
	r = admin.Reaches(r.ID, release.NewVersionCreated)
	refused(t, admin.Do("POST", "/v1/requests/"+r.Request+"/withdraw", nil), 409, "request_withdrawn")
	refused(t, w.As("wallet-admin").Do("POST", "/v1/requests/"+r.Request+"/approve", nil), 409, "request_withdrawn")
}

// TestOneInReview: at most one release per mini program and target is under review; another target is free.
func TestOneInReview(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	first := applied(w, admin, program, "demo-wallet")
	number := admin.Upload(program, w.Number())
	second := admin.Release(program, number, "demo-wallet", "production")
	refused(t, admin.Try(second.ID, "apply"), 409, "already_in_review")
	equal(t, "after the refusal", admin.Read(second.ID).Status, release.NewVersionCreated)
	elsewhere := admin.Release(program, number, "demo-carrier", "production")
	equal(t, "another target", admin.Act(elsewhere.ID, "apply").Status, release.UnderReview)
	admin.Act(first.ID, "withdraw")
	equal(t, "after the withdrawal", admin.Act(second.ID, "apply").Status, release.UnderReview)
}

// TestReviewExpires lets the days that a target app allows pass.
func TestReviewExpires(t *testing.T) {
	clock := story.NewClock(1)
	w := story.Start(t, func(o *local.Options) { o.Clock = clock })
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := applied(w, admin, program, "demo-wallet")
	link := w.Link("wallet-reviewer", r.Request)
	pass := func(d time.Duration) {
		clock.Advance(d)
		w.SignOut() // tokens last for hours
		admin = w.As("merchant-admin")
	}
	pass(7*24*time.Hour - time.Hour)
	equal(t, "an hour before", admin.Read(r.ID).Status, release.UnderReview)
	pass(time.Hour + time.Second)
	r = admin.Reaches(r.ID, release.NewVersionCreated)
	equal(t, "request", admin.Request(r.Request).Status, approval.Expired)
	w.Mail("merchant-admin", "expired", r.Request)
	says(t, w, link, r.Version, "This request has expired")
	refused(t, w.As("wallet-admin").Do("POST", "/v1/requests/"+r.Request+"/approve", nil), 409, "request_expired")

	r = admin.Act(r.ID, "apply")
	w.Approve("wallet-reviewer", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
	parked := token(w, r.ID)
	// Nobody acts for months: the wait renews itself, and the release can still go on.
	for n := range 3 {
		pass(31 * 24 * time.Hour)
		w.Until("a fresh token", func() bool {
			return strings.Count(strings.Join(pathSoFar(w, r.ID), " "), "AwaitRollout") == n+2 && token(w, r.ID) != parked
		})
		parked = token(w, r.ID)
	}
	equal(t, "after months", admin.Act(r.ID, "full").Status, release.FullRelease)
}

// token is what a release is parked on.
func token(w *story.World, id string) string {
	w.T.Helper()
	r, _, err := store.Release(w.T.Context(), w.Table(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return r.Token
}
