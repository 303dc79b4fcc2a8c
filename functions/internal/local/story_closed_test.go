package local_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/phone"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// TestLinksThatWereOvertaken shows in a real browser what a reviewer finds behind a link whose release was force
// removed, or is not any more what they were asked about: which of the two it is, and nothing to decide.
func TestLinksThatWereOvertaken(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	admin.Act(prepared(w, program).ID, "full")
	removed := applied(w, admin, program, "demo-wallet")
	removedLink := w.Link("wallet-reviewer", removed.Request)
	q := asks(w, program, "It sends contacts abroad.", "demo-wallet")
	grants(w, q)
	finished(w, q.ID)
	admin.Reaches(removed.ID, release.NewVersionCreated)

	changed := applied(w, admin, admin.Program("merchant", "h5"), "demo-wallet")
	changedLink := w.Link("wallet-reviewer", changed.Request)
	s, err := store.LoadScene(t.Context(), w.Table(), changed.ID)
	if err != nil {
		t.Fatal(err)
	}
	r := s.Release
	r.Digest = strings.Repeat("0", 64)
	if err := w.Table().Transact(t.Context(), s.SaveRelease(r)); err != nil {
		t.Fatal(err)
	}
	says(t, w, removedLink, removed.Version, "This mini program was force removed")
	says(t, w, changedLink, changed.Version, "What you were asked to review has changed")
	refused(t, w.As("wallet-reviewer").Do("POST", "/v1/requests/"+changed.Request+"/approve", nil), 409, "digest_changed")
	equal(t, "undecided", admin.Request(changed.Request).Status, approval.Pending)

	ctx := phone.Browser(t, os.Getenv("CI") == "true", 90*time.Second)
	for link, heading := range map[string]string{removedLink: "force removed", changedLink: "has changed"} {
		for _, fault := range phone.LookAt(t, ctx, heading, link, "") {
			t.Errorf("%s: %s", heading, fault)
		}
		shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.querySelector('h1').innerText + ' forms: ' + document.forms.length`))
		if err != nil || !strings.Contains(shown, heading) || !strings.HasSuffix(shown, "forms: 0") {
			t.Errorf("want a page that says %q and has no form: %q, %v", heading, shown, err)
		}
	}
}
