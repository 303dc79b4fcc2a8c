package local_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/jpeg"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// asking is the body of a request for a force removal.
func asking(reason string, images []string, apps ...string) map[string]any {
	body := map[string]any{"targetApps": append([]string{}, apps...), "reason": reason}
	if images != nil {
		body["images"] = images
	}
	return body
}

func removals(program string) string { return "/v1/mini-programs/" + program + "/force-removals" }

// asks makes a force removal request of the wallet's admin.
func asks(w *story.World, program, reason string, apps ...string) api.RequestView {
	w.T.Helper()
	return story.Into[api.RequestView](w, w.As("wallet-admin").Must("POST", removals(program), asking(reason, []string{}, apps...), 202))
}

// grants lets the wallet's reviewer approve it by the link, typing the name back.
func grants(w *story.World, q api.RequestView) {
	w.T.Helper()
	if a := w.Decide(w.Link("wallet-reviewer", q.ID), "approve", q.MiniProgramName, ""); a.Status != 200 {
		w.T.Fatalf("approve the removal: %s", a)
	}
	if w.Elsewhere() != nil { // Step Functions may take longer to the commit than the answer waits
		w.Until("the commit of the approval", func() bool { return w.As("wallet-admin").Request(q.ID).Status != approval.Pending })
	}
}

func finished(w *story.World, id string) api.RequestView {
	w.T.Helper()
	var q api.RequestView
	w.Until("the end of request "+id, func() bool {
		q = w.As("wallet-admin").Request(id)
		return q.Status != approval.Pending && len(w.MailsTo("wallet-admin", id)) > 0
	})
	return q
}

// reaches brings a new version to a target, up to a status.
func reaches(w *story.World, program, number, app, environment string, status release.Status) api.ReleaseView {
	w.T.Helper()
	admin := w.As("merchant-admin")
	r := admin.Release(program, number, app, environment)
	if status == release.NewVersionCreated {
		return r
	}
	r = admin.Act(r.ID, "apply")
	if r.Status == release.UnderReview && status != release.UnderReview {
		w.Approve("wallet-reviewer", r)
		r = admin.Until(r.ID, "approved", func(r api.ReleaseView) bool { return r.Status != release.UnderReview })
	}
	switch {
	case status == release.FullRelease && r.Status != status:
		r = admin.Act(r.ID, "full")
	case status == release.GrayscaleRelease:
		r = admin.Act(r.ID, "grayscale", story.Percent(30))
	}
	equal(w.T.(*testing.T), "status before", r.Status, status)
	return r
}

func programOf(w *story.World, id string) api.ProgramView {
	return story.Into[api.ProgramView](w, w.As("merchant-admin").Must("GET", "/v1/mini-programs/"+id, nil, 200))
}

// TestForceRemoval is reference/force-remove.txt, step by step.
func TestForceRemoval(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	chosen := superapp(w, "chosen", map[string]any{"pilotTesting": []string{"sandbox"}})
	untouched := superapp(w, "untouched", map[string]any{})
	program := admin.Program("merchant", "h5")
	admin.Must("PUT", "/v1/mini-programs/"+program+"/members/merchant-developer@demo.test", map[string]string{"role": "developer"}, 200, 201)
	v := func() string { return admin.Upload(program, w.Number()) }
	one, two, three, four := v(), v(), v(), v()
	before := map[string]api.ReleaseView{
		"full":        reaches(w, program, one, chosen, "production", release.FullRelease),
		"pilot":       reaches(w, program, one, chosen, "sandbox", release.PilotTesting),
		"test":        reaches(w, program, one, chosen, "test", release.FullRelease),
		"development": reaches(w, program, two, chosen, "development", release.FullRelease),
		"elsewhere":   reaches(w, program, one, untouched, "production", release.FullRelease),
		"grayscale":   reaches(w, program, two, chosen, "production", release.GrayscaleRelease),
		"prepared":    reaches(w, program, three, chosen, "production", release.ReleasePreparation),
		"review":      reaches(w, program, four, chosen, "production", release.UnderReview),
		"created":     reaches(w, program, three, chosen, "sandbox", release.NewVersionCreated),
	}
	reviewLink := w.Link("wallet-reviewer", before["review"].Request)
	name := programOf(w, program).Information["en"].Name

	wallet := w.As("wallet-admin")
	evidence, _ := pictures()
	image := uploads(w, program, "evidence.png", "image/png", evidence)
	a := wallet.Must("POST", removals(program), asking("It sends contacts abroad.", []string{image}, chosen), 202)
	q := story.Into[api.RequestView](w, a)
	equal(t, "location", a.Header.Get("Location"), "/v1/requests/"+q.ID)
	equal(t, "category, status, images", []any{q.Category, q.Status, len(q.Images)}, []any{approval.ForceRemoval, approval.Pending, 1})
	page := string(w.Page(w.Link("wallet-reviewer", q.ID)).Body)
	for _, want := range []string{name, "It sends contacts abroad.", "Walter Wallet", "evidence.png"} {
		if !strings.Contains(page, want) {
			t.Errorf("the approval page does not show %q", want)
		}
	}
	refused(t, wallet.Do("POST", "/v1/requests/"+q.ID+"/approve", nil), 403, "own_request")
	if p := refused(t, wallet.Do("POST", removals(program), asking("Again.", nil, chosen)), 409, "already_requested"); !strings.Contains(p.Detail, q.ID) {
		t.Errorf("the pending request is not named: %s", p.Detail)
	}
	equal(t, "served while it is reviewed", w.Served(chosen, "production", program, ""), one+" NO_USER")

	grants(w, q)
	for _, env := range []string{"production", "sandbox", "test", "development"} {
		equal(t, "served on "+env+" from now on", w.Served(chosen, env, program, "ann"), "REMOVED")
	}
	equal(t, "served elsewhere", w.Served(untouched, "production", program, "ann"), one+" FULL")
	finished(w, q.ID)
	for what, want := range map[string]release.Status{
		"full": release.Archived, "pilot": release.Archived, "test": release.Archived, "development": release.Archived, "grayscale": release.Archived,
		"prepared": release.Archived, "review": release.NewVersionCreated, "created": release.NewVersionCreated, "elsewhere": release.FullRelease,
	} {
		equal(t, what, admin.Read(before[what].ID).Status, want)
	}
	if got := withdrawnOn(w, chosen, program); !slices.Contains(got, one) || !slices.Contains(got, two) {
		t.Errorf("clients are to drop %v", got)
	}

	withdrawn := admin.Request(before["review"].Request)
	equal(t, "its request", withdrawn.Status, approval.Withdrawn)
	if !strings.Contains(withdrawn.EndReason, "force removed") {
		t.Errorf("the cause is not named: %q", withdrawn.EndReason)
	}
	w.Mail("merchant-admin", withdrawn.ID, "force removed")
	says(t, w, reviewLink, four, "This mini program was force removed")
	for _, who := range []string{"merchant-admin", "merchant-developer"} {
		w.Mail(who, "It sends contacts abroad.", name, "- "+one+" in Story "+chosen+" (production): Full Release -> Archived")
	}
	noted(t, w, program, q.ID, chosen, catalog.Production, catalog.Sandbox, catalog.Test, catalog.Development)
	happened(t, w, program, "force_removal-requested", "force_removal-approved")
	afterwards(t, w, program, chosen, one, before["review"])
}

// afterwards: what was archived stays so, what was sent back can be applied for, and a new version clears its target.
func afterwards(t *testing.T, w *story.World, program, app, gone string, review api.ReleaseView) {
	t.Helper()
	admin := w.As("merchant-admin")
	path := "/v1/mini-programs/" + program + "/versions/" + gone + "/releases"
	refused(t, admin.Do("POST", path, map[string]string{"targetApp": app, "environment": "production"}), 409, "already_released")
	again := admin.Act(review.ID, "apply")
	equal(t, "applied again", again.Status, release.UnderReview)
	equal(t, "still removed", w.Served(app, "production", program, "ann"), "REMOVED")
	w.Approve("wallet-reviewer", again)
	admin.Reaches(again.ID, release.ReleasePreparation)
	admin.Act(again.ID, "full")
	equal(t, "released again", w.Served(app, "production", program, "ann"), again.Version+" FULL")
	noted(t, w, program, "", app, catalog.Sandbox, catalog.Test, catalog.Development)
	fresh := admin.Upload(program, w.Number())
	for _, env := range []string{"development", "test", "sandbox"} {
		r := admin.Release(program, fresh, app, env)
		admin.Act(r.ID, "apply")
	}
	equal(t, "notes", len(programOf(w, program).Removals), 0)
}

func withdrawnOn(w *story.World, app, program string) []string {
	return story.Into[api.Resolved](w, w.Nobody().Must("GET", "/v1/resolve/"+app+"/production/"+program, nil, 200)).Withdrawn
}

// noted fails the test unless the mini program shows one note, of that app and those environments.
func noted(t *testing.T, w *story.World, program, request, app string, environments ...catalog.Environment) {
	t.Helper()
	notes := programOf(w, program).Removals
	if len(notes) != 1 || notes[0].TargetApp != app || request != "" && notes[0].Request != request || notes[0].Reason == "" || notes[0].At.IsZero() {
		t.Fatalf("notes: %+v", notes)
	}
	equal(t, "environments of the note", notes[0].Environments, environments)
}

func happened(t *testing.T, w *story.World, program string, actions ...string) {
	t.Helper()
	a := w.As("merchant-admin").Must("GET", "/v1/mini-programs/"+program+"/events?pageSize=100", nil, 200)
	for _, action := range actions {
		if !bytes.Contains(a.Body, []byte(`"`+action+`"`)) {
			t.Errorf("no event %s: %s", action, a)
		}
	}
}

// pictures is one small picture, as png and as jpeg.
func pictures() (asPNG, asJPEG []byte) {
	var p, j bytes.Buffer
	m := image.NewGray(image.Rect(0, 0, 2, 2))
	if png.Encode(&p, m) != nil || jpeg.Encode(&j, m, nil) != nil {
		panic("a buffer takes everything")
	}
	return p.Bytes(), j.Bytes()
}

// uploads takes an image the way to where a force removal can name it; without content it is only announced.
func uploads(w *story.World, program, name, contentType string, content []byte) string {
	w.T.Helper()
	var made struct {
		ID     string
		Upload release.Upload
	}
	a := w.As("wallet-admin").Must("POST", "/v1/mini-programs/"+program+"/images", map[string]any{"name": name, "contentType": contentType, "size": max(1, len(content))}, 201)
	if err := json.Unmarshal(a.Body, &made); err != nil {
		w.T.Fatal(err)
	}
	if content != nil {
		if a := w.Send(made.Upload, content); a.Status >= 300 {
			w.T.Fatalf("upload: %s", a)
		}
	}
	return made.ID
}

// TestForceRemovalThatEndsOtherwise rejects, withdraws, lets expire, and finds nothing left.
func TestForceRemovalThatEndsOtherwise(t *testing.T) {
	clock := story.NewClock(1)
	w := story.Start(t, func(o *local.Options) { o.Clock = clock })
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := prepared(w, program)
	admin.Act(r.ID, "grayscale", story.Percent(20))

	q := asks(w, program, "Not sure.", "demo-wallet")
	if a := w.Decide(w.Link("wallet-reviewer", q.ID), "reject", q.MiniProgramName, "Ask them first."); a.Status != 200 {
		t.Fatal(a)
	}
	q = finished(w, q.ID)
	equal(t, "rejected", []any{q.Status, q.EndReason}, []any{approval.Rejected, "Ask them first."})
	w.Mail("wallet-admin", q.ID, "Ask them first.")

	q = asks(w, program, "They did not answer.", "demo-wallet")
	refused(t, w.As("wallet-reviewer").Do("POST", "/v1/requests/"+q.ID+"/withdraw", nil), 403, "forbidden")
	w.As("wallet-admin").Must("POST", "/v1/requests/"+q.ID+"/withdraw", nil, 200)
	says(t, w, w.Link("wallet-reviewer", q.ID), q.MiniProgramName, "This request was withdrawn")

	q = asks(w, program, "Now.", "demo-wallet")
	w.Link("wallet-reviewer", q.ID)
	clock.Advance(7*24*time.Hour + time.Second)
	w.SignOut()
	equal(t, "expired", finished(w, q.ID).Status, approval.Expired)

	q = asks(w, program, "Again.", "demo-wallet")
	equal(t, "in the meantime", w.As("merchant-admin").Act(r.ID, "cancel").Status, release.Canceled)
	grants(w, q)
	q = finished(w, q.ID)
	equal(t, "approved", q.Status, approval.Approved)
	if !strings.Contains(q.Outcome, "Nothing was left") {
		t.Errorf("outcome %q", q.Outcome)
	}
	equal(t, "not marked", w.Served("demo-wallet", "production", program, "ann"), "NOT_AVAILABLE")
	equal(t, "no note", len(programOf(w, program).Removals), 0)
	refused(t, w.As("wallet-admin").Do("POST", removals(program), asking("Once more.", nil, "demo-wallet")), 409, "nothing_live")
}

// TestForceRemovalAtZeroPercent: a grayscale that nobody is in counts as live, and is archived.
func TestForceRemovalAtZeroPercent(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := prepared(w, program)
	admin.Act(r.ID, "grayscale", story.Percent(20))
	admin.Act(r.ID, "reset")
	q := asks(w, program, "Even so.", "demo-wallet")
	w.As("wallet-reviewer").Must("POST", "/v1/requests/"+q.ID+"/approve", nil)
	finished(w, q.ID)
	equal(t, "status", admin.Read(r.ID).Status, release.Archived)
	refused(t, admin.Try(r.ID, "grayscale", story.Percent(30)), 409, "wrong_status")
}
