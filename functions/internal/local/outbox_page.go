package local

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"slipway/functions/internal/api"
	"slipway/functions/internal/console"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/task"
)

// maxOutbox is how many mails the outbox shows.
const maxOutbox = 500

func (s *Server) outboxPage(w http.ResponseWriter, r *http.Request) {
	mails, err := s.outbox.list(maxOutbox)
	if err != nil {
		write(w, r, api.Refuse(err, s.gateway.newID()))
		return
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		json.NewEncoder(w).Encode(api.NewList(mails, ""))
		return
	}
	page := console.Outbox{Home: "/"}
	for _, m := range mails {
		page.Mails = append(page.Mails, console.OutboxRow{URL: "/local/outbox/" + m.ID, Subject: m.Subject, To: m.To, At: m.At})
	}
	show(w, r, 200, page)
}

// mailOf is the mail in the path: NotFound when there is none.
func (s *Server) mailOf(r *http.Request) (m Mail, id uint64, err error) {
	none := fault.New(fault.NotFound, "no_such_mail", "There is no such mail in the outbox.")
	if id, err = strconv.ParseUint(r.PathValue("id"), 10, 64); err != nil {
		return m, id, none
	}
	m, ok, err := s.outbox.find(id)
	if err == nil && !ok {
		err = none
	}
	return m, id, err
}

func (s *Server) mailPage(w http.ResponseWriter, r *http.Request) {
	m, _, err := s.mailOf(r)
	switch {
	case err == nil:
		show(w, r, 200, console.OutboxMail{Subject: m.Subject, To: m.To, At: m.At, Reference: m.Reference, Text: m.Text, HTML: m.HTML, Back: "/local/outbox",
			Bounce: "/local/outbox/" + m.ID + "/bounce", Bounced: m.Bounced})
	case fault.Is(err, fault.NotFound):
		show(w, r, 404, console.Problem{Status: 404, Title: "Not found", Detail: "There is no such mail in the outbox.", Back: console.Link{Text: "Outbox", URL: "/local/outbox"}})
	default:
		write(w, r, api.Refuse(err, s.gateway.newID()))
	}
}

// bounceMail answers POST /local/outbox/{id}/bounce: it lets a mail come back, as SES would report it.
func (s *Server) bounceMail(w http.ResponseWriter, r *http.Request) {
	m, id, err := s.mailOf(r)
	if err != nil {
		write(w, r, api.Refuse(err, s.gateway.newID()))
		return
	}
	var report task.MailReport
	report.Detail.Mail.Tags = map[string][]string{"reference": {m.Reference}}
	report.Detail.Bounce.Type, report.Detail.Bounce.At = "Permanent", s.now()
	report.Detail.Bounce.Recipients = []task.MailRecipient{{Email: m.To, Diagnostic: "smtp; 550 5.1.1 no such mailbox"}}
	event, err := json.Marshal(report)
	if err == nil {
		err = task.Bounce(s.watched)(r.Context(), event)
	}
	if err == nil {
		err = s.outbox.bounced(id, "Mail to "+m.To+" bounced: the one who sent it was told so.")
	}
	if err != nil {
		write(w, r, api.Refuse(err, s.gateway.newID()))
		return
	}
	http.Redirect(w, r, "/local/outbox/"+m.ID, http.StatusSeeOther)
}
