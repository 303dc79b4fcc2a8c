package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/store"
)

// TestCreateWorkspace: the operator makes it, and from then on it is its own people's.
func TestCreateWorkspace(t *testing.T) {
	w := newWorld(t)
	for kind, role := range map[string]string{"superapp": "admin", "merchant": "admin", "partner": "owner"} {
		id, email := "new-"+kind, "First.Of."+kind+"@x.test"
		body := fmt.Sprintf(`{"id": %q, "name": "New", "kind": %q, "admin": %q}`, id, kind, email)
		made := w.do("padmin@x.test", "POST", "/v1/workspaces", body, 201, "")
		if made["id"] != id || made["kind"] != kind || made["createdAt"] == nil {
			t.Errorf("made %v", made)
		}
		email = strings.ToLower(email)
		if me := w.do(email, "GET", "/v1/me", "", 200, ""); fmt.Sprint(me["workspaces"]) != fmt.Sprintf("[map[id:%s kind:%s name:New role:%s]]", id, kind, role) {
			t.Errorf("the first of a %s belongs to %v", kind, me["workspaces"])
		}
		w.do("padmin@x.test", "GET", "/v1/workspaces/"+id, "", 404, "no_such_workspace")
		history := w.do(email, "GET", "/v1/workspaces/"+id+"/events", "", 200, "")["items"].([]any)
		if e := history[0].(map[string]any); len(history) != 1 || e["action"] != "create_workspace" || e["after"] != kind || e["actor"].(map[string]any)["email"] != "padmin@x.test" {
			t.Errorf("its history: %v", history)
		}
	}
	if operator := w.do("padmin@x.test", "GET", "/v1/workspaces/platform/events", "", 200, "")["items"].([]any); len(operator) != 3 {
		t.Errorf("the operator's history: %v", operator)
	}
	w.do("first.of.merchant@x.test", "PUT", "/v1/workspaces/new-merchant/members/second@x.test", `{"role": "developer"}`, 201, "")
}

// TestRenewWorkspace mends a mistyped address, once and only while nobody is there.
func TestRenewWorkspace(t *testing.T) {
	w := newWorld(t)
	const body = `{"id": "acme", "name": "Acme", "kind": "merchant", "admin": %q%s}`
	w.do("padmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(body, "mistyped@x.test", ""), 201, "")
	const renew = `, "renew": true`
	w.do("madmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(body, "mine@x.test", renew), 403, "forbidden")
	w.do("padmin@x.test", "POST", "/v1/workspaces", strings.Replace(fmt.Sprintf(body, "ana@x.test", renew), "Acme", "Acne", 1), 404, "no_such_workspace")
	w.do("padmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(body, "mistyped@x.test", renew), 409, "has_people")
	w.do("padmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(body, "ana@x.test", renew), 200, "")
	if me := w.do("mistyped@x.test", "GET", "/v1/me", "", 200, ""); len(me["workspaces"].([]any)) != 0 {
		t.Errorf("the mistyped address belongs to %v still", me["workspaces"])
	}
	w.do("ana@x.test", "PUT", "/v1/workspaces/acme/members/second@x.test", `{"role": "developer"}`, 201, "")
	w.do("padmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(body, "mine@x.test", renew), 409, "has_people") // two are there
	w.do("ana@x.test", "DELETE", "/v1/workspaces/acme/members/second@x.test", "", 204, "")
	if err := w.table.Transact(t.Context(), store.BindIdentity("ana@x.test", store.Identity{Issuer: "i", Subject: "s"})); err != nil {
		t.Fatal(err)
	}
	w.do("padmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(body, "mine@x.test", renew), 409, "has_people") // she has come in
}

// TestListWorkspaces: all of them, for the operator alone, page by page.
func TestListWorkspaces(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.do("padmin@x.test", "POST", "/v1/workspaces", fmt.Sprintf(`{"id": "listed-%d", "name": "L", "kind": "merchant", "admin": "l@x.test"}`, i), 201, "")
	}
	var ids []string
	for next := ""; ; {
		page := w.do("padmin@x.test", "GET", "/v1/workspaces?pageSize=2"+next, "", 200, "")
		items := page["items"].([]any)
		if len(items) > 2 {
			t.Fatalf("a page of %d", len(items))
		}
		for _, i := range items {
			ids = append(ids, i.(map[string]any)["id"].(string))
		}
		token, more := page["nextPageToken"].(string)
		if !more {
			break
		}
		next = "&pageToken=" + token
	}
	if !slices.IsSorted(ids) || !slices.Contains(ids, "listed-4") || !slices.Contains(ids, "wallet") || len(slices.Compact(ids)) < 8 {
		t.Errorf("listed %q", ids)
	}
	for _, other := range []string{"madmin@x.test", "wrev@x.test", "stranger@x.test"} {
		w.do(other, "GET", "/v1/workspaces", "", 403, "forbidden")
	}
}

func TestCreateWorkspaceRefusals(t *testing.T) {
	w := newWorld(t)
	const good = `{"id": "acme", "name": "Acme", "kind": "merchant", "admin": "a@x.test"}`
	for _, tc := range []struct {
		name, email, old, new string
		status                int
		code, says            string
	}{
		{"an admin of another workspace", "madmin@x.test", "", "", 403, "forbidden", "platform"},
		{"and hears nothing of what is there", "madmin@x.test", "acme", "wallet", 403, "forbidden", "platform"},
		{"taken", "padmin@x.test", "acme", "wallet", 409, "id_taken", `"wallet"`},
		{"the operator's own", "padmin@x.test", `"acme"`, `"platform"`, 409, "id_taken", "platform"},
		{"a second platform", "padmin@x.test", `"merchant"`, `"platform"`, 400, "invalid", "kind: is"},
		{"no kind", "padmin@x.test", `"kind": "merchant", `, "", 400, "invalid", "kind: is"},
		{"a key for an id", "padmin@x.test", "acme", "a#b", 400, "invalid", "id: is"},
		{"no name", "padmin@x.test", "Acme", "", 400, "invalid", "name: "},
		{"no admin", "padmin@x.test", `, "admin": "a@x.test"`, "", 400, "invalid", "admin: is"},
		{"an unknown field", "padmin@x.test", `"id"`, `"role": "owner", "id"`, 400, "invalid", "role: is not a known field"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := strings.Replace(good, tc.old, tc.new, 1)
			p := want(t, w.handler("POST", "/v1/workspaces"), ask{method: "POST", path: "/v1/workspaces", body: body, email: tc.email}, tc.status, tc.code)
			if !strings.Contains(fmt.Sprint(p["detail"]), tc.says) {
				t.Errorf("says %v, want %q", p["detail"], tc.says)
			}
		})
	}
	made := w.do("madmin@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["release"], "days": 1}`, 201, "")
	want(t, w.handler("POST", "/v1/workspaces"), ask{method: "POST", path: "/v1/workspaces", body: good, token: fmt.Sprint(made["id"]), workspace: "merchant"}, 403, "forbidden")
	w.do("padmin@x.test", "GET", "/v1/workspaces/acme", "", 404, "no_such_workspace")
}

// TestCreateWorkspaceOnce: repeated under its key it is the first answer again, and one workspace.
func TestCreateWorkspaceOnce(t *testing.T) {
	w := newWorld(t)
	a := ask{
		method: "POST", path: "/v1/workspaces", email: "padmin@x.test", headers: map[string]string{"Idempotency-Key": "once"},
		body: `{"id": "acme", "name": "Acme", "kind": "merchant", "admin": "a@x.test"}`,
	}
	h := w.handler("POST", "/v1/workspaces")
	first, again := want(t, h, a, 201, ""), want(t, h, a, 201, "")
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("again: %v, first: %v", again, first)
	}
	a.headers["Idempotency-Key"] = "twice"
	want(t, h, a, 409, "id_taken")
}
