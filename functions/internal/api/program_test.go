package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/api"
	"slipway/functions/internal/api/upload"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/store"
)

func TestCreateMiniProgram(t *testing.T) {
	w := newWorld(t)
	body := `{"workspace": "merchant", "type": "dsl", "defaultLanguage": "en", "information": ` + information + `}`
	res, m := send(t, w.handler("POST", "/v1/mini-programs"), ask{method: "POST", path: "/v1/mini-programs", body: body, email: "madmin@x.test"})
	id := fmt.Sprint(m["id"])
	if res.StatusCode != 201 || res.Headers["Location"] != "/v1/mini-programs/"+id || res.Headers["ETag"] != `"1"` || m["name"] != "Coffee Now" || m["createdAt"] != "2026-03-01T12:00:00Z" {
		t.Fatalf("made %d %v %v", res.StatusCode, res.Headers, m)
	}
	if fmt.Sprint(m["members"]) != "[map[email:madmin@x.test role:admin]]" {
		t.Errorf("whoever makes it is its first admin: %v", m["members"])
	}
	got := w.do("madmin@x.test", "GET", "/v1/mini-programs/"+id, "", 200, "")
	if diff := cmp.Diff(m, got); diff != "" {
		t.Errorf("read differs from made:\n%s", diff)
	}
	events := w.do("madmin@x.test", "GET", "/v1/mini-programs/"+id+"/events", "", 200, "")["items"].([]any)
	if e := events[0].(map[string]any); len(events) != 1 || e["action"] != "create_mini_program" || e["ip"] != "203.0.113.9" || e["actor"].(map[string]any)["email"] != "madmin@x.test" {
		t.Errorf("history %v", events)
	}
}

func TestCreateMiniProgramRefusals(t *testing.T) {
	w := newWorld(t)
	full := func(edit ...string) string {
		s := `{"workspace": "merchant", "type": "dsl", "defaultLanguage": "en", "information": ` + information + `}`
		return strings.NewReplacer(edit...).Replace(s)
	}
	for _, tc := range []struct {
		name, email, body string
		status            int
		code, field       string
	}{
		{"a developer", "mdev@x.test", full(), 403, "forbidden", ""},
		{"another tenant", "rival@x.test", full(), 404, "no_such_workspace", ""},
		{"no such workspace", "rival@x.test", full(`"merchant"`, `"nowhere"`), 404, "no_such_workspace", ""},
		{"nobody's platform", "padmin@x.test", full(`"merchant"`, `"platform"`), 403, "forbidden", ""},
		{"no workspace", "madmin@x.test", full(`"merchant"`, `""`), 400, "invalid", "workspace"},
		{"type", "madmin@x.test", full(`"dsl"`, `"app"`), 400, "invalid", "type"},
		{"language", "madmin@x.test", full(`"defaultLanguage": "en"`, `"defaultLanguage": "english"`), 400, "invalid", "defaultLanguage"},
		{"default language missing", "madmin@x.test", full(`"defaultLanguage": "en"`, `"defaultLanguage": "fr"`), 400, "invalid", "information"},
		{"short name", "madmin@x.test", full("Coffee Now", "Co"), 400, "invalid", "information.en.name"},
		{"unknown field", "madmin@x.test", full(`"category"`, `"kategory"`), 400, "invalid", "information.en.kategory"},
		{"wrong type deep down", "madmin@x.test", full(`"Food"`, `7`), 400, "invalid", "information.en.category"},
		{"entrance of a dsl", "madmin@x.test", full(`"type"`, `"entranceUrl": "https://a.test", "type"`), 400, "invalid", "entranceUrl"},
		{"h5 without entrance", "madmin@x.test", full(`"dsl"`, `"h5"`), 400, "invalid", "entranceUrl"},
		{"h5 over http", "madmin@x.test", full(`"dsl"`, `"h5", "entranceUrl": "http://a.test"`), 400, "invalid", "entranceUrl"},
		{"variables", "madmin@x.test", full(`"type"`, `"configuration": {"environmentVariables": {"A": "b"}}, "type"`), 400, "invalid", "configuration.environmentVariables"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			body := want(t, w.handler("POST", "/v1/mini-programs"), ask{method: "POST", path: "/v1/mini-programs", body: tc.body, email: tc.email}, tc.status, tc.code)
			if tc.field != "" && body["errors"].([]any)[0].(map[string]any)["field"] != tc.field {
				t.Errorf("names %v, want %s", body["errors"], tc.field)
			}
		})
	}
	if left := w.do("madmin@x.test", "GET", "/v1/mini-programs", "", 200, ""); len(left["items"].([]any)) != 0 {
		t.Errorf("a refusal made %v", left)
	}
}

func TestUpdateMiniProgram(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now")
	m := w.do("madmin@x.test", "PATCH", path, `{"information": {"en": {"name": "Tea Now"}, "zh-Hans": `+strings.TrimSuffix(strings.TrimPrefix(information, `{"en": `), "}")+`}}`, 200, "")
	en := m["information"].(map[string]any)["en"].(map[string]any)
	if m["name"] != "Tea Now" || en["tagline"] != "Coffee without waiting" || m["information"].(map[string]any)["zh-Hans"] == nil {
		t.Errorf("changed %v", m)
	}
	m = w.do("madmin@x.test", "PATCH", path, `{"information": {"zh-Hans": null}}`, 200, "")
	if m["information"].(map[string]any)["zh-Hans"] != nil {
		t.Error("null removes a language")
	}
	for _, tc := range []struct{ name, email, body, code string }{
		{"the default language", "madmin@x.test", `{"information": {"en": null}}`, "invalid"},
		{"half a language", "madmin@x.test", `{"information": {"fr": {"name": "Café"}}}`, "invalid"},
		{"the type", "madmin@x.test", `{"type": "h5"}`, "invalid"},
		{"the default", "madmin@x.test", `{"defaultLanguage": "fr"}`, "invalid"},
		{"entrance", "madmin@x.test", `{"entranceUrl": "https://a.test"}`, "invalid"},
	} {
		t.Run(tc.name, func(t *testing.T) { w.do(tc.email, "PATCH", path, tc.body, 400, tc.code) })
	}
	w.do("mdev@x.test", "PATCH", path, `{}`, 404, "no_such_mini_program") // not a member: does not see it
	w.do("madmin@x.test", "PUT", path+"/members/mdev@x.test", `{"role": "developer"}`, 200, "")
	w.do("mdev@x.test", "PATCH", path, `{}`, 403, "forbidden") // a developer: sees it, may not
	stale := ask{method: "PATCH", path: path, body: `{}`, email: "madmin@x.test", headers: map[string]string{"If-Match": `"1"`}}
	want(t, w.handler("PATCH", path), stale, 412, "stale")
}

func TestConfigureMiniProgram(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now")
	m := w.do("madmin@x.test", "PUT", path+"/configuration", `{"serverDomains": ["https://api.coffee.example.com"], "testers": ["u1"]}`, 200, "")
	if fmt.Sprint(m["configuration"]) != "map[serverDomains:[https://api.coffee.example.com] testers:[u1]]" {
		t.Errorf("configured %v", m["configuration"])
	}
	if body := w.do("madmin@x.test", "PUT", path+"/configuration", `{"serverDomains": ["http://a.test"]}`, 400, "invalid"); body["errors"].([]any)[0].(map[string]any)["field"] != "serverDomains[0]" {
		t.Errorf("names %v", body["errors"])
	}
	m = w.do("madmin@x.test", "PUT", path+"/configuration", `{}`, 200, "")
	if fmt.Sprint(m["configuration"]) != "map[]" {
		t.Errorf("a configuration is put as a whole: %v", m["configuration"])
	}
}

func TestMiniProgramMembers(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now")
	w.do("madmin@x.test", "PUT", path+"/members/wdev@x.test", `{"role": "developer"}`, 422, "not_a_member")
	w.do("madmin@x.test", "PUT", path+"/members/mdev@x.test", `{"role": "operator"}`, 400, "invalid")
	w.do("madmin@x.test", "PUT", path+"/members/MDEV@x.test", `{"role": "admin"}`, 200, "")
	m := w.do("mdev@x.test", "PUT", path+"/members/mop@x.test", `{"role": "developer"}`, 200, "")
	if len(m["members"].([]any)) != 3 {
		t.Errorf("members %v", m["members"])
	}
	w.do("mop@x.test", "GET", path, "", 200, "")
	w.do("mdev@x.test", "DELETE", path+"/members/mop@x.test", "", 200, "")
	w.do("mop@x.test", "GET", path, "", 404, "no_such_mini_program")
	w.do("mdev@x.test", "DELETE", path+"/members/mop@x.test", "", 404, "no_such_member")
}

// meddler lets somebody else act between what a change reads and what it writes, once.
type meddler struct {
	store.Table
	act func()
}

func (m *meddler) Transact(ctx context.Context, writes ...store.Write) error {
	if act := m.act; act != nil {
		m.act = nil
		act()
	}
	return m.Table.Transact(ctx, writes...)
}

// TestChangesAtOnce: changes of one record at the same moment all come to pass.
func TestChangesAtOnce(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now")
	m := &meddler{Table: w.table}
	m.act = func() { w.do("madmin@x.test", "PUT", path+"/members/mop@x.test", `{"role": "developer"}`, 200, "") }
	a := ask{method: "PUT", path: path + "/members/mdev@x.test", body: `{"role": "developer"}`, email: "madmin@x.test"}
	if got := want(t, api.SetMiniProgramMember(m), a, 200, ""); len(got["members"].([]any)) != 3 {
		t.Errorf("members %v", got["members"])
	}
}

// TestLeavingWhileBeingAdded: nobody gets a role in a mini program who leaves the workspace at the same moment.
func TestLeavingWhileBeingAdded(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now")
	m := &meddler{Table: w.table}
	m.act = func() { w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/mdev@x.test", "", 204, "") }
	a := ask{method: "PUT", path: path + "/members/mdev@x.test", body: `{"role": "developer"}`, email: "madmin@x.test"}
	want(t, api.SetMiniProgramMember(m), a, 422, "not_a_member")
}

// TestSubmittingTwice: of two submits at the same moment one takes the number.
func TestSubmittingTwice(t *testing.T) {
	w := newWorld(t)
	path := "/v1/mini-programs/" + w.program("madmin@x.test", "merchant", "Coffee Now") + "/versions"
	w.upload(w.do("madmin@x.test", "POST", path, `{"number": "1.0"}`, 201, ""), demo.Archive("1.0"))
	w.upload(w.do("madmin@x.test", "POST", path, `{"number": "2.0"}`, 201, ""), demo.Archive("2.0"))
	m := &meddler{Table: w.table}
	m.act = func() { w.do("madmin@x.test", "POST", path+"/2.0/submit", "", 200, "") }
	a := ask{method: "POST", path: path + "/1.0/submit", email: "madmin@x.test"}
	want(t, api.SubmitVersion(m, w.packages, upload.TakeIn), a, 409, "version_not_greater")
}

func TestListMiniPrograms(t *testing.T) {
	w := newWorld(t)
	var ids []string
	for i, name := range []string{"Alpha", "Beta", "Gamma", "Betamax", "Delta"} {
		body := fmt.Sprintf(`{"workspace": "merchant", "type": "dsl", "defaultLanguage": "en", "information": %s}`, strings.Replace(information, "Coffee Now", name, 1))
		a := ask{method: "POST", path: "/v1/mini-programs", body: body, email: "madmin@x.test", at: noon.Add(time.Duration(i) * time.Minute)}
		ids = append(ids, want(t, w.handler("POST", "/v1/mini-programs"), a, 201, "")["id"].(string))
	}
	other := w.program("powner@x.test", "partner", "Partner's")
	list := func(email, query string) string {
		return names(w.do(email, "GET", "/v1/mini-programs"+query, "", 200, ""), "name")
	}
	for _, tc := range []struct{ email, query, want string }{
		{"madmin@x.test", "", "Delta Betamax Gamma Beta Alpha"},
		{"madmin@x.test", "?q=BETA", "Betamax Beta"},
		{"madmin@x.test", "?q=" + ids[2], "Gamma"},
		{"madmin@x.test", "?q=nothing", ""},
		{"madmin@x.test", "?workspace=partner", ""},
		{"mdev@x.test", "", ""},
		{"rival@x.test", "", ""},
		{"wrev@x.test", "", ""},
		{"powner@x.test", "?q=" + other, "Partner's"},
	} {
		if got := list(tc.email, tc.query); got != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.email, tc.query, got, tc.want)
		}
	}

	if got := w.pages("madmin@x.test", "?pageSize=2"); got != "Delta Betamax|Gamma Beta|Alpha" {
		t.Errorf("pages %s", got)
	}
}

// TestListsByRole: a developer sees what they are a member of, the staff of a super app what was released to it.
func TestListsByRole(t *testing.T) {
	w := newWorld(t)
	w.program("madmin@x.test", "merchant", "Alpha")
	beta, betamax := w.program("madmin@x.test", "merchant", "Beta"), w.program("madmin@x.test", "merchant", "Betamax")
	list := func(email string) string {
		return names(w.do(email, "GET", "/v1/mini-programs", "", 200, ""), "name")
	}
	w.do("madmin@x.test", "PUT", "/v1/mini-programs/"+beta+"/members/mdev@x.test", `{"role": "developer"}`, 200, "")
	shown, _, err := store.MiniProgram(t.Context(), w.table, betamax)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.table.Transact(t.Context(), store.ShowMiniProgram(shown, "wallet")...); err != nil {
		t.Fatal(err)
	}
	if got := list("mdev@x.test"); got != "Beta" {
		t.Errorf("a member sees %q", got)
	}
	if got := list("wrev@x.test"); got != "Betamax" {
		t.Errorf("a reviewer of the target app sees %q", got)
	}
	m := w.do("wrev@x.test", "GET", "/v1/mini-programs/"+betamax, "", 200, "")
	if len(m["members"].([]any)) != 0 {
		t.Errorf("the staff of the app is told who works at the merchant: %v", m["members"])
	}
	w.do("wrev@x.test", "GET", "/v1/mini-programs/"+betamax+"/events", "", 403, "forbidden")
	w.do("wrev@x.test", "PATCH", "/v1/mini-programs/"+betamax, "{}", 403, "forbidden")
}

// pages reads a list of mini programs page by page.
func (w *world) pages(email, query string) string {
	w.t.Helper()
	var out []string
	for next, n := query, 0; next != "" && n < 9; n++ {
		page := w.do(email, "GET", "/v1/mini-programs"+next, "", 200, "")
		out = append(out, names(page, "name"))
		next = ""
		if token, ok := page["nextPageToken"].(string); ok {
			next = query + "&pageToken=" + token
		}
	}
	return strings.Join(out, "|")
}

// TestForeignIsMissing: another tenant gets the same answer for what exists and what does not, on every route.
func TestForeignIsMissing(t *testing.T) {
	w := newWorld(t)
	id := w.program("madmin@x.test", "merchant", "Coffee Now")
	w.do("madmin@x.test", "POST", "/v1/mini-programs/"+id+"/versions", `{"number": "1.0.0", "notes": ""}`, 201, "")
	token := w.do("madmin@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["release"]}`, 201, "")["id"].(string)
	const missing = "mp_00000000000000000000"
	patch, configure := `{"information": {}}`, `{}`
	for _, tc := range []struct{ method, real, missing, body string }{
		{"GET", "/v1/mini-programs/" + id, "/v1/mini-programs/" + missing, ""},
		{"GET", "/v1/mini-programs/" + id + "/events", "/v1/mini-programs/" + missing + "/events", ""},
		{"PATCH", "/v1/mini-programs/" + id, "/v1/mini-programs/" + missing, patch},
		{"PUT", "/v1/mini-programs/" + id + "/configuration", "/v1/mini-programs/" + missing + "/configuration", configure},
		{"PUT", "/v1/mini-programs/" + id + "/members/mdev@x.test", "/v1/mini-programs/" + missing + "/members/mdev@x.test", `{"role": "admin"}`},
		{"DELETE", "/v1/mini-programs/" + id + "/members/madmin@x.test", "/v1/mini-programs/" + missing + "/members/madmin@x.test", ""},
		{"POST", "/v1/mini-programs/" + id + "/versions", "/v1/mini-programs/" + missing + "/versions", `{"number": "1.0.0"}`},
		{"GET", "/v1/mini-programs/" + id + "/versions", "/v1/mini-programs/" + missing + "/versions", ""},
		{"GET", "/v1/mini-programs/" + id + "/versions/1.0.0", "/v1/mini-programs/" + missing + "/versions/1.0.0", ""},
		{"POST", "/v1/mini-programs/" + id + "/versions/1.0.0/submit", "/v1/mini-programs/" + missing + "/versions/1.0.0/submit", ""},
		{"GET", "/v1/workspaces/merchant", "/v1/workspaces/nowhere", ""},
		{"GET", "/v1/workspaces/merchant/members", "/v1/workspaces/nowhere/members", ""},
		{"GET", "/v1/workspaces/merchant/target-apps", "/v1/workspaces/nowhere/target-apps", ""},
		{"GET", "/v1/workspaces/merchant/tokens", "/v1/workspaces/nowhere/tokens", ""},
		{"GET", "/v1/workspaces/merchant/events", "/v1/workspaces/nowhere/events", ""},
		{"PUT", "/v1/workspaces/merchant/members/a@x.test", "/v1/workspaces/nowhere/members/a@x.test", `{"role": "admin"}`},
		{"DELETE", "/v1/workspaces/merchant/members/mdev@x.test", "/v1/workspaces/nowhere/members/mdev@x.test", ""},
		{"POST", "/v1/workspaces/merchant/target-apps", "/v1/workspaces/nowhere/target-apps", `{"id": "ab", "name": "A"}`},
		{"POST", "/v1/workspaces/merchant/tokens", "/v1/workspaces/nowhere/tokens", `{"name": "CI", "actions": ["release"]}`},
		{"DELETE", "/v1/workspaces/merchant/tokens/" + token, "/v1/workspaces/nowhere/tokens/" + token, ""},
	} {
		for _, email := range []string{"rival@x.test", "wadmin@x.test", "padmin@x.test", "nobody@x.test"} {
			h := w.handler(tc.method, tc.real)
			is, _ := send(t, h, ask{method: tc.method, path: tc.real, body: tc.body, email: email})
			not, _ := send(t, h, ask{method: tc.method, path: tc.missing, body: tc.body, email: email})
			same := strings.NewReplacer(id, missing, `"merchant`, `"nowhere`).Replace(is.Body) == not.Body
			if is.StatusCode != 404 || not.StatusCode != 404 || !same {
				t.Errorf("%s %s as %s: %d %s\nmissing: %d %s", tc.method, tc.real, email, is.StatusCode, is.Body, not.StatusCode, not.Body)
			}
		}
	}
}

// TestTokenActs: a CI token does what it was given, in its workspace.
func TestTokenActs(t *testing.T) {
	w := newWorld(t)
	id := w.program("madmin@x.test", "merchant", "Coffee Now")
	other := w.program("powner@x.test", "partner", "Partner's")
	token := w.do("madmin@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["upload_version", "create_mini_program"]}`, 201, "")["id"].(string)
	as := func(method, path, body string, status int, code string) map[string]any {
		t.Helper()
		return want(t, w.handler(method, path), ask{method: method, path: path, body: body, token: token, workspace: "merchant"}, status, code)
	}
	as("POST", "/v1/mini-programs/"+id+"/versions", `{"number": "1.0.0", "notes": "by CI"}`, 201, "")
	as("POST", "/v1/mini-programs/"+other+"/versions", `{"number": "1.0.0"}`, 404, "no_such_mini_program")
	as("PATCH", "/v1/mini-programs/"+id, `{}`, 404, "no_such_mini_program") // may neither see nor change it
	as("GET", "/v1/workspaces/merchant/members", "", 403, "forbidden")
	as("POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["release"]}`, 403, "forbidden")
	made := as("POST", "/v1/mini-programs", `{"workspace": "merchant", "type": "dsl", "defaultLanguage": "en", "information": `+information+`}`, 201, "")
	if m, _, _ := store.MiniProgram(t.Context(), w.table, fmt.Sprint(made["id"])); m.RoleOf("madmin@x.test") != "admin" {
		t.Errorf("behind a token stands who made it: %v", m.Members)
	}
}

// TestPagesOfLargeMiniPrograms: a page of the largest has fewer than were asked for, and none is left out.
func TestPagesOfLargeMiniPrograms(t *testing.T) {
	w := newWorld(t)
	for i := range 30 {
		m := catalog.MiniProgram{ID: fmt.Sprintf("mp_large%d", i), Workspace: "merchant", Type: catalog.DSL, CreatedAt: noon}
		m.Information = map[string]catalog.Information{"en": {Name: "Large", Description: strings.Repeat("x", 250<<10)}}
		if err := w.table.Transact(t.Context(), store.CreateMiniProgram(m)...); err != nil {
			t.Fatal(err)
		}
	}
	seen, next := 0, ""
	for {
		page := w.do("madmin@x.test", "GET", "/v1/mini-programs?q=large&pageSize=100"+next, "", 200, "")
		items := page["items"].([]any)
		if seen += len(items); len(items) > 20 {
			t.Fatalf("a page of %d mini programs has over 5 MB", len(items))
		}
		token, more := page["nextPageToken"].(string)
		if !more {
			break
		}
		next = "&pageToken=" + token
	}
	if seen != 30 {
		t.Errorf("listed %d of 30", seen)
	}
}
