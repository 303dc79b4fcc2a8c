package local_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// stage is a world in which everything wrong can be asked.
type stage struct {
	*story.World
	*recorder
	admin    *story.Person
	program  string
	number   string          // uploaded, released to demo-wallet production
	gray     api.ReleaseView // of number, in grayscale at 20 %
	waiting  api.ReleaseView // of a newer version, under review for the carrier
	uploaded string          // submitted, not released
}

func newStage(t *testing.T) *stage {
	r := &recorder{}
	w := story.Start(t, func(o *local.Options) {
		o.Table = func(t store.Table) store.Table {
			r.Table = t
			return r
		}
	})
	s := &stage{World: w, recorder: r, admin: w.As("merchant-admin")}
	s.program = s.admin.Program("merchant", "dsl")
	s.gray = prepared(w, s.program)
	s.number = s.gray.Version
	s.gray = s.admin.Act(s.gray.ID, "grayscale", story.Percent(20))
	s.waiting = applied(w, s.admin, s.program, "demo-carrier")
	s.uploaded = s.admin.Upload(s.program, w.Number())
	return s
}

// recorder is a table that notes what is written, but for the answers kept for repeated requests, and whose a mail
// address is when somebody comes for the first time.
type recorder struct {
	store.Table
	mu      sync.Mutex
	written []store.Key
}

// Transact implements store.Table.
func (r *recorder) Transact(ctx context.Context, writes ...store.Write) error {
	err := r.Table.Transact(ctx, writes...)
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range writes {
		if err == nil && !strings.HasPrefix(w.Key.PK, "I#") && w.Key.SK != "IDENTITY" && w.Op != store.Check {
			r.written = append(r.written, w.Key)
		}
	}
	return err
}

// since gives what was written since it was last asked.
func (r *recorder) since() []store.Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.written
	r.written = nil
	return out
}

// wrong is one request that has to be refused.
type wrong struct {
	name, who, method, path string
	body                    any
	status                  int
	code                    string
	says                    string // in the detail or in the fields at fault
}

// overlong is more than any table takes as a key, so whoever makes a key of it unseen answers 500.
var overlong = strings.Repeat("x", 3000)

func (s *stage) refusals() []wrong {
	versions := "/v1/mini-programs/" + s.program + "/versions"
	releases := versions + "/" + s.uploaded + "/releases"
	gray, waiting := "/v1/releases/"+s.gray.ID, "/v1/releases/"+s.waiting.ID
	request := "/v1/requests/" + s.waiting.Request
	const me, walletAdmin, carrier = "merchant-admin", "wallet-admin", "carrier-reviewer"
	type m = map[string]any
	return []wrong{
		{"nobody", "", "POST", gray + "/cancel", nil, 401, "unauthenticated", "Bearer"},
		{"a role too low", "merchant-developer", "POST", "/v1/mini-programs/mp_harbourcoffee/versions/0.1.0/releases", m{"targetApp": "demo-wallet", "environment": "test"}, 403, "forbidden", "admin"},
		{"the super app is not the merchant", walletAdmin, "POST", gray + "/cancel", nil, 403, "forbidden", "admin"},
		{"the merchant is not the reviewer", me, "POST", request + "/approve", nil, 403, "own_request", "own"},
		{"another super app", walletAdmin, "POST", request + "/approve", nil, 404, "no_such_request", "no request"},
		{"another tenant", "partner-master", "POST", gray + "/cancel", nil, 404, "no_such_release", "no release"},

		{"not while in grayscale", me, "POST", gray + "/apply", nil, 409, "wrong_status", "new_version_created"},
		{"not before testers", me, "POST", gray + "/complete-testing", nil, 409, "wrong_status", "pilot_testing"},
		{"not under review", me, "POST", waiting + "/grayscale", m{"percent": 5}, 409, "wrong_status", "release_preparation"},
		{"not while it is under review", me, "POST", waiting + "/configure", m{"configuration": m{}}, 409, "wrong_status", "new_version_created"},

		{"percent 0", me, "POST", gray + "/grayscale", m{"percent": 0}, 400, "invalid", "1 to 100"},
		{"percent 101", me, "POST", gray + "/grayscale", m{"percent": 101}, 400, "invalid", "1 to 100"},
		{"percent -5", me, "POST", gray + "/grayscale", m{"percent": -5}, 400, "invalid", "1 to 100"},
		{"percent 1.5", me, "POST", gray + "/grayscale", m{"percent": 20.5}, 400, "invalid", "percent"},
		{"percent as text", me, "POST", gray + "/grayscale", m{"percent": "30"}, 400, "invalid", "percent"},
		{"percent 1e99", me, "POST", gray + "/grayscale", `{"percent": 1e99}`, 400, "invalid", "percent"},
		{"no percent", me, "POST", gray + "/grayscale", m{}, 400, "invalid", "percent"},
		{"percent null", me, "POST", gray + "/grayscale", `{"percent": null}`, 400, "invalid", "percent"},
		{"lower than now", me, "POST", gray + "/grayscale", m{"percent": 19}, 409, "percent_not_higher", "20"},
		{"the same as now", me, "POST", gray + "/grayscale", m{"percent": 20}, 409, "percent_not_higher", "20"},

		{"unknown field", me, "POST", gray + "/grayscale", m{"percent": 30, "percentage": 30}, 400, "invalid", "percentage"},
		{"a field in other letters", me, "POST", gray + "/grayscale", m{"Percent": 30}, 400, "invalid", "Percent"},
		{"a field twice", me, "POST", gray + "/grayscale", `{"percent": 30, "percent": 40}`, 400, "bad_json", "percent"},
		{"wrong type", me, "POST", gray + "/grayscale", m{"percent": 30, "supersede": "yes"}, 400, "invalid", "supersede"},
		{"an array", me, "POST", gray + "/grayscale", `[30]`, 400, "", ""},
		{"trailing data", me, "POST", gray + "/grayscale", `{"percent": 30} {"percent": 40}`, 400, "", ""},
		{"half a body", me, "POST", gray + "/grayscale", `{"percent": 3`, 400, "", ""},
		{"no body", me, "POST", gray + "/grayscale", nil, 400, "", ""},
		{"a body where none belongs", me, "POST", gray + "/cancel", m{"really": true}, 400, "invalid", "really"},
		{"a huge body", me, "POST", gray + "/grayscale", `{"percent": 30, "x": "` + strings.Repeat("x", 1<<20) + `"}`, 413, "body_too_large", "bytes"},
		{"deep nesting", me, "POST", gray + "/grayscale", strings.Repeat(`{"percent":`, 20000) + "1" + strings.Repeat("}", 20000), 400, "", ""},
		{"not UTF-8", me, "POST", gray + "/grayscale", "{\"percent\": 30, \"\xff\": 1}", 400, "", ""},

		{"no such release", me, "POST", "/v1/releases/rel_none/cancel", nil, 404, "no_such_release", "no release"},
		{"no such action", me, "POST", gray + "/explode", nil, 404, "no_such_route", "no POST"},
		{"GET an action", me, "GET", gray + "/cancel", nil, 405, "no_such_method", "POST is possible"},
		{"unknown app", me, "POST", releases, m{"targetApp": "nowhere", "environment": "production"}, 400, "invalid", "nowhere"},
		{"an app whose id no table takes", me, "POST", releases, m{"targetApp": overlong, "environment": "production"}, 400, "invalid", "256 bytes"},
		{"offline from such an app", me, "POST", "/v1/mini-programs/" + s.program + "/offline-requests", m{"targetApp": overlong, "environment": "production", "reason": "r"}, 400, "invalid", "256 bytes"},
		{"a code for such an app", me, "POST", "/v1/mini-programs/" + s.program + "/qr-codes", m{"targetApp": overlong, "environment": "production", "page": "pages/menu/menu"}, 400, "invalid", "256 bytes"},
		{"releases to such an app", me, "GET", "/v1/releases?targetApp=" + overlong, nil, 400, "invalid", "256 bytes"},
		{"releases of such a mini program", me, "GET", "/v1/releases?miniProgram=" + overlong, nil, 400, "invalid", "256 bytes"},
		{"requests of too long a name", me, "GET", "/v1/requests?q=" + overlong, nil, 400, "invalid", "100 characters"},
		{"unknown environment", me, "POST", releases, m{"targetApp": "demo-wallet", "environment": "prod"}, 400, "invalid", "prod"},
		{"an environment the app has not", me, "POST", releases, m{"targetApp": "demo-carrier", "environment": "test"}, 400, "invalid", "test"},
		{"no target", me, "POST", releases, m{}, 400, "invalid", "target app"},
		{"a partner app for a merchant", me, "POST", releases, m{"targetApp": "demo-partner", "environment": "production"}, 403, "partner_only", "partner"},
		{"bad configuration", me, "POST", releases, m{"targetApp": "demo-wallet", "environment": "production", "configuration": m{"serverDomains": []string{"http://x"}}}, 400, "invalid", "serverDomains"},
		{"no such version", me, "POST", versions + "/7.7.7/releases", m{"targetApp": "demo-wallet", "environment": "production"}, 404, "", ""},
		{"a second release of the same", me, "POST", versions + "/" + s.number + "/releases", m{"targetApp": "demo-wallet", "environment": "production"}, 409, "already_released", s.gray.ID},

		{"a version that is not greater", me, "POST", versions, m{"number": "0.0.1", "notes": "n"}, 409, "version_not_greater", s.uploaded},
		{"the same version again", me, "POST", versions, m{"number": s.uploaded, "notes": "n"}, 409, "", s.uploaded},
		{"no number", me, "POST", versions, m{"number": "one", "notes": "n"}, 400, "invalid", "number"},
		{"no project yet", me, "POST", versions + "/7.7.7/submit", nil, 404, "", ""},
		{"submitted already", me, "POST", versions + "/" + s.uploaded + "/submit", nil, 409, "already_submitted", s.uploaded},

		{"reject without a reason", carrier, "POST", request + "/reject", m{"reason": ""}, 400, "invalid", "reason"},
		{"reject with blanks", carrier, "POST", request + "/reject", m{"reason": " \n "}, 400, "invalid", "reason"},
		{"reject without a body", carrier, "POST", request + "/reject", nil, 400, "", ""},
		{"a reason too long", carrier, "POST", request + "/reject", m{"reason": strings.Repeat("é", 1001)}, 400, "invalid", "1001"},
		{"bad filter", me, "GET", "/v1/releases?status=done", nil, 400, "invalid", "status"},
		{"unknown query", me, "GET", "/v1/releases?state=x", nil, 400, "invalid", "state"},
		{"a page token of somebody's making", me, "GET", "/v1/releases?pageToken=xx", nil, 400, "", "pageToken"},
		{"page size 0", me, "GET", "/v1/releases?pageSize=0", nil, 400, "invalid", "pageSize"},
	}
}

// TestWrongRequests asks for everything that must not happen: each is a problem that says what is wrong and, for a
// release, what can be done; and nothing has changed.
func TestWrongRequests(t *testing.T) {
	s := newStage(t)
	s.Mail("carrier-reviewer", s.waiting.Request)
	s.Settled()
	s.since()
	for _, c := range s.refusals() {
		t.Run(c.name, func(t *testing.T) {
			who := s.In(t).Nobody()
			if c.who != "" {
				who = s.As(c.who)
			}
			a := who.Do(c.method, c.path, c.body)
			if changed := s.since(); len(changed) > 0 {
				t.Errorf("it changed %v", changed)
			}
			p := a.Problem()
			if a.Status != c.status || p.Status != c.status || p.Detail == "" || p.RequestID == "" || c.code != "" && p.Code != c.code {
				t.Fatalf("want %d %s: %s", c.status, c.code, a)
			}
			if !strings.Contains(fmt.Sprint(p.Detail, p.Errors), c.says) {
				t.Errorf("does not say %q: %s", c.says, a)
			}
			if p.Code == "wrong_status" || p.Code == "percent_not_higher" {
				now := s.gray
				if strings.Contains(c.path, s.waiting.ID) {
					now = s.waiting
				}
				equal(t, "status in the problem", p.ReleaseStatus, string(now.Status))
				var actions []string
				for _, action := range now.Actions {
					actions = append(actions, string(action))
				}
				equal(t, "actions in the problem", p.Actions, actions)
			}
		})
	}
	equal(t, "the release", s.admin.Read(s.gray.ID), s.gray)
}

// TestForeignTenant: to a stranger, what exists and what does not are the same, byte for byte but for the id.
func TestForeignTenant(t *testing.T) {
	s := newStage(t)
	stranger := s.As("partner-master")
	for _, c := range []struct{ method, path, exists, not string }{
		{"GET", "/v1/releases/ID", s.gray.ID, "rel_00000000000000000000"},
		{"GET", "/v1/releases/ID/events", s.gray.ID, "rel_00000000000000000000"},
		{"GET", "/v1/releases/ID/compatibility", s.gray.ID, "rel_00000000000000000000"},
		{"POST", "/v1/releases/ID/cancel", s.gray.ID, "rel_00000000000000000000"},
		{"POST", "/v1/releases/ID/withdraw", s.waiting.ID, "rel_00000000000000000000"},
		{"GET", "/v1/requests/ID", s.waiting.Request, "q00000000000000000000"},
		{"POST", "/v1/requests/ID/approve", s.waiting.Request, "q00000000000000000000"},
		{"POST", "/v1/requests/ID/withdraw", s.waiting.Request, "q00000000000000000000"},
		{"POST", "/v1/requests/ID/resend", s.waiting.Request, "q00000000000000000000"},
		{"GET", "/v1/mini-programs/ID", s.program, "mp_00000000000000000000"},
		{"GET", "/v1/mini-programs/ID/versions", s.program, "mp_00000000000000000000"},
		{"GET", "/v1/mini-programs/ID/versions/" + s.number, s.program, "mp_00000000000000000000"},
		{"POST", "/v1/mini-programs/ID/versions/" + s.number + "/submit", s.program, "mp_00000000000000000000"},
		{"GET", "/v1/explain/demo-wallet/production/ID", s.program, "mp_00000000000000000000"},
		{"GET", "/v1/workspaces/ID", "merchant", "nowhere0"},
		{"GET", "/v1/workspaces/ID/members", "merchant", "nowhere0"},
	} {
		ask := func(id string) string {
			a := stranger.Do(c.method, strings.Replace(c.path, "ID", id, 1), nil)
			if a.Status != 404 {
				t.Errorf("want 404: %s", a)
			}
			return strings.NewReplacer(id, "ID", a.Problem().RequestID, "REQUEST").Replace(string(a.Body))
		}
		equal(t, c.method+" "+c.path, ask(c.exists), ask(c.not))
	}
	list := story.Into[api.List[api.ReleaseView]](s.World, stranger.Must("GET", "/v1/releases?miniProgram="+s.program, nil, 200))
	equal(t, "listed to a stranger", len(list.Items), 0)
}

// TestDoubleAction: the same action twice is one action, and a repeated key gives the first answer again.
func TestDoubleAction(t *testing.T) {
	s := newStage(t)
	key := story.Header("Idempotency-Key", "raise-to-30")
	raise := func(percent int, options ...func(*http.Request)) story.Answer {
		return s.admin.Do("POST", "/v1/releases/"+s.gray.ID+"/grayscale", story.Percent(percent), options...)
	}
	first := raise(30, key)
	equal(t, "first", first.Status, 200)
	second := raise(30, key)
	equal(t, "again", second.Status, 200)
	equal(t, "body", string(second.Body), string(first.Body))
	equal(t, "replayed", second.Header.Get("Idempotency-Replayed"), "true")
	refused(t, raise(40, key), 422, "idempotency_key_reused")
	refused(t, raise(30), 409, "percent_not_higher")
	refused(t, raise(40, story.Header("Idempotency-Key", strings.Repeat("k", 256))), 400, "bad_idempotency_key")
	equal(t, "If-Match of another state", raise(40, story.Header("If-Match", `"1"`)).Status, 412)
	equal(t, "percent", s.admin.Read(s.gray.ID).Grayscale.Percent, 30)
	equal(t, "canceled", s.admin.Act(s.gray.ID, "cancel").Status, release.Canceled)
	refused(t, s.admin.Try(s.gray.ID, "cancel"), 409, "wrong_status")

	key = story.Header("Idempotency-Key", "create")
	create := func() story.Answer {
		body := map[string]string{"targetApp": "demo-wallet", "environment": "production"}
		return s.admin.Do("POST", "/v1/mini-programs/"+s.program+"/versions/"+s.uploaded+"/releases", body, key)
	}
	made, again := create(), create()
	equal(t, "create", made.Status, 202)
	equal(t, "create again", string(again.Body), string(made.Body))
}
