package local_test

import (
	"strings"
	"testing"

	"slipway/functions/internal/story"
)

// TestBounce lets a reviewer's mail come back, as one can on a laptop: the request says so, and resending does.
func TestBounce(t *testing.T) {
	w := story.Start(t)
	removal := askedForAll(t, w)[2]
	admin := w.As("wallet-admin")
	mails := w.MailsTo("wallet-reviewer", removal.ID)
	page := "/local/outbox/" + mails[0].ID
	if a := w.Nobody().Do("GET", page, nil); !strings.Contains(string(a.Body), `action="`+page+`/bounce"`) {
		t.Fatalf("no button: %s", a)
	}
	equal(t, "from another site", w.Nobody().Do("POST", page+"/bounce", nil, story.Header("Origin", "https://evil.example")).Status, 403)
	equal(t, "another mail", w.Nobody().Do("POST", "/local/outbox/999/bounce", nil).Status, 404)
	w.Until("the mail recorded", func() bool { return len(admin.Request(removal.ID).Mails) > 0 })
	equal(t, "before", len(admin.Request(removal.ID).Undeliverable), 0)
	known := admin.Do("GET", "/v1/requests/"+removal.ID, nil).Header.Get("ETag")
	equal(t, "bounce", w.Nobody().Do("POST", page+"/bounce", nil).Status, 303)
	const why = "Mail to wallet-reviewer@demo.test bounced: smtp; 550 5.1.1 no such mailbox"
	equal(t, "to who has seen it before", admin.Do("GET", "/v1/requests/"+removal.ID, nil, story.Header("If-None-Match", known)).Status, 200)
	q := admin.Request(removal.ID)
	equal(t, "mails", []string{q.Mails[0].Failed, q.Mails[0].To}, []string{why, "wallet-reviewer@demo.test"})
	equal(t, "undeliverable", []string{q.Undeliverable[0].Email, q.Undeliverable[0].Why}, []string{"wallet-reviewer@demo.test", why})
	if a := w.Nobody().Do("GET", page, nil); !strings.Contains(string(a.Body), "bounced") || strings.Contains(string(a.Body), `/bounce"`) {
		t.Errorf("the outbox does not show it: %s", a)
	}
	if a := admin.Must("POST", "/v1/requests/"+removal.ID+"/resend", nil, 202); !strings.Contains(string(a.Body), why) {
		t.Errorf("resending does not say so: %s", a)
	}
	w.Until("the mail goes out all the same", func() bool { return len(w.MailsTo("wallet-reviewer", removal.ID)) == 2 })
	if a := w.Decide(w.Link("wallet-reviewer", removal.ID), "reject", removal.MiniProgramName, "No."); a.Status != 200 {
		t.Fatalf("the link of a mail that bounced: %s", a)
	}
	equal(t, "afterwards", len(admin.Request(removal.ID).Undeliverable), 0)
}
