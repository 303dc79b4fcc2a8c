package local_test

import (
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/asl"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// TestOldReleaseIsHandedOver: an execution may last a year, a release longer. The next execution goes on with it.
func TestOldReleaseIsHandedOver(t *testing.T) {
	clock := story.NewClock(1)
	w := story.Start(t, func(o *local.Options) { o.Clock = clock })
	program := w.As("merchant-admin").Program("merchant", "h5")
	number := w.As("merchant-admin").Upload(program, "1.0")
	young := w.As("merchant-admin").Release(program, number, "demo-wallet", "production")
	pilot := w.As("merchant-admin").Release(program, number, "demo-carrier", "production")
	pilot = w.As("merchant-admin").Act(pilot.ID, "apply")
	w.Approve("carrier-admin", pilot)
	w.As("merchant-admin").Reaches(pilot.ID, release.PilotTesting)
	gray := prepared(w, program)
	gray = w.As("merchant-admin").Act(gray.ID, "grayscale", story.Percent(10))
	cohort := w.Cohort("demo-wallet", "production", program, gray.Version, 40)

	clock.Advance(310 * 24 * time.Hour)
	w.SignOut()
	admin := w.As("merchant-admin")
	for id, last := range map[string]string{young.ID: "AwaitMerchant", pilot.ID: "AwaitPilot", gray.ID: "AwaitRollout"} {
		steps := path(w, id)
		equal(t, "the first execution", steps[len(steps)-2:], []string{"HandOver", "HandedOver"})
		w.Until("the second execution", func() bool {
			events, err := w.Server.Engine().History(t.Context(), "release", id+"-2")
			return err == nil && len(events) > 0
		})
		w.Until("to be parked on it", func() bool {
			r, _, err := store.Release(t.Context(), w.Server.Table(), id)
			return err == nil && r.Execution == 2 && r.Token != ""
		})
		events, err := w.Server.Engine().History(t.Context(), "release", id+"-2")
		if err != nil {
			t.Fatal(err)
		}
		got := asl.Path(events)
		equal(t, "the second execution", got, []string{"Resumed?", last})
	}
	equal(t, "the share", w.Cohort("demo-wallet", "production", program, gray.Version, 40), cohort)
	admin.Act(gray.ID, "grayscale", story.Percent(20))
	equal(t, "grayscale", admin.Act(gray.ID, "grayscale", story.Percent(100)).Status, release.FullRelease)
	equal(t, "pilot", admin.Act(pilot.ID, "complete-testing").Status, release.GrayscaleRelease)
	equal(t, "new", admin.Act(young.ID, "apply").Status, release.UnderReview)
}

// TestBuildFails: what the merchant has to mend is on the release and in a mail, and nothing can be applied for.
func TestBuildFails(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	broken := story.Zip(map[string]string{
		"app.json": `{"pages": ["pages/index/index"]}`, "app.js": "App({});\n", "pages/index/index.axml": "<view>Hello</view>\n",
		"pages/index/index.js": "Page({\n  data: { greeting: 'Hello' \n});\n",
	})
	number := admin.Upload(program, w.Number(), broken)
	r := admin.Release(program, number, "demo-wallet", "production")
	equal(t, "build", r.Build, release.BuildFailed)
	if len(r.BuildFaults) == 0 || !strings.Contains(r.BuildFaults[0], "pages/index/index.js:3") {
		t.Errorf("faults: %q", r.BuildFaults)
	}
	equal(t, "actions", r.Actions, []release.Action{release.Configure})
	w.Mail("merchant-admin", "pages/index/index.js", number)
	refused(t, admin.Try(r.ID, "apply"), 409, "not_ready")
	refused(t, admin.Try(r.ID, "test"), 409, "not_ready")
	r = admin.Act(r.ID, "configure", map[string]any{"configuration": map[string]any{}})
	r = admin.Until(r.ID, "built again", func(r api.ReleaseView) bool { return r.Build != release.Building })
	equal(t, "build again", r.Build, release.BuildFailed)
	w.Until("a mail for each build", func() bool { return len(w.MailsTo("merchant-admin", "pages/index/index.js")) == 2 })
}

// TestCIToken releases as a machine does: mails go to who made the token, who can undo it but not decide it.
func TestCIToken(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	made := story.Into[map[string]any](w, admin.Must("POST", "/v1/workspaces/merchant/tokens", map[string]any{
		"name": "pipeline", "actions": []string{"upload_version", "release", "see_mini_program"}, "days": 1,
	}, 201))
	ci := w.Bearer(made["token"].(string))
	r := ci.Release(program, ci.Upload(program, w.Number()), "demo-wallet", "production")
	r = ci.Act(r.ID, "apply")
	refused(t, ci.Do("POST", "/v1/requests/"+r.Request+"/approve", nil), 403, "own_request")
	w.Reject("wallet-admin", r, "Not by a machine.")
	w.Mail("merchant-admin", "Not by a machine.")
	ci.Reaches(r.ID, release.NewVersionCreated)
	refused(t, ci.Do("PUT", "/v1/mini-programs/"+program+"/configuration", map[string]any{}), 403, "forbidden")
	if strings.Contains(said.String(), made["token"].(string)) {
		t.Error("the log has the token")
	}
}
