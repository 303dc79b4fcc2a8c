package story

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"slipway/functions/internal/api"
	"slipway/functions/internal/local"
)

// Outbox lists every mail, oldest first.
func (w *World) Outbox() []local.Mail {
	w.T.Helper()
	mails := w.mails()
	if mails == nil {
		w.T.Fatal("the outbox does not answer")
	}
	return mails
}

// mails is Outbox for servers that may be down: nil then.
func (w *World) mails() []local.Mail {
	var out struct{ Items []local.Mail }
	a := w.Nobody().Do("GET", "/local/outbox", nil)
	if a.Status != 200 || json.Unmarshal(a.Body, &out) != nil {
		return nil
	}
	slices.Reverse(out.Items)
	return out.Items
}

// MailsTo lists the mails to somebody whose text has all of the words, oldest first.
func (w *World) MailsTo(to string, words ...string) (out []local.Mail) {
	w.T.Helper()
	to = w.As(to).Email
	for _, m := range w.Outbox() {
		missing := func(word string) bool { return !strings.Contains(m.Subject+"\n"+m.Text, word) }
		if m.To == to && !slices.ContainsFunc(words, missing) {
			out = append(out, m)
		}
	}
	return out
}

// Mail waits for a mail to somebody whose text has all of the words, and gives the newest.
func (w *World) Mail(to string, words ...string) (m local.Mail) {
	w.T.Helper()
	w.Until("a mail to "+to+" with "+strings.Join(words, ", "), func() bool {
		found := w.MailsTo(to, words...)
		if len(found) > 0 {
			m = found[len(found)-1]
		}
		return len(found) > 0
	})
	return m
}

// Link waits for the mail that asks a reviewer about a request, and gives the approval link in it.
func (w *World) Link(reviewer string, request string) string {
	w.T.Helper()
	m := w.Mail(reviewer, request, w.Base+"/approvals/")
	i := slices.IndexFunc(m.Links, func(l string) bool { return strings.HasPrefix(l, w.Base+"/approvals/") })
	return m.Links[i]
}

// Page shows the page behind a link, as text of HTML.
func (w *World) Page(link string) Answer { return w.Nobody().Do("GET", link, nil) }

// Decide posts the form of an approval page.
func (w *World) Decide(link, decision, confirm, reason string) Answer {
	return w.Nobody().Do("POST", link, url.Values{"decision": {decision}, "confirm": {confirm}, "reason": {reason}})
}

// Approve follows a reviewer's link and approves, typing the version back.
func (w *World) Approve(reviewer string, r api.ReleaseView) {
	w.T.Helper()
	if a := w.Decide(w.Link(reviewer, r.Request), "approve", r.Version, ""); a.Status != 200 {
		w.T.Fatalf("%s approves: %s", reviewer, a)
	}
}

// Reject follows a reviewer's link and rejects.
func (w *World) Reject(reviewer string, r api.ReleaseView, reason string) {
	w.T.Helper()
	if a := w.Decide(w.Link(reviewer, r.Request), "reject", r.Version, reason); a.Status != 200 {
		w.T.Fatalf("%s rejects: %s", reviewer, a)
	}
}

// Request reads a request.
func (p *Person) Request(id string) api.RequestView {
	p.w.T.Helper()
	return Into[api.RequestView](p.w, p.Must("GET", "/v1/requests/"+id, nil, 200))
}
