package local_test

import (
	"testing"

	"slipway/functions/internal/asl"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// A whole release may cost at most this much of Step Functions (issue 2): build, one test, one review, three
// grayscale steps, full.
const (
	maxTransitions = 24
	maxEvents      = 150
)

// TestCost counts what a whole release bills from the history that was executed.
func TestCost(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	r := admin.Release(program, admin.Upload(program, "1.0.0"), "demo-wallet", "production")
	admin.Test(r.ID)
	r = admin.Act(r.ID, "apply")
	w.Approve("wallet-reviewer", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
	for _, percent := range []int{1, 10, 50} {
		admin.Act(r.ID, "grayscale", story.Percent(percent))
	}
	admin.Act(r.ID, "grayscale", story.Percent(100))
	equal(t, "states", path(w, r.ID), []string{
		"Resumed?", "Build", "AwaitMerchant", "WhatNext?", "Test", "AwaitMerchant", "WhatNext?", "Apply", "Reviewed?",
		"Review", "Ask", "Decide", "Piloted?", "AwaitRollout", "WhereTo?", "AwaitRollout", "WhereTo?", "AwaitRollout",
		"WhereTo?", "AwaitRollout", "WhereTo?", "GoLive", "Live",
	})
	events := history(w, r.ID)
	billed := asl.BilledTransitions(events)
	t.Logf("a whole release: %d billed transitions, %d history events", billed, len(events))
	if billed > maxTransitions || len(events) > maxEvents {
		t.Errorf("%d billed transitions and %d events; at most %d and %d are allowed", billed, len(events), maxTransitions, maxEvents)
	}
	equal(t, "history", admin.Events(r.ID), []string{
		"create →new_version_created", "build building→built", "test new_version_created→new_version_created", "test-finished testing→passed",
		"apply new_version_created→under_review", "approve under_review→release_preparation", "grayscale release_preparation→grayscale_release 1%",
		"grayscale grayscale_release 1%→grayscale_release 10%", "grayscale grayscale_release 10%→grayscale_release 50%", "grayscale grayscale_release 50%→full_release",
	})
}

// TestCostOfTwoParties is the same for a partner app, whose two parties review in parallel.
func TestCostOfTwoParties(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	program := master.Program("partner", "dsl")
	r := applied(w, master, program, "demo-partner")
	w.Approve("platform-admin", r)
	w.Approve("carrier-admin", r)
	master.Reaches(r.ID, release.ReleasePreparation)
	for _, percent := range []int{1, 10, 50, 100} {
		master.Act(r.ID, "grayscale", story.Percent(percent))
	}
	steps := path(w, r.ID)
	equal(t, "the last state", steps[len(steps)-1], "Live")
	events := history(w, r.ID)
	t.Logf("a whole release with two parties: %d billed transitions, %d history events", asl.BilledTransitions(events), len(events))
	if len(events) > maxEvents {
		t.Errorf("%d events; at most %d are allowed", len(events), maxEvents)
	}
}
