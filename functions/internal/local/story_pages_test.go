package local_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/api"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// equal fails the test when two values differ.
func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// refused fails the test unless an answer is a problem of that status and code, and gives the problem.
func refused(t *testing.T, a story.Answer, status int, code string) api.Problem {
	t.Helper()
	p := a.Problem()
	if a.Status != status || p.Code != code || p.Status != status || p.Detail == "" || p.RequestID == "" {
		t.Fatalf("want %d %s: %s", status, code, a)
	}
	return p
}

// TestReleaseToPartnerApp is reference/release.txt, step by step.
func TestReleaseToPartnerApp(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	const program, number = "mp_partnercoffee", "1.0.0"
	master.Upload(program, number, demo.Archive(number))

	// Currently, only production can be chosen.
	sandbox := master.Do("POST", "/v1/mini-programs/"+program+"/versions/"+number+"/releases", map[string]string{"targetApp": "demo-partner", "environment": "sandbox"})
	refused(t, sandbox, 400, "invalid")

	// Step 1: the package builds by itself; its configuration can be checked and modified.
	r := master.Release(program, number, "demo-partner", "production")
	equal(t, "build", r.Build, release.Built)
	equal(t, "actions", r.Actions, []release.Action{release.Configure, release.TestAction})
	equal(t, "labels", r.Labels, map[string]string{"full": "Final Release"})

	// Step 2: applying needs a finished test of the package as it is; its outcome informs.
	p := refused(t, master.Try(r.ID, "apply"), 409, "not_ready")
	equal(t, "what can be done", p.Actions, []string{"configure", "test"})
	r = master.Test(r.ID)
	if r.Test.Summary == "" || !slices.Contains(r.Actions, release.Apply) {
		t.Fatalf("after the test: %+v", r)
	}
	report := master.Must("GET", "/v1/releases/"+r.ID+"/compatibility", nil, 200)
	if !strings.Contains(string(report.Body), `"verdict"`) {
		t.Errorf("report: %s", report)
	}
	r = master.Act(r.ID, "configure", map[string]any{"configuration": map[string]any{"clientId": "partner-1"}})
	r = master.Until(r.ID, "built again", func(r api.ReleaseView) bool { return r.Build == release.Built })
	equal(t, "test after a change", r.Compatibility, release.TestStale)
	refused(t, master.Try(r.ID, "apply"), 409, "not_ready")
	master.Test(r.ID)

	// Step 3: basic information may be modified in the same call; the platform and the partner app are asked.
	information := map[string]any{"en": map[string]string{
		"name": "Partner Coffee", "tagline": "Now with oat milk too", "description": "Order your coffee on the way and pick it up at the harbour.",
		"category": "food", "servicePhone": "+65 6123 4567", "serviceEmail": "hello@coffee.example.com",
	}}
	r = master.Act(r.ID, "apply", map[string]any{"information": information})
	equal(t, "status", r.Status, release.UnderReview)
	if page := w.Page(w.Link("platform-reviewer", r.Request)); !strings.Contains(string(page.Body), "Now with oat milk too") {
		t.Errorf("the reviewer is not shown the tagline: %s", page)
	}
	for _, reviewer := range []string{"carrier-admin", "carrier-reviewer", "platform-admin", "platform-reviewer"} {
		w.Link(reviewer, r.Request)
	}
	w.Approve("platform-reviewer", r)
	equal(t, "after one of two approvals", master.Read(r.ID).Status, release.UnderReview)
	w.Approve("carrier-reviewer", r)

	// Step 4: release preparation; grayscale from 1 % to 100 %.
	r = master.Reaches(r.ID, release.ReleasePreparation)
	equal(t, "actions", r.Actions, []release.Action{release.Grayscale, release.Full, release.Cancel})
	w.Mail("partner-master", "approved", r.Request)
	equal(t, "served before", w.Served("demo-partner", "production", program, "ann"), "NOT_AVAILABLE")
	for _, percent := range []int{1, 30, 99} {
		r = master.Act(r.ID, "grayscale", story.Percent(percent))
		equal(t, "status", r.Status, release.GrayscaleRelease)
		equal(t, "percent", r.Grayscale.Percent, percent)
	}
	r = master.Act(r.ID, "grayscale", story.Percent(100))
	equal(t, "status", r.Status, release.FullRelease)
	equal(t, "served", w.Served("demo-partner", "production", program, "ann"), number+" FULL")
	equal(t, "actions", r.Actions, []release.Action{})
}

// TestFinalRelease is the other branch of step 4: everyone at once.
func TestFinalRelease(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	program := master.Program("partner", "h5")
	r := master.Release(program, master.Upload(program, "1.0"), "demo-partner", "production")
	master.Test(r.ID)
	r = master.Act(r.ID, "apply")
	w.Approve("carrier-admin", r)
	w.Approve("platform-admin", r)
	master.Reaches(r.ID, release.ReleasePreparation)
	r = master.Act(r.ID, "full")
	equal(t, "status", r.Status, release.FullRelease)
	equal(t, "percent", r.Grayscale.Percent, 100)
	equal(t, "served", w.Served("demo-partner", "production", program, "ann"), "1.0 FULL")
}

// TestGoLive is reference/go-live.txt: raise, reset, cancel, full.
func TestGoLive(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	prepared := func() api.ReleaseView {
		r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
		r = admin.Act(r.ID, "apply")
		w.Approve("wallet-reviewer", r)
		return admin.Reaches(r.ID, release.ReleasePreparation)
	}
	first := prepared()
	r := admin.Act(first.ID, "full")
	equal(t, "full release", r.Status, release.FullRelease)

	second := prepared()
	users := func(n int) []string {
		return w.Cohort("demo-wallet", "production", program, second.Version, n)
	}
	var before []string
	for _, percent := range []int{20, 50} {
		admin.Act(second.ID, "grayscale", story.Percent(percent))
		in := users(100)
		for _, u := range before {
			if !slices.Contains(in, u) {
				t.Errorf("%s left the share when it was raised", u)
			}
		}
		if len(in) <= len(before) || len(in) == 100 {
			t.Errorf("at %d %% the version has %d of 100 users", percent, len(in))
		}
		before = in
	}
	refused(t, admin.Try(second.ID, "grayscale", story.Percent(50)), 409, "percent_not_higher")
	p := refused(t, admin.Try(second.ID, "full"), 409, "not_ready")
	equal(t, "what can be done", p.Actions, []string{"grayscale", "reset", "cancel"})

	// Reset: back to 0 %, start over, with either type.
	r = admin.Act(second.ID, "reset")
	equal(t, "after reset", r.Grayscale.Percent, 0)
	equal(t, "after reset", r.Actions, []release.Action{release.Grayscale, release.Full, release.Reset, release.Cancel})
	equal(t, "in the share after reset", len(users(30)), 0)
	equal(t, "served after reset", w.Served("demo-wallet", "production", program, before[0]), first.Version+" FULL")
	admin.Act(second.ID, "grayscale", story.Percent(50))
	equal(t, "the share after starting over", users(100), before)

	// Cancel: the end of this version on this target.
	r = admin.Act(second.ID, "cancel")
	equal(t, "after cancel", r.Status, release.Canceled)
	equal(t, "served after cancel", w.Served("demo-wallet", "production", program, before[0]), first.Version+" FULL")
	again := admin.Do("POST", "/v1/mini-programs/"+program+"/versions/"+second.Version+"/releases", map[string]string{"targetApp": "demo-wallet", "environment": "production"})
	refused(t, again, 409, "already_released")

	third := prepared()
	admin.Act(third.ID, "full")
	equal(t, "the version before", admin.Read(first.ID).Status, release.Archived)
	equal(t, "served", w.Served("demo-wallet", "production", program, "ann"), third.Version+" FULL")
}
