package local

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/console"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

// requestPage is the signed-in page of a request. It asks the API as any console would, with the session's token.
func (s *Server) requestPage(w http.ResponseWriter, r *http.Request) {
	page, status, ok := s.loadRequestPage(w, r)
	if ok {
		show(w, r, status, page)
	}
}

// decideRequest takes the form of that page. The session's cookie is SameSite=Strict, and ownForms checks the origin.
func (s *Server) decideRequest(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	page, _, ok := s.loadRequestPage(w, r)
	if !ok {
		return
	}
	page.Form = console.Form{Confirm: r.PostFormValue("confirm"), Decision: r.PostFormValue("decision"), Reason: r.PostFormValue("reason")}
	if page.Form.Errors = api.CheckDecision(page.Form.Decision, page.Form.Confirm, page.TypeBack(), page.Form.Reason); len(page.Form.Errors) > 0 {
		show(w, r, 400, page)
		return
	}
	var body any
	if page.Form.Decision == console.Reject {
		body = map[string]string{"reason": page.Form.Reason}
	}
	answer := s.ask(r, http.MethodPost, "/v1/requests/"+url.PathEscape(r.PathValue("id"))+"/"+page.Form.Decision, body)
	if answer.Code >= 400 {
		var p api.Problem
		json.Unmarshal(answer.Body.Bytes(), &p)
		page.Form.Errors = append([]fault.Field{{Detail: p.Detail}}, p.Errors...)
		show(w, r, answer.Code, page)
		return
	}
	http.Redirect(w, r, r.URL.Path, http.StatusSeeOther)
}

func (s *Server) loadRequestPage(w http.ResponseWriter, r *http.Request) (console.RequestPage, int, bool) {
	email, _ := s.signedIn(r)
	if email == "" {
		http.Redirect(w, r, "/local/sign-in?to="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
		return console.RequestPage{}, 0, false
	}
	answer := s.ask(r, http.MethodGet, "/v1/requests/"+url.PathEscape(r.PathValue("id")), nil)
	if answer.Code != 200 {
		var p api.Problem
		json.Unmarshal(answer.Body.Bytes(), &p)
		show(w, r, answer.Code, console.Problem{Status: answer.Code, Title: p.Title, Detail: p.Detail, RequestID: p.RequestID, Back: console.Link{Text: "Sign in as somebody else", URL: "/local/sign-in?to=" + url.QueryEscape(r.URL.Path)}})
		return console.RequestPage{}, 0, false
	}
	var view api.RequestView
	if err := json.Unmarshal(answer.Body.Bytes(), &view); err != nil {
		write(w, r, api.Refuse(err, ""))
		return console.RequestPage{}, 0, false
	}
	page := requestPage(view, email)
	if run := view.Snapshot.ReportRun; run > 0 {
		report, err := s.files.URL(r.Context(), release.ReportKey(view.Release, run, "html"))
		if err != nil {
			write(w, r, api.Refuse(err, ""))
			return console.RequestPage{}, 0, false
		}
		page.Compatibility.ReportURL = report
	}
	return page, 200, true
}

func requestPage(v api.RequestView, email string) console.RequestPage {
	page := console.RequestPage{
		Facts: api.RequestFacts(v.Request), Viewer: email, SignOut: "/local/sign-out", Status: string(v.Status), CompletedAt: v.CompletedOn,
		CanDecide: slices.Contains(v.Actions, "approve"), Outcome: v.EndReason,
	}
	for _, i := range v.Images {
		page.Images = append(page.Images, console.Image{URL: i.URL, Name: i.Name})
	}
	for _, m := range v.Mails {
		if m.Failed != "" && !slices.Contains(page.Mail, m.Failed) {
			page.Mail = append(page.Mail, m.Failed)
		}
	}
	for _, b := range v.Undeliverable {
		if !slices.Contains(page.Mail, b.Why) {
			page.Mail = append(page.Mail, b.Why)
		}
	}
	switch {
	case page.CanDecide:
		for _, p := range v.Parties {
			if p.Decision == approval.Pending {
				page.Party = p.Name
				break
			}
		}
	case v.Status != approval.Pending: // nobody decides any more
	case v.SubmittedBy.Email == email:
		page.Why = "You submitted this request yourself; somebody else decides it."
	default:
		page.Why = "Only an admin or a reviewer of those who are asked can decide it."
	}
	return page
}

// ask calls the API in this process, with the session's token.
func (s *Server) ask(r *http.Request, method, path string, body any) *httptest.ResponseRecorder {
	var data []byte
	if body != nil {
		data, _ = json.Marshal(body) // plain strings
	}
	req := httptest.NewRequestWithContext(r.Context(), method, path, bytes.NewReader(data))
	req.RemoteAddr = r.RemoteAddr
	_, token := s.signedIn(r)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, req)
	return answer
}
