package api_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// machine is a workflow of which a test says what becomes of an answer to its token.
type machine struct {
	release.Workflow
	succeed func(output []byte) error
}

func (m machine) Succeed(_ context.Context, _ string, output []byte) error { return m.succeed(output) }

var errTokenUsed = fault.New(fault.Conflict, "token_used", "The token was answered before.")

// waiting is a world with a release of mp_1 that waits in its rollout, and a request that waits for the wallet.
func waiting(t *testing.T) *world {
	w := newWorld(t)
	app := catalog.TargetApp{ID: "app", Workspace: "wallet", Name: "App", Environments: []catalog.Environment{catalog.Production}}
	r := release.Release{
		ID: "rel_1", MiniProgram: "mp_1", Workspace: "merchant", Type: "h5", Version: "1.0.0", TargetApp: "app", Environment: catalog.Production,
		Status: release.ReleasePreparation, Build: release.Built, CreatedAt: noon, Execution: 1, Token: "t1", LastCommand: "before",
	}
	q := approval.Request{
		ID: "q1", Category: approval.Release, MiniProgram: "mp_1", Workspace: "merchant", Version: "1.0.0", CreatedAt: noon, Status: approval.Pending,
		ExpiresAt: noon.AddDate(0, 0, 7), SubmittedBy: catalog.Person{Email: "madmin@x.test"}, Parties: []approval.Party{{ID: "app", Workspace: "wallet", Name: "Wallet", Decision: approval.Pending}},
	}
	writes := append(store.CreateTargetApp(app), store.CreateRelease(r)...)
	writes = append(writes, store.CreateMiniProgram(catalog.MiniProgram{ID: "mp_1", Workspace: "merchant", WorkspaceKind: catalog.Merchant, Type: catalog.H5, CreatedAt: noon})...)
	writes = append(writes, store.CreateRequest(store.RequestRecord{Request: q, Tokens: map[string]string{"app": "t2"}})...)
	if err := w.table.Transact(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
	return w
}

// carries does with the release what its machine does with a command; then others' commands follow.
func (w *world) carries(id string, happened bool, others ...string) {
	w.t.Helper()
	s, err := store.LoadScene(w.t.Context(), w.table, "rel_1")
	if err != nil {
		w.t.Fatal(err)
	}
	r := s.Release
	r.LastCommand, r.Token = id, "t9"
	for _, other := range others {
		r.LastCommand = other
	}
	writes := []store.Write{s.SaveRelease(r)}
	if happened {
		writes = append(writes, store.EventWrites(store.Event{ID: id, At: noon, Action: "full", MiniProgram: "mp_1", Release: "rel_1"})...)
	}
	if err := w.table.Transact(w.t.Context(), writes...); err != nil {
		w.t.Fatal(err)
	}
}

// TestLostAnswersOfActions: the word that a token was taken can get lost, and what was carried out can be followed by
// something else at once. A caller is told what became of their own action all the same.
func TestLostAnswersOfActions(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(w *world, id string) error
		status  int
		code    string
	}{
		"taken":                         {func(w *world, id string) error { w.carries(id, true); return nil }, 200, ""},
		"taken, the answer lost":        {func(w *world, id string) error { w.carries(id, true); return errTokenUsed }, 200, ""},
		"then another":                  {func(w *world, id string) error { w.carries(id, true, "other"); return nil }, 200, ""},
		"lost, then another":            {func(w *world, id string) error { w.carries(id, true, "other"); return errTokenUsed }, 200, ""},
		"another was faster":            {func(w *world, id string) error { w.carries("other", true); return errTokenUsed }, 409, "overtaken"},
		"another came in between":       {func(w *world, id string) error { w.carries("other", true); return nil }, 409, "overtaken"},
		"the machine cannot be reached": {func(*world, string) error { return fault.New(fault.Unavailable, "", "down") }, 503, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := waiting(t)
			h := api.FullRelease(w.table, machine{succeed: func(output []byte) error {
				var cmd release.Command
				if err := json.Unmarshal(output, &cmd); err != nil {
					t.Fatal(err)
				}
				return c.happens(w, cmd.ID)
			}})
			want(t, h, ask{method: "POST", path: "/v1/releases/rel_1/full", email: "madmin@x.test"}, c.status, c.code)
		})
	}
}

// ends does with the request what its machine does with a decision.
func (w *world) ends(id string, status approval.Status) {
	w.t.Helper()
	q, rev, err := store.MustRequest(w.t.Context(), w.table, "q1")
	if err != nil {
		w.t.Fatal(err)
	}
	if status == approval.Withdrawn {
		q.End(status, "", noon)
	} else if _, err := q.Decide("app", status, catalog.Person{Email: "wrev@x.test"}, "No.", noon); err != nil {
		w.t.Fatal(err)
	}
	event := store.Event{ID: id, At: noon, Action: "decided", MiniProgram: "mp_1", Request: "q1"}
	if err := w.table.Transact(w.t.Context(), append(store.EndRequest(q, rev), store.EventWrites(event)...)...); err != nil {
		w.t.Fatal(err)
	}
}

// TestLostAnswersOfDecisions: the same for reviewers and for those who withdraw.
func TestLostAnswersOfDecisions(t *testing.T) {
	for name, c := range map[string]struct {
		path, email string
		happens     func(w *world, id string)
		status      int
		code        string
	}{
		"approved, the answer lost":   {"approve", "wrev@x.test", func(w *world, id string) { w.ends(id, approval.Approved) }, 200, ""},
		"a colleague was faster":      {"approve", "wrev@x.test", func(w *world, id string) { w.ends("other", approval.Rejected) }, 409, "request_rejected"},
		"withdrawn, the answer lost":  {"withdraw", "madmin@x.test", func(w *world, id string) { w.ends(id, approval.Withdrawn) }, 200, ""},
		"decided before a withdrawal": {"withdraw", "madmin@x.test", func(w *world, id string) { w.ends("other", approval.Approved) }, 409, "request_approved"},
	} {
		t.Run(name, func(t *testing.T) {
			w := waiting(t)
			m := machine{succeed: func(output []byte) error {
				var d review.Decision
				if err := json.Unmarshal(output, &d); err != nil {
					t.Fatal(err)
				}
				c.happens(w, d.ID)
				return errTokenUsed
			}}
			h := map[string]api.Handler{"approve": api.ApproveRequest(w.table, m), "withdraw": api.WithdrawRequest(w.table, m)}[c.path]
			want(t, h, ask{method: "POST", path: "/v1/requests/q1/" + c.path, email: c.email}, c.status, c.code)
		})
	}
}

// withoutReleases is a table of which the releases are out of reach.
type withoutReleases struct{ store.Table }

func (t withoutReleases) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	for _, k := range keys {
		if strings.HasPrefix(k.PK, "R#") {
			return nil, fault.New(fault.Unavailable, "table_unavailable", "The table is away.")
		}
	}
	return t.Table.Get(ctx, keys...)
}

// TestWithdrawingIsRefusedForAReason: a table that cannot be read is not the caller's lack of a right.
func TestWithdrawingIsRefusedForAReason(t *testing.T) {
	w := waiting(t)
	asked := ask{method: "POST", path: "/v1/requests/q1/withdraw", email: "wrev@x.test"}
	want(t, api.WithdrawRequest(w.table, nil), asked, 403, "forbidden")
	want(t, api.WithdrawRequest(withoutReleases{w.table}, nil), asked, 503, "table_unavailable")
}

// TestActionsAreTheReaders: buttons are drawn from them, so only who can act is shown any.
func TestActionsAreTheReaders(t *testing.T) {
	w := waiting(t)
	w.handlers["releases/read"] = api.ReadReleases(w.table, w.packages)
	for email, acts := range map[string]bool{"madmin@x.test": true, "wrev@x.test": false} {
		one := w.do(email, "GET", "/v1/releases/rel_1", "", 200, "")
		listed := w.do(email, "GET", "/v1/releases?targetApp=app", "", 200, "")["items"].([]any)
		for _, r := range append(listed, one) {
			if got := len(r.(map[string]any)["actions"].([]any)) > 0; got != acts {
				t.Errorf("%s is shown actions: %t, want %t", email, got, acts)
			}
		}
		if len(listed) != 1 {
			t.Errorf("%s sees %d releases", email, len(listed))
		}
	}
}
