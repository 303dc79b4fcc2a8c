package local_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// TestUndecidedRemovalIsSecret: the merchant learns of a force removal when it has happened, and of one that came to
// nothing never. The super app has all of them in its own history.
func TestUndecidedRemovalIsSecret(t *testing.T) {
	w := story.Start(t)
	admin, wallet := w.As("merchant-admin"), w.As("wallet-admin")
	app := superapp(w, "discreet", map[string]any{})
	program := admin.Program("merchant", "h5")
	reaches(w, program, admin.Upload(program, w.Number()), app, "production", release.FullRelease)
	history := "/v1/mini-programs/" + program + "/events"
	events := func(p *story.Person, path string) []store.Event {
		return story.Into[api.List[store.Event]](w, p.Must("GET", path, nil, 200)).Items
	}
	before := events(admin, history)
	secret := func(when string, q api.RequestView) {
		t.Helper()
		equal(t, when+": the merchant's history", events(admin, history), before)
		equal(t, when+": a page of it", events(admin, history+"?pageSize=2"), before[:2])
		refused(t, admin.Do("GET", "/v1/requests/"+q.ID, nil), 404, "no_such_request")
		refused(t, admin.Do("POST", "/v1/requests/"+q.ID+"/withdraw", nil), 404, "no_such_request")
		equal(t, when+": the super app sees it", w.As("wallet-reviewer").Request(q.ID).ID, q.ID)
	}
	ends := func(action string, do func(q api.RequestView)) api.RequestView {
		t.Helper()
		q := asks(w, program, "It phones home.", app)
		secret("before it is "+action, q)
		do(q)
		w.Until(action, func() bool { return wallet.Request(q.ID).Status != approval.Pending })
		var own []string
		for _, e := range events(wallet, "/v1/workspaces/wallet/events?pageSize=100") {
			if e.Request == q.ID {
				own = append(own, e.Action)
			}
		}
		equal(t, "the super app's history", own, []string{"force_removal-" + action, "force_removal-requested"})
		return q
	}
	secret("after the rejection", ends("rejected", func(q api.RequestView) {
		w.As("wallet-reviewer").Must("POST", "/v1/requests/"+q.ID+"/reject", map[string]string{"reason": "It does not."})
	}))
	secret("after the withdrawal", ends("withdrawn", func(q api.RequestView) {
		wallet.Must("POST", "/v1/requests/"+q.ID+"/withdraw", nil)
	}))
	q := ends("approved", func(q api.RequestView) { grants(w, q) })
	equal(t, "what the merchant is shown then", admin.Request(q.ID).Reason, "It phones home.")
	happened(t, w, program, "force_removal-requested", "force_removal-approved")
	if a := admin.Must("GET", history+"?pageSize=100", nil, 200); strings.Contains(string(a.Body), "rejected") {
		t.Errorf("the merchant is told of the removal that came to nothing: %s", a)
	}
}
