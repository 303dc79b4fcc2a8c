package api_test

import (
	"fmt"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/store"
)

// TestTokensDoNotInheritRequests holds a CI token to what it submitted: what its maker submitted or decided, here or in
// another workspace, is not the token's to see or to withdraw.
func TestTokensDoNotInheritRequests(t *testing.T) {
	w := newWorld(t)
	w.handlers["requests/read"] = api.ReadRequests(w.table, w.packages)
	w.handlers["requests/withdraw"] = api.WithdrawRequest(w.table, nil)
	w.handlers["requests/resend"] = api.ResendRequest(w.table, approval.Links{}, nil)
	made := w.do("madmin@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["upload_version"]}`, 201, "")
	id := fmt.Sprint(made["id"])
	maker := catalog.Person{Subject: "sub-madmin@x.test", Email: "madmin@x.test"}
	itself := catalog.Person{Subject: "token:" + id, Email: "madmin@x.test"}
	decided := approval.Party{ID: "app", Workspace: "wallet", Decision: approval.Approved, By: maker}
	for _, q := range []approval.Request{
		{ID: "q1", SubmittedBy: maker, Status: approval.Pending}, {ID: "q2", SubmittedBy: itself, Status: approval.Pending},
		{ID: "q3", SubmittedBy: catalog.Person{Email: "powner@x.test"}, Status: approval.Approved, Parties: []approval.Party{decided}},
	} {
		q.Category, q.MiniProgram, q.Workspace, q.CreatedAt = approval.Release, "mp_1", "merchant", noon
		writes := store.CreateRequest(store.RequestRecord{Request: q})
		if err := w.table.Transact(t.Context(), writes...); err != nil {
			t.Fatal(err)
		}
	}
	as := func(method, path string, status int, code string) map[string]any {
		t.Helper()
		return want(t, w.handler(method, path), ask{method: method, path: path, token: id, workspace: "merchant"}, status, code)
	}
	as("GET", "/v1/requests/q1", 404, "no_such_request")
	as("POST", "/v1/requests/q1/withdraw", 404, "no_such_request")
	as("POST", "/v1/requests/q1/resend", 404, "no_such_request")
	as("GET", "/v1/requests/q2", 200, "")
	if got := names(as("GET", "/v1/requests?scope=mine", 200, ""), "id"); got != "q2" {
		t.Errorf("the token's own requests: %q, want q2", got)
	}
	if got := names(as("GET", "/v1/requests?scope=approvals", 200, ""), "id"); got != "" {
		t.Errorf("the token's approvals: %q, want none", got)
	}
	if got := names(w.do("madmin@x.test", "GET", "/v1/requests?scope=mine", "", 200, ""), "id"); got != "q2 q1" {
		t.Errorf("the maker's requests: %q, want both", got)
	}
}

// TestLeavingEndsRequests: who has left the workspace reads, lists and withdraws nothing of it any more, whether they
// submitted it or decided it.
func TestLeavingEndsRequests(t *testing.T) {
	w := newWorld(t)
	w.handlers["requests/read"] = api.ReadRequests(w.table, w.packages)
	w.handlers["requests/withdraw"] = api.WithdrawRequest(w.table, nil)
	w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/left@x.test", `{"role": "admin"}`, 201, "")
	w.do("wadmin@x.test", "PUT", "/v1/workspaces/wallet/members/gone@x.test", `{"role": "reviewer"}`, 201, "")
	q := approval.Request{
		ID: "q1", Category: approval.Release, MiniProgram: "mp_1", Workspace: "merchant", CreatedAt: noon, Status: approval.Pending,
		SubmittedBy: catalog.Person{Email: "left@x.test"},
		Parties:     []approval.Party{{ID: "app", Workspace: "wallet", Decision: approval.Approved, By: catalog.Person{Email: "gone@x.test"}}},
	}
	writes := store.CreateRequest(store.RequestRecord{Request: q})
	if err := w.table.Transact(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
	lists := func(want string) {
		t.Helper()
		for email, path := range map[string]string{"left@x.test": "/v1/requests?scope=mine", "gone@x.test": "/v1/requests?scope=approvals"} {
			if got := names(w.do(email, "GET", path, "", 200, ""), "id"); got != want {
				t.Errorf("%s of %s: %q, want %q", path, email, got, want)
			}
		}
	}
	lists("q1")
	w.do("left@x.test", "GET", "/v1/requests/q1", "", 200, "")
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/left@x.test", "", 204, "")
	w.do("wadmin@x.test", "DELETE", "/v1/workspaces/wallet/members/gone@x.test", "", 204, "")
	lists("")
	w.do("left@x.test", "GET", "/v1/requests/q1", "", 404, "no_such_request")
	w.do("left@x.test", "POST", "/v1/requests/q1/withdraw", "", 404, "no_such_request")
}
