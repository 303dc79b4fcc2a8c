package api_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/store"
)

func TestMe(t *testing.T) {
	w := newWorld(t)
	me := w.do("mdev@x.test", "GET", "/v1/me", "", 200, "")
	if me["email"] != "mdev@x.test" || fmt.Sprint(me["workspaces"]) != "[map[id:merchant kind:merchant name:MERCHANT role:developer]]" {
		t.Errorf("me: %v", me)
	}
	stranger := w.do("nobody@x.test", "GET", "/v1/me", "", 200, "")
	if fmt.Sprint(stranger["workspaces"]) != "[]" {
		t.Errorf("a stranger belongs to %v", stranger["workspaces"])
	}
}

func TestMembers(t *testing.T) {
	w := newWorld(t)
	const members = "/v1/workspaces/merchant/members"
	w.do("madmin@x.test", "PUT", members+"/New.Person%40x.test", `{"role": "developer", "name": "New Person"}`, 201, "")
	if m := w.do("madmin@x.test", "PUT", members+"/new.person@x.test", `{"role": "operator"}`, 200, ""); m["email"] != "new.person@x.test" || m["name"] != "New Person" {
		t.Errorf("changed member %v", m)
	}
	if got := names(w.do("madmin@x.test", "GET", members, "", 200, ""), "email"); got != "madmin@x.test mdev@x.test mop@x.test new.person@x.test" {
		t.Errorf("members: %s", got)
	}
	page := w.do("madmin@x.test", "GET", members+"?pageSize=3", "", 200, "")
	rest := w.do("madmin@x.test", "GET", members+"?pageSize=3&pageToken="+fmt.Sprint(page["nextPageToken"]), "", 200, "")
	if names(rest, "email") != "new.person@x.test" || rest["nextPageToken"] != nil {
		t.Errorf("second page %v", rest)
	}
	w.do("new.person@x.test", "GET", "/v1/workspaces/merchant", "", 200, "")
	w.do("madmin@x.test", "DELETE", members+"/new.person@x.test", "", 204, "")
	w.do("new.person@x.test", "GET", "/v1/workspaces/merchant", "", 404, "no_such_workspace")
	w.do("madmin@x.test", "DELETE", members+"/new.person@x.test", "", 404, "no_such_member")
	if events := w.do("madmin@x.test", "GET", "/v1/workspaces/merchant/events", "", 200, ""); len(events["items"].([]any)) != 3 {
		t.Errorf("history %v, want the three changes", events)
	}
}

func TestMembersRefusals(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name, email, path, body string
		status                  int
		code                    string
	}{
		{"role of another kind", "madmin@x.test", "/v1/workspaces/merchant/members/a@x.test", `{"role": "owner"}`, 400, "invalid"},
		{"no role", "madmin@x.test", "/v1/workspaces/merchant/members/a@x.test", `{}`, 400, "invalid"},
		{"no email", "madmin@x.test", "/v1/workspaces/merchant/members/a", `{"role": "admin"}`, 400, "invalid"},
		{"endless email", "madmin@x.test", "/v1/workspaces/merchant/members/" + strings.Repeat("a", 300) + "@x.test", `{"role": "admin"}`, 404, "not_found"},
		{"a developer", "mdev@x.test", "/v1/workspaces/merchant/members/a@x.test", `{"role": "admin"}`, 403, "forbidden"},
		{"another tenant", "rival@x.test", "/v1/workspaces/merchant/members/a@x.test", `{"role": "admin"}`, 404, "no_such_workspace"},
		{"no such workspace", "rival@x.test", "/v1/workspaces/nowhere/members/a@x.test", `{"role": "admin"}`, 404, "no_such_workspace"},
		{"the last admin steps down", "madmin@x.test", "/v1/workspaces/merchant/members/madmin@x.test", `{"role": "developer"}`, 409, "last_manager"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want(t, w.handler("PUT", "/v1/workspaces/merchant/members/a"), ask{method: "PUT", path: tc.path, body: tc.body, email: tc.email}, tc.status, tc.code)
		})
	}
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/madmin@x.test", "", 409, "last_manager")
	w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/mdev@x.test", `{"role": "admin"}`, 200, "")
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/madmin@x.test", "", 204, "")
	w.do("mdev@x.test", "DELETE", "/v1/workspaces/merchant/members/mdev@x.test", "", 409, "last_manager")
}

// TestLeavingEndsRolesInMiniPrograms: a role must not wait for its person to come back.
func TestLeavingEndsRolesInMiniPrograms(t *testing.T) {
	w := newWorld(t)
	id := w.program("madmin@x.test", "merchant", "Coffee Now")
	w.do("madmin@x.test", "PUT", "/v1/mini-programs/"+id+"/members/mdev@x.test", `{"role": "admin"}`, 200, "")
	w.do("mdev@x.test", "GET", "/v1/mini-programs/"+id, "", 200, "")
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/mdev@x.test", "", 204, "")
	w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/mdev@x.test", `{"role": "developer"}`, 201, "")
	w.do("mdev@x.test", "GET", "/v1/mini-programs/"+id, "", 404, "no_such_mini_program")
	if m := w.do("madmin@x.test", "GET", "/v1/mini-programs/"+id, "", 200, ""); len(m["members"].([]any)) != 1 {
		t.Errorf("members left: %v", m["members"])
	}
}

func TestTargetApps(t *testing.T) {
	w := newWorld(t)
	const apps = "/v1/workspaces/wallet/target-apps"
	made := w.do("wadmin@x.test", "POST", apps, `{"id": "demo-wallet", "name": "Demo Wallet", "environments": ["production", "sandbox"],
		"settings": {"pilotTesting": ["sandbox"], "scheme": "demowallet", "runtime": {"baseLibrary": "2.9.50"}}}`, 201, "")
	settings := made["settings"].(map[string]any)
	if settings["approvalDays"] != 7.0 || settings["runtime"].(map[string]any)["baseLibrary"] != "2.9.50" || settings["runtime"].(map[string]any)["minBaseLibrary"] == "" {
		t.Errorf("what is not named has its default: %v", settings)
	}
	w.do("wadmin@x.test", "POST", apps, `{"id": "demo-wallet", "name": "Again"}`, 409, "id_taken")
	w.do("wadmin@x.test", "POST", apps, `{"id": "second", "name": "Second"}`, 201, "")
	for _, email := range []string{"madmin@x.test", "wdev@x.test", "padmin@x.test"} {
		if got := names(w.do(email, "GET", "/v1/target-apps", "", 200, ""), "id"); got != "demo-wallet second" {
			t.Errorf("%s is listed %q", email, got)
		}
	}
	if got := names(w.do("nobody@x.test", "GET", "/v1/target-apps", "", 200, ""), "id"); got != "" {
		t.Errorf("a stranger is listed %q", got)
	}
	w.do("nobody@x.test", "GET", "/v1/target-apps/demo-wallet", "", 404, "no_such_target_app")

	const path = "/v1/target-apps/demo-wallet/settings"
	changed := w.do("wadmin@x.test", "PATCH", path, `{"sandboxReview": true, "runtime": {"limits": {"image": 4096}}}`, 200, "")["settings"].(map[string]any)
	if changed["sandboxReview"] != true || changed["scheme"] != "demowallet" || fmt.Sprint(changed["pilotTesting"]) != "[sandbox]" ||
		changed["runtime"].(map[string]any)["limits"].(map[string]any)["image"] != 4096.0 || changed["runtime"].(map[string]any)["baseLibrary"] != "2.9.50" {
		t.Errorf("a change of one setting: %v", changed)
	}
	stale := ask{method: "PATCH", path: path, body: `{"partner": true}`, email: "wadmin@x.test", headers: map[string]string{"If-Match": `"1"`}}
	want(t, w.handler("PATCH", path), stale, 412, "stale")
	stale.headers = map[string]string{"If-Match": `"2"`}
	want(t, w.handler("PATCH", path), stale, 200, "")
}

func TestTargetAppRefusals(t *testing.T) {
	w := newWorld(t)
	w.do("wadmin@x.test", "POST", "/v1/workspaces/wallet/target-apps", `{"id": "demo-wallet", "name": "Demo"}`, 201, "")
	for _, tc := range []struct {
		name, email, method, path, body string
		status                          int
		code, says                      string
	}{
		{"a merchant's", "madmin@x.test", "POST", "/v1/workspaces/merchant/target-apps", `{"id": "an-app", "name": "A"}`, 422, "not_a_superapp", "superapp"},
		{"a developer", "wdev@x.test", "POST", "/v1/workspaces/wallet/target-apps", `{"id": "an-app", "name": "A"}`, 403, "forbidden", "admin"},
		{"bad id", "wadmin@x.test", "POST", "/v1/workspaces/wallet/target-apps", `{"id": "A#b", "name": "A"}`, 400, "invalid", "id: is"},
		{"no production", "wadmin@x.test", "POST", "/v1/workspaces/wallet/target-apps", `{"id": "ab", "name": "A", "environments": ["test"]}`, 400, "invalid", "production"},
		{"unknown setting", "wadmin@x.test", "POST", "/v1/workspaces/wallet/target-apps", `{"id": "ab", "name": "A", "settings": {"colour": 1}}`, 400, "invalid", "settings.colour: is not a known field"},
		{"settings of a wrong type", "wadmin@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `{"approvalDays": "7"}`, 400, "invalid", "approvalDays: is a string"},
		{"31 days", "wadmin@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `{"approvalDays": 31}`, 400, "invalid", "approvalDays: is 31"},
		{"a runtime's field", "wadmin@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `{"runtime": {"systems": [{"id": "a", "name": "A", "family": "ios", "script": {"family": "safari", "version": "12"}, "css": {"family": "gecko", "version": "1"}}]}}`, 400, "invalid", "runtime.systems[0].css.family: is \"gecko\""},
		{"an unknown field of a runtime", "wadmin@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `{"runtime": {"systems": [{"cssLevel": 3}]}}`, 400, "invalid", "runtime.systems[0].cssLevel: is not a known field"},
		{"a limit of text", "wadmin@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `{"runtime": {"limits": {"package": "big"}}}`, 400, "invalid", "runtime.limits.package"},
		{"not an object", "wadmin@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `[]`, 400, "invalid", "an object is expected"},
		{"somebody else's", "rival@x.test", "PATCH", "/v1/target-apps/demo-wallet/settings", `{"partner": true}`, 403, "forbidden", "admin"},
		{"no such app", "wadmin@x.test", "PATCH", "/v1/target-apps/nowhere/settings", `{"partner": true}`, 404, "no_such_target_app", "nowhere"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := want(t, w.handler(tc.method, tc.path), ask{method: tc.method, path: tc.path, body: tc.body, email: tc.email}, tc.status, tc.code)
			if !strings.Contains(fmt.Sprint(body["detail"]), tc.says) {
				t.Errorf("says %q, want %q", body["detail"], tc.says)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	w := newWorld(t)
	var written bytes.Buffer
	w.handlers["workspaces/create-token"] = api.CreateToken(spy{w.table, &written})
	const tokens = "/v1/workspaces/merchant/tokens"
	key := strings.Repeat("k", 32)
	create := ask{method: "POST", path: tokens, body: `{"name": "CI", "actions": ["upload_version", "release"], "days": 30}`, email: "madmin@x.test", headers: map[string]string{"Idempotency-Key": key}}
	first, made := send(t, w.handler("POST", tokens), create)
	secret, id := fmt.Sprint(made["token"]), fmt.Sprint(made["id"])
	if first.StatusCode != 201 || !strings.HasPrefix(secret, "slw_") || len(secret) != 47 {
		t.Fatalf("made %d %v", first.StatusCode, made)
	}
	if again, _ := send(t, w.handler("POST", tokens), create); again.Body != first.Body {
		t.Errorf("repeated with its key: %s", again.Body)
	}
	if strings.Contains(written.String(), secret) || !strings.Contains(written.String(), id) {
		t.Error("the token itself was written to the table")
	}
	short := create
	short.headers = map[string]string{"Idempotency-Key": "k1"}
	want(t, w.handler("POST", tokens), short, 400, "bad_idempotency_key")
	list := w.do("madmin@x.test", "GET", tokens, "", 200, "")
	if names(list, "id") != id || strings.Contains(fmt.Sprint(list), "sha256") || strings.Contains(fmt.Sprint(list), secret) {
		t.Errorf("list %v", list)
	}
	as := func(at time.Time) ask {
		return ask{method: "GET", path: "/v1/me", token: id, workspace: "merchant", at: at}
	}
	me := want(t, w.handlers["workspaces/read"], as(noon), 200, "")
	if fmt.Sprint(me["workspaces"]) != "[map[id:merchant kind:merchant name:MERCHANT]]" {
		t.Errorf("a token's me: %v", me)
	}
	want(t, w.handlers["workspaces/read"], as(noon.AddDate(0, 0, 30)), 401, "token_ended")
	w.do("madmin@x.test", "DELETE", tokens+"/"+id, "", 204, "")
	want(t, w.handlers["workspaces/read"], as(noon), 401, "token_ended")
	w.do("madmin@x.test", "DELETE", tokens+"/"+id, "", 404, "no_such_token")
}

func TestTokenRefusals(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct{ name, email, workspace, body, says string }{
		{"deciding", "wadmin@x.test", "wallet", `{"name": "CI", "actions": ["decide_request"]}`, "actions[0]"},
		{"removing", "wadmin@x.test", "wallet", `{"name": "CI", "actions": ["force_remove"]}`, "actions[0]"},
		{"managing", "madmin@x.test", "merchant", `{"name": "CI", "actions": ["release", "manage_workspace"]}`, "actions[1]"},
		{"nothing", "madmin@x.test", "merchant", `{"name": "CI", "actions": []}`, "actions"},
		{"twice", "madmin@x.test", "merchant", `{"name": "CI", "actions": ["release", "release"]}`, "actions[1]"},
		{"for the platform", "padmin@x.test", "platform", `{"name": "CI", "actions": ["release"]}`, "actions"},
		{"for ever", "madmin@x.test", "merchant", `{"name": "CI", "actions": ["release"], "days": 10000}`, "days"},
		{"no name", "madmin@x.test", "merchant", `{"actions": ["release"]}`, "name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := want(t, w.handlers["workspaces/create-token"], ask{method: "POST", path: "/v1/workspaces/" + tc.workspace + "/tokens", body: tc.body, email: tc.email}, 400, "invalid")
			if field := body["errors"].([]any)[0].(map[string]any)["field"]; field != tc.says {
				t.Errorf("names %v, want %s", field, tc.says)
			}
		})
	}
	w.do("mdev@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["release"]}`, 403, "forbidden")
	if left, err := store.Tokens(t.Context(), w.table, "merchant"); err != nil || len(left) != 0 {
		t.Errorf("tokens were made: %v %v", left, err)
	}
}

// TestTheLastManagerStays: of two admins who step down at the same moment, one remains.
func TestTheLastManagerStays(t *testing.T) {
	for range 10 {
		w := newWorld(t)
		w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/mdev@x.test", `{"role": "admin"}`, 200, "")
		h := w.handler("PUT", "/v1/workspaces/merchant/members/a")
		var both sync.WaitGroup
		for _, email := range []string{"madmin@x.test", "mdev@x.test"} {
			both.Go(func() {
				a := ask{method: "PUT", path: "/v1/workspaces/merchant/members/" + email, body: `{"role": "operator"}`, email: email}
				_, _ = h(t.Context(), a.event(t))
			})
		}
		both.Wait()
		members, err := store.Members(t.Context(), w.table, "merchant")
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(members, func(m catalog.Member) bool { return m.Role == catalog.Admin }) {
			t.Fatalf("nobody can manage the workspace any more: %v", members)
		}
	}
}
