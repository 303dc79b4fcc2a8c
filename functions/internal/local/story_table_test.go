package local_test

import (
	"fmt"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// superapp makes a target app of the wallet with all environments and the settings, and gives its id.
func superapp(w *story.World, id string, settings map[string]any) string {
	body := map[string]any{"id": id, "name": "Story " + id, "environments": []string{"production", "sandbox", "test", "development"}, "settings": settings}
	w.As("wallet-admin").Must("POST", "/v1/workspaces/wallet/target-apps", body, 201)
	return id
}

// TestEveryEnvironment walks the rows apply, approve and complete-testing of the action table for every environment,
// with and without pilot testing and sandbox review.
func TestEveryEnvironment(t *testing.T) {
	const review, preparation, pilot, gray, full = release.UnderReview, release.ReleasePreparation, release.PilotTesting, release.GrayscaleRelease, release.FullRelease
	cases := []struct {
		environment     string
		pilot, reviewed bool
		path            []release.Status // after apply, approve, complete-testing: as far as it goes
	}{
		{"development", false, false, []release.Status{full}},
		{"development", true, true, []release.Status{full}},
		{"test", false, false, []release.Status{full}},
		{"test", true, true, []release.Status{full}},
		{"sandbox", false, false, []release.Status{full}},
		{"sandbox", true, false, []release.Status{pilot, full}},
		{"sandbox", false, true, []release.Status{review, full}},
		{"sandbox", true, true, []release.Status{review, pilot, full}},
		{"production", false, false, []release.Status{review, preparation}},
		{"production", false, true, []release.Status{review, preparation}},
		{"production", true, false, []release.Status{review, pilot, gray}},
		{"production", true, true, []release.Status{review, pilot, gray}},
	}
	w := story.Start(t)
	apps := map[[2]bool]string{}
	for _, p := range []bool{false, true} {
		for _, r := range []bool{false, true} {
			piloted := []string{}
			if p {
				piloted = []string{"production", "sandbox"}
			}
			apps[[2]bool{p, r}] = superapp(w, fmt.Sprintf("table-%t-%t", p, r), map[string]any{"pilotTesting": piloted, "sandboxReview": r})
		}
	}
	for i, c := range cases {
		t.Run(fmt.Sprintf("%s pilot %t review %t", c.environment, c.pilot, c.reviewed), func(t *testing.T) {
			admin := w.In(t).As("merchant-admin")
			kind := []string{"dsl", "h5"}[i%2]
			program := admin.Program("merchant", kind)
			app := apps[[2]bool{c.pilot, c.reviewed}]
			r := admin.Release(program, admin.Upload(program, "1.0.0"), app, c.environment)
			equal(t, "built", r.Build, release.Built)
			r = admin.Act(r.ID, "apply")
			for n, want := range c.path {
				if n > 0 {
					step(w, admin, r)
					r = admin.Reaches(r.ID, want)
				}
				equal(t, fmt.Sprintf("status %d", n), r.Status, want)
				equal(t, "percent", r.Grayscale.Percent, map[bool]int{true: 100}[want == full])
			}
			want := "1.0.0 FULL"
			if r.Status != full {
				want = "NOT_AVAILABLE"
			}
			equal(t, "served", w.Served(app, c.environment, program, "ann"), want)
		})
	}
}

// step brings a release out of review or pilot testing.
func step(w *story.World, admin *story.Person, r api.ReleaseView) {
	switch r.Status {
	case release.UnderReview:
		w.Approve("wallet-reviewer", r)
	case release.PilotTesting:
		admin.Act(r.ID, "complete-testing")
	}
}

// TestPilot is the pilot variant on the demo's carrier: testers first, then 0 %, then everyone; in sandbox everyone
// at once.
func TestPilot(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	served := func(environment, user string) string {
		return w.Served("demo-carrier", environment, program, user)
	}
	for _, environment := range []string{"production", "sandbox"} {
		number := admin.Upload(program, w.Number())
		r := admin.Release(program, number, "demo-carrier", environment)
		r = admin.Act(r.ID, "apply")
		equal(t, "status", r.Status, release.UnderReview)
		refused(t, admin.Try(r.ID, "testers", map[string]any{"users": []string{"tess"}}), 409, "wrong_status")
		w.Approve("carrier-admin", r)
		r = admin.Reaches(r.ID, release.PilotTesting)
		equal(t, "actions", r.Actions, []release.Action{release.SetTesters, release.CompleteTesting, release.Cancel})
		equal(t, "before there are testers", served(environment, "tess"), "NOT_AVAILABLE")
		r = admin.Act(r.ID, "testers", map[string]any{"users": []string{"tess", "toni"}})
		equal(t, "testers", r.Testers, []string{"tess", "toni"})
		equal(t, "a tester", served(environment, "tess"), number+" PILOT")
		equal(t, "somebody else", served(environment, "ulla"), "NOT_AVAILABLE")
		admin.Act(r.ID, "testers", map[string]any{"users": []string{"toni"}})
		equal(t, "a former tester", served(environment, "tess"), "NOT_AVAILABLE")
		r = admin.Act(r.ID, "complete-testing")
		if environment == "sandbox" {
			equal(t, "status", r.Status, release.FullRelease)
			equal(t, "everyone", served(environment, "ulla"), number+" FULL")
			continue
		}
		equal(t, "status", r.Status, release.GrayscaleRelease)
		equal(t, "percent", r.Grayscale.Percent, 0)
		equal(t, "a tester once testing is complete", served(environment, "toni"), "NOT_AVAILABLE")
		equal(t, "actions", r.Actions, []release.Action{release.Grayscale, release.Full, release.Reset, release.Cancel})
		admin.Act(r.ID, "full")
		equal(t, "everyone", served(environment, "ulla"), number+" FULL")
	}
	canceled := admin.Release(program, admin.Upload(program, w.Number()), "demo-carrier", "production")
	canceled = admin.Act(canceled.ID, "apply")
	w.Approve("carrier-admin", canceled)
	admin.Reaches(canceled.ID, release.PilotTesting)
	admin.Act(canceled.ID, "testers", map[string]any{"users": []string{"tess"}})
	equal(t, "cancel in pilot testing", admin.Act(canceled.ID, "cancel").Status, release.Canceled)
	equal(t, "a tester of a canceled pilot", served("production", "tess"), "1.2.0 FULL")
}

// TestSettingsChangeUnderReview holds what a release was applied for against an app that changes its mind meanwhile:
// the release must never be left without a machine.
func TestSettingsChangeUnderReview(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	for _, environment := range []string{"production", "sandbox"} {
		for _, before := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s pilot %t", environment, before), func(t *testing.T) {
				app := superapp(w.In(t), fmt.Sprintf("turn-%s-%t", environment, before), map[string]any{"pilotTesting": piloted(before), "sandboxReview": true})
				program := admin.Program("merchant", "h5")
				r := admin.Release(program, admin.Upload(program, "1.0.0"), app, environment)
				r = admin.Act(r.ID, "apply")
				w.As("wallet-admin").Must("PATCH", "/v1/target-apps/"+app+"/settings", map[string]any{"pilotTesting": piloted(!before)})
				w.Approve("wallet-reviewer", r)
				r = admin.Until(r.ID, "out of review", func(r api.ReleaseView) bool { return r.Status != release.UnderReview })
				for r.Status != release.FullRelease {
					action := "full"
					if r.Status == release.PilotTesting {
						action = "complete-testing"
					}
					r = admin.Act(r.ID, action)
				}
				w.Idle()
			})
		}
	}
}

func piloted(on bool) []string {
	if on {
		return []string{"production", "sandbox"}
	}
	return []string{}
}

// TestH5 takes an entrance URL through a whole release: nothing is built, and the same URL is served.
func TestH5(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := admin.Release(program, admin.Upload(program, "2.0"), "demo-wallet", "production")
	equal(t, "build", r.Build, release.Built)
	if r.Package != nil || r.EntranceURL != "https://story.example.com/start" {
		t.Errorf("an h5 release has package %v and entrance %q", r.Package, r.EntranceURL)
	}
	admin.Test(r.ID)
	r = admin.Act(r.ID, "apply")
	w.Approve("wallet-admin", r)
	admin.Reaches(r.ID, release.ReleasePreparation)
	admin.Act(r.ID, "grayscale", story.Percent(100))
	got := story.Into[api.Resolved](w, w.Nobody().Must("GET", "/v1/resolve/demo-wallet/production/"+program+"?user=ann", nil, 200))
	if got.EntranceURL != "https://story.example.com/start" || got.PackageURL != "" || got.Version != "2.0" {
		t.Errorf("served %+v", got)
	}
}
