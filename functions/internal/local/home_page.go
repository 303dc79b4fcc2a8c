package local

import (
	"encoding/json"
	"fmt"
	"net/http"

	"slipway/functions/internal/api"
	"slipway/functions/internal/console"
)

func (s *Server) home(w http.ResponseWriter, r *http.Request) {
	email, _ := s.signedIn(r)
	base := s.Base()
	lists, ok := s.requestLists(w, r, email)
	if !ok {
		return
	}
	show(w, r, 200, console.Home{
		Address: base, SignedInAs: email, SignOut: "/local/sign-out", Requests: lists,
		Links: []console.Link{
			{Text: "Sign in", URL: "/local/sign-in", About: "as one of the demo's people"},
			{Text: "Outbox", URL: "/local/outbox", About: "every mail, as it would have been sent"},
			{Text: "API contract", URL: "/openapi.yaml", About: "OpenAPI"},
		},
		Running: []console.Item{{Name: "Data", Value: s.options.Data}, {Name: "Target apps", Value: "demo-wallet, demo-carrier, demo-partner"}},
		Steps: []console.Step{
			{Title: "Get a token", Command: fmt.Sprintf("TOKEN=$(curl -s %s/local/token -H 'Content-Type: application/json' -d '{\"email\":\"merchant-admin@demo.test\"}' | sed 's/.*\"token\":\"\\([^\"]*\\)\".*/\\1/')", base)},
			{Title: "See the demo's mini programs", Command: fmt.Sprintf("curl -s %s/v1/mini-programs -H \"Authorization: Bearer $TOKEN\"", base)},
			{Title: "Play a whole release", Text: "on a store of its own, told line by line", Command: "go run ./functions/local tour"},
		},
	})
}

// requestLists are My Approvals and My Requests of who signed in, as any console would ask the API for them. They are how
// somebody finds a request without its mail.
func (s *Server) requestLists(w http.ResponseWriter, r *http.Request, email string) (lists []console.RequestList, ok bool) {
	if email == "" {
		return nil, true
	}
	for _, l := range []struct {
		scope string
		list  console.RequestList
	}{
		{"approvals", console.RequestList{Title: "My Approvals", None: "Nothing waits for you, and you have decided nothing yet."}},
		{"mine", console.RequestList{Title: "My Requests", None: "You have submitted nothing yet."}},
	} {
		answer := s.ask(r, http.MethodGet, "/v1/requests?scope="+l.scope, nil)
		var found api.List[api.RequestView]
		if err := json.Unmarshal(answer.Body.Bytes(), &found); err != nil || answer.Code != http.StatusOK {
			show(w, r, answer.Code, console.Problem{Status: answer.Code, Title: "Your requests cannot be listed", Back: console.Link{Text: "Sign in as somebody else", URL: "/local/sign-in"}})
			return nil, false
		}
		for _, q := range found.Items {
			l.list.Rows = append(l.list.Rows, console.RequestRow{Facts: api.RequestFacts(q.Request), URL: "/requests/" + q.ID, Status: string(q.Status)})
		}
		lists = append(lists, l.list)
	}
	return lists, true
}
