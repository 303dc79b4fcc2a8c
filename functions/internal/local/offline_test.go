package local_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// TestOffline takes a target offline: reviewed in production, by the app's wish in sandbox, else at once.
func TestOffline(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	app := superapp(w, "offline", map[string]any{})
	program := admin.Program("merchant", "h5")
	path := "/v1/mini-programs/" + program + "/offline-requests"
	body := func(app, env string) map[string]string {
		return map[string]string{"targetApp": app, "environment": env, "reason": "Closed in winter."}
	}
	number := admin.Upload(program, w.Number())
	refused(t, admin.Do("POST", path, body(app, "production")), 409, "nothing_live")
	full := reaches(w, program, number, app, "production", release.FullRelease)
	next := reaches(w, program, admin.Upload(program, w.Number()), app, "production", release.UnderReview)
	if p := refused(t, admin.Do("POST", path, body(app, "production")), 409, "release_under_way"); !strings.Contains(p.Detail, next.ID) {
		t.Errorf("what is under way is not named: %s", p.Detail)
	}
	admin.Act(next.ID, "withdraw")
	refused(t, admin.Do("POST", path, map[string]string{"targetApp": app, "environment": "production", "reason": ""}), 400, "invalid")
	refused(t, w.As("merchant-developer").Do("POST", path, body(app, "production")), 404, "no_such_mini_program")

	for _, env := range []string{"sandbox", "test", "development"} {
		r := reaches(w, program, number, app, env, release.FullRelease)
		q := story.Into[api.RequestView](w, admin.Must("POST", path, body(app, env), 202))
		equal(t, env+": the request", q.Status, approval.Approved)
		equal(t, env, admin.Reaches(r.ID, release.Archived).Status, release.Archived)
		equal(t, env+": served", w.Served(app, env, program, "ann"), "NOT_AVAILABLE")
	}
	equal(t, "production is as it was", w.Served(app, "production", program, "ann"), number+" FULL")

	q := story.Into[api.RequestView](w, admin.Must("POST", path, body(app, "production"), 202))
	if p := refused(t, admin.Do("POST", path, body(app, "production")), 409, "already_requested"); !strings.Contains(p.Detail, q.ID) {
		t.Errorf("the pending request is not named: %s", p.Detail)
	}
	if a := w.Decide(w.Link("wallet-reviewer", q.ID), "reject", q.Version, "It is still summer."); a.Status != 200 {
		t.Fatal(a)
	}
	w.Mail("merchant-admin", q.ID, "It is still summer.")
	q = story.Into[api.RequestView](w, admin.Must("POST", path, body(app, "production"), 202))
	if a := w.Decide(w.Link("wallet-reviewer", q.ID), "approve", q.Version, ""); a.Status != 200 {
		t.Fatal(a)
	}
	equal(t, "production", admin.Reaches(full.ID, release.Archived).Status, release.Archived)
	equal(t, "served", w.Served(app, "production", program, "ann"), "NOT_AVAILABLE")
	w.Mail("merchant-admin", "offline", "Closed in winter.")
	equal(t, "no note: nobody removed it", len(programOf(w, program).Removals), 0)
	happened(t, w, program, "offline-requested", "offline-rejected", "offline-approved", "take-offline")
}

// TestOfflineOfPartnerApp needs both parties; so does a sandbox that reviews need its one.
func TestOfflineOfPartnerApp(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	program := master.Program("partner", "h5")
	r := applied(w, master, program, "demo-partner")
	w.Approve("carrier-reviewer", r)
	w.Approve("platform-reviewer", r)
	master.Reaches(r.ID, release.ReleasePreparation)
	master.Act(r.ID, "full")
	path := "/v1/mini-programs/" + program + "/offline-requests"
	q := story.Into[api.RequestView](w, master.Must("POST", path, map[string]string{"targetApp": "demo-partner", "environment": "production", "reason": "Enough."}, 202))
	if a := w.Decide(w.Link("platform-reviewer", q.ID), "approve", q.Version, ""); a.Status != 200 {
		t.Fatal(a)
	}
	equal(t, "after one of two", w.Served("demo-partner", "production", program, "ann"), r.Version+" FULL")
	if a := w.Decide(w.Link("carrier-reviewer", q.ID), "approve", q.Version, ""); a.Status != 200 {
		t.Fatal(a)
	}
	equal(t, "after both", master.Reaches(r.ID, release.Archived).Status, release.Archived)

	app := superapp(w, "reviewing", map[string]any{"sandboxReview": true})
	admin := w.As("merchant-admin")
	program = admin.Program("merchant", "h5")
	reaches(w, program, admin.Upload(program, w.Number()), app, "sandbox", release.FullRelease)
	q = story.Into[api.RequestView](w, admin.Must("POST", "/v1/mini-programs/"+program+"/offline-requests", map[string]string{"targetApp": app, "environment": "sandbox", "reason": "Enough."}, 202))
	equal(t, "sandbox that reviews", q.Status, approval.Pending)
	w.As("wallet-admin").Must("POST", "/v1/requests/"+q.ID+"/approve", nil)
	w.Until("sandbox offline", func() bool { return w.Served(app, "sandbox", program, "ann") == "NOT_AVAILABLE" })
}
