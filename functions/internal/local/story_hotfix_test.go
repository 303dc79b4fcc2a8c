package local_test

import (
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/asl"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// prepared brings a new version of a mini program to release preparation on the demo's wallet.
func prepared(w *story.World, program string) api.ReleaseView {
	w.T.Helper()
	admin := w.As("merchant-admin")
	r := admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production")
	r = admin.Act(r.ID, "apply")
	w.Approve("wallet-reviewer", r)
	return admin.Reaches(r.ID, release.ReleasePreparation)
}

// path waits for the end of a release's first machine and gives the states it went through.
func path(w *story.World, id string) []string {
	w.T.Helper()
	return w.Path("release", id+"-1")
}

func history(w *story.World, id string) []asl.Event {
	w.T.Helper()
	events, err := w.Server.Engine().History(w.T.Context(), "release", id+"-1")
	if err != nil {
		w.T.Fatal(err)
	}
	return events
}

// TestHotfix goes live over a running grayscale: refused without the flag; with it the older one is canceled, its
// machine ends, and the same users stay in the share.
func TestHotfix(t *testing.T) {
	for _, way := range []string{"grayscale", "full"} {
		t.Run(way, func(t *testing.T) {
			w := story.Start(t)
			admin := w.As("merchant-admin")
			program := admin.Program("merchant", "dsl")
			old, running := prepared(w, program), prepared(w, program)
			admin.Act(old.ID, "full")
			admin.Act(running.ID, "grayscale", story.Percent(40))
			cohort := w.Cohort("demo-wallet", "production", program, running.Version, 60)

			hotfix := prepared(w, program) // nothing has blocked it up to here
			body := map[string]any{}
			if way == "grayscale" {
				body["percent"] = 40
			}
			p := refused(t, admin.Try(hotfix.ID, way, body), 409, "grayscale_running")
			equal(t, "what can be done", p.Actions, []string{"grayscale", "full", "cancel"})
			equal(t, "the running one, after a refusal", admin.Read(running.ID).Grayscale.Percent, 40)
			body["supersede"] = true
			hotfix = admin.Act(hotfix.ID, way, body)

			r := admin.Read(running.ID)
			equal(t, "the superseded release", r.Status, release.Canceled)
			equal(t, "its actions", r.Actions, []release.Action{})
			equal(t, "end of its machine", path(w, running.ID)[len(path(w, running.ID))-1], "Ended")
			refused(t, admin.Try(running.ID, "grayscale", story.Percent(50)), 409, "wrong_status")
			equal(t, "the withdrawn versions", withdrawn(w, program), []string{running.Version})
			if way == "full" {
				equal(t, "the version before", admin.Read(old.ID).Status, release.Archived)
				w.Idle()
				return
			}
			equal(t, "the users in the share", w.Cohort("demo-wallet", "production", program, hotfix.Version, 60), cohort)
			admin.Act(hotfix.ID, "grayscale", story.Percent(100))
			equal(t, "the version before", admin.Read(old.ID).Status, release.Archived)
			w.Idle()
		})
	}
}

func withdrawn(w *story.World, program string) []string {
	return story.Into[api.Resolved](w, w.Nobody().Must("GET", "/v1/resolve/demo-wallet/production/"+program, nil, 200)).Withdrawn
}

// TestHotfixThatIsGivenUp: a version in grayscale does not block the test, the review and the cancel of a newer one.
func TestHotfixThatIsGivenUp(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	running := prepared(w, program)
	admin.Act(running.ID, "grayscale", story.Percent(40))
	hotfix := prepared(w, program)
	equal(t, "the hotfix", admin.Act(hotfix.ID, "cancel").Status, release.Canceled)
	r := admin.Act(running.ID, "grayscale", story.Percent(60))
	equal(t, "the grayscale that went on", r.Grayscale.Percent, 60)
	equal(t, "withdrawn", withdrawn(w, program), []string{})
}

// pathSoFar is path without waiting for the end.
func pathSoFar(w *story.World, id string) []string { return w.PathSoFar("release", id+"-1") }
