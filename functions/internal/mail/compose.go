package mail

import (
	"bytes"
	"context"
	"net/mail"
	"net/url"
	"strings"

	"slipway/functions/internal/fault"
)

// view is what a mail shows besides its content.
type view struct {
	Link      string
	Reference string
	Subject   string // the subject line, for the HTML title
	Facts     []fact
}

// compose renders one mail, both parts from the same clean copy of its content.
func compose(content Content, to, reference, link string) (Message, error) {
	if err := checkEnvelope(to, reference, link); err != nil {
		return Message{}, err
	}
	if wrong := content.check(); len(wrong) > 0 {
		return Message{}, fault.Fields(wrong)
	}
	m := cleaned(content)
	v := view{Link: link, Reference: reference, Subject: line(m.subject(), maxSubject), Facts: present(m.facts())}
	var rich bytes.Buffer
	if err := document(v, m.html(v)).Render(context.Background(), &rich); err != nil {
		return Message{}, fault.Wrap(fault.Internal, "internal", err, "The mail %q cannot be written.", m.Kind())
	}
	return Message{To: to, Subject: v.Subject, Text: m.text(v), HTML: rich.String(), Reference: reference}, nil
}

// checkEnvelope refuses what could not be sent, or what could be read as more than one header, address or link.
func checkEnvelope(to, reference, link string) error {
	if a, err := mail.ParseAddress(to); err != nil || a.Address != to || len(to) > 254 || !ascii(to) {
		return fault.New(fault.Unprocessable, "address_refused", "%q is not a plain mail address such as ada@example.com.", cut(to, 100))
	}
	if reference == "" || len(reference) > 200 || !ascii(reference) {
		return fault.New(fault.Invalid, "invalid", "A mail's reference must be 1 to 200 printable ASCII characters without spaces.")
	}
	if link == "" {
		return nil
	}
	u, err := url.Parse(link)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || len(link) > 2000 || !ascii(link) {
		return fault.New(fault.Invalid, "invalid", "A mail's link must be a whole http or https address.")
	}
	return nil
}

// ascii says whether s is printable ASCII without a space.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func present(rows []fact) []fact {
	var kept []fact
	for _, r := range rows {
		if r.Value != "" {
			kept = append(kept, r)
		}
	}
	return kept
}

func lines(s string) []string { return strings.Split(s, "\n") }
