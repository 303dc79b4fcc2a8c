package local_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// TestOfflineIsOvertaken ends the request to take a version offline when something else takes that version from users.
func TestOfflineIsOvertaken(t *testing.T) {
	w := story.Start(t)
	admin, wallet := w.As("merchant-admin"), w.As("wallet-admin")
	app := superapp(w, "overtaking", map[string]any{"sandboxReview": true})
	program := admin.Program("merchant", "h5")
	newer := func(env string) func() {
		return func() {
			reaches(w, program, admin.Upload(program, w.Number()), app, env, release.FullRelease)
		}
	}
	for _, c := range []struct {
		name, env, shown, outcome string
		overtake                  func()
	}{
		{"a newer version in full", "production", "A newer version has taken its place", "superseded", newer("production")},
		{"a newer version approved", "sandbox", "A newer version has taken its place", "superseded", newer("sandbox")},
		{"a newer version that needs no review any more", "sandbox", "A newer version has taken its place", "superseded", func() {
			wallet.Must("PATCH", "/v1/target-apps/"+app+"/settings", map[string]any{"sandboxReview": false}, 200)
			newer("sandbox")()
		}},
		{"a force removal", "production", "This mini program was force removed", "force_removed", func() {
			grants(w, asks(w, program, "It phones home.", app))
		}},
	} {
		newer(c.env)()
		path := "/v1/mini-programs/" + program + "/offline-requests"
		q := story.Into[api.RequestView](w, admin.Must("POST", path, map[string]string{"targetApp": app, "environment": c.env, "reason": "Enough."}, 202))
		link := w.Link("wallet-reviewer", q.ID)
		c.overtake()
		w.Until(c.name, func() bool { return admin.Request(q.ID).Status != approval.Pending })
		ended := admin.Request(q.ID)
		equal(t, c.name+": status", ended.Status, approval.Withdrawn)
		equal(t, c.name+": outcome", ended.Outcome, c.outcome)
		if a := w.Page(link); a.Status != 200 || !strings.Contains(string(a.Body), c.shown) {
			t.Errorf("%s: the link says %s", c.name, a)
		}
		if a := w.Decide(link, "approve", q.Version, ""); a.Status != 409 || !strings.Contains(string(a.Body), c.shown) {
			t.Errorf("%s: deciding answers %s", c.name, a)
		}
		refused(t, wallet.Do("POST", "/v1/requests/"+q.ID+"/approve", nil), 409, "request_withdrawn")
		open := wallet.Must("GET", "/v1/requests?scope=approvals&status=pending", nil, 200)
		if strings.Contains(string(open.Body), q.ID) {
			t.Errorf("%s: still waits for a reviewer: %s", c.name, open)
		}
		w.Mail("merchant-admin", q.ID, "withdrawn by the system")
		happened(t, w, program, "offline-withdrawn")
	}
}
