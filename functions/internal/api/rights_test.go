package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// TestTokensEndWithTheirMaker: who leaves, or is no admin any more, does not act on through a CI token they know.
func TestTokensEndWithTheirMaker(t *testing.T) {
	for name, end := range map[string]func(*world){
		"left": func(w *world) {
			w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/maker@x.test", "", 204, "")
		},
		"no admin any more": func(w *world) {
			w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/maker@x.test", `{"role": "developer"}`, 200, "")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/maker@x.test", `{"role": "admin"}`, 201, "")
			id := w.do("maker@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["upload_version"]}`, 201, "")["id"].(string)
			me := ask{method: "GET", path: "/v1/me", token: id, workspace: "merchant"}
			want(t, w.handlers["workspaces/read"], me, 200, "")
			end(w)
			want(t, w.handlers["workspaces/read"], me, 401, "token_ended")
		})
	}
}

// TestRemovalNotesAreTheirOwn: the merchant reads every super app's reason, a super app only its own.
func TestRemovalNotesAreTheirOwn(t *testing.T) {
	w := newWorld(t)
	id := w.program("madmin@x.test", "merchant", "Coffee Now")
	m, rev, err := store.MiniProgram(t.Context(), w.table, id)
	if err != nil {
		t.Fatal(err)
	}
	m.Removals = []catalog.RemovalNote{{Request: "q1", Workspace: "wallet", Reason: "Ours."}, {Request: "q2", Workspace: "other", Reason: "Theirs."}}
	if err := w.table.Transact(t.Context(), append(store.ShowMiniProgram(m, "wallet"), store.SaveMiniProgram(m, rev))...); err != nil {
		t.Fatal(err)
	}
	for email, want := range map[string]string{"madmin@x.test": "q1 q2", "wrev@x.test": "q1"} {
		one := w.do(email, "GET", "/v1/mini-programs/"+id, "", 200, "")
		listed := w.do(email, "GET", "/v1/mini-programs", "", 200, "")["items"].([]any)
		for _, view := range append(listed, one) {
			if got := names(map[string]any{"items": view.(map[string]any)["removals"]}, "request"); got != want {
				t.Errorf("%s reads the notes of %q, want %q", email, got, want)
			}
		}
	}
}

// TestLinksAnswerPages: who comes by browser is told in HTML, also when the request itself is refused.
func TestLinksAnswerPages(t *testing.T) {
	good := newTable(t)
	token := strings.Repeat("a", 43-len("token"))
	for name, c := range map[string]struct {
		ask    ask
		status int
		table  store.Table
	}{
		"large":           {ask{method: "POST", body: strings.Repeat("x", 1<<20+1)}, 413, good},
		"bad base64":      {ask{method: "POST", body: "%", base64: true}, 400, good},
		"passed on":       {ask{method: "GET", path: "?x=1&x=%"}, 404, good}, // as unknown as it was
		"bad key":         {ask{method: "POST", headers: map[string]string{"Idempotency-Key": "a b"}}, 400, good},
		"unknown link":    {ask{method: "GET"}, 404, good},
		"unplausible one": {ask{method: "GET", path: strings.Repeat("a", 300)}, 404, good},
		"table away":      {ask{method: "GET", path: token}, 503, &cut{Table: good, err: fault.New(fault.Unavailable, "table_unavailable", "The table is away.")}},
		"a bug":           {ask{method: "POST", path: token}, 500, broken{good}},
	} {
		c.ask.path = "/approvals/token" + c.ask.path
		res, _ := send(t, api.ApprovalLink(c.table, nil, nil, approval.Links{}), c.ask)
		if res.StatusCode != c.status || !strings.HasPrefix(res.Headers["Content-Type"], "text/html") || !strings.Contains(res.Headers["Content-Security-Policy"], "default-src 'none'") {
			t.Errorf("%s: %d %v, want a page with %d", name, res.StatusCode, res.Headers, c.status)
		}
	}
}

// TestComplaintsInOrder: whoever goes through what is wrong goes down the page once.
func TestComplaintsInOrder(t *testing.T) {
	for decision, want := range map[string]string{"": "decision confirm", "reject": "reason confirm", "approve": "confirm"} {
		var got []string
		for _, wrong := range api.CheckDecision(decision, "1.0", "1.0.0", "") {
			got = append(got, wrong.Field)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %v, want %s", decision, got, want)
		}
	}
}

// TestMethods: a path that is known says what it takes.
func TestMethods(t *testing.T) {
	for path, allow := range map[string]string{
		"/v1/releases/rel_1": "GET", "/v1/workspaces/w/members/a@x.test": "PUT, DELETE", "/approvals/abc": "GET, POST", "/v1/releases/rel_1/nothing": "", "/v1/releases/": "", "/": "",
	} {
		res := api.Refuse(api.NoRoute("TRACE", path), "r")
		if status := map[bool]int{true: 405, false: 404}[allow != ""]; res.StatusCode != status || res.Headers["Allow"] != allow {
			t.Errorf("%s: %d, Allow %q; want %d, %q", path, res.StatusCode, res.Headers["Allow"], status, allow)
		}
		if allow != "" && !strings.Contains(res.Body, allow) {
			t.Errorf("%s does not say what is possible: %s", path, res.Body)
		}
	}
}

// TestIdempotencyKeyAfterACrash: a first attempt is dead when its function must have ended, and the next takes over.
func TestIdempotencyKeyAfterACrash(t *testing.T) {
	table, runs := newTable(t), 0
	h := api.Serve(table, api.Operations{"resetRelease": func(context.Context, *api.Call) (api.Answer, error) {
		runs++
		return api.Answer{Body: map[string]int{"runs": runs}}, nil
	}})
	crashed := api.Serve(lost{table}, api.Operations{"resetRelease": func(context.Context, *api.Call) (api.Answer, error) {
		return api.Answer{}, nil
	}})
	ctx, cancel := context.WithDeadline(t.Context(), noon.AddDate(100, 0, 0))
	defer cancel()
	if _, err := crashed(ctx, resetAsk(noon).event(t)); err != nil {
		t.Fatal(err)
	}
	want(t, h, resetAsk(noon.Add(29*time.Second)), 409, "idempotency_in_progress")
	if body := want(t, h, resetAsk(noon.Add(30*time.Second)), 200, ""); fmt.Sprint(body["runs"]) != "1" {
		t.Errorf("after the crash: %v", body)
	}
}

// lost keeps the beginning of an attempt, and nothing that follows, as a function does that crashes.
type lost struct{ store.Table }

func (l lost) Transact(ctx context.Context, writes ...store.Write) error {
	if writes[0].IfRev != store.Absent {
		return errTokenUsed
	}
	return l.Table.Transact(ctx, writes...)
}
