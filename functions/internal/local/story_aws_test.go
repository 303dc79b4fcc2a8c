package local_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// onAWS is a story's stack; a laptop has none of what calls the functions of this file.
func onAWS(t *testing.T, w *story.World) deployed {
	t.Helper()
	d, ok := w.Elsewhere().(deployed)
	if !ok {
		t.Skip("on moto only: CloudFormation, EventBridge or a year call this function; package task tests it without its permissions")
	}
	return d
}

func (d deployed) must(t *testing.T, function string, event any) {
	t.Helper()
	payload, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	if _, name, why := d.Invoke(function, payload); name != "" {
		t.Fatalf("%s: %s: %s", function, name, why)
	}
}

// TestFirstAdminOnAWS makes the platform as CloudFormation does, and mends a mistyped address as the runbook says.
func TestFirstAdminOnAWS(t *testing.T) {
	w := story.Start(t)
	d := onAWS(t, w)
	members, err := store.Members(t.Context(), d.table, catalog.PlatformWorkspace)
	if err != nil {
		t.Fatal(err)
	}
	writes := []store.Write{{Op: store.Delete, Key: store.WorkspaceKey(catalog.PlatformWorkspace), IfRev: store.Any}} // the demo has one
	for _, m := range members {
		writes = append(writes, store.RemoveMember(m, store.Any)...)
	}
	if err := d.table.Transact(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
	told := make(chan string, 1)
	formation := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is missing shows below
		told <- string(body)
	}))
	defer formation.Close()
	for i, c := range []struct{ request, email, says string }{
		{"Create", "mistyped@example.com", "was made for mistyped@example.com"},
		{"Update", "ana@example.com", "ana@example.com took the place of mistyped@example.com"},
	} {
		d.must(t, "TasksFound", map[string]any{
			"RequestType": c.request, "ResponseURL": formation.URL, "RequestId": fmt.Sprint("r", i), "StackId": "s", "LogicalResourceId": "Platform",
			"ResourceProperties": map[string]string{"Email": c.email},
		})
		if answer := <-told; !strings.Contains(answer, `"SUCCESS"`) || !strings.Contains(answer, c.says) {
			t.Fatalf("%s: %s", c.request, answer)
		}
	}
	members, err = store.Members(t.Context(), d.table, catalog.PlatformWorkspace)
	if err != nil || len(members) != 1 || members[0].Email != "ana@example.com" {
		t.Errorf("members %+v, %v", members, err)
	}
}

// TestBounceOnAWS reports a mail as EventBridge does.
func TestBounceOnAWS(t *testing.T) {
	w := story.Start(t)
	d := onAWS(t, w)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := admin.Act(admin.Release(program, admin.Upload(program, w.Number()), "demo-wallet", "production").ID, "apply")
	mail := w.Mail("wallet-reviewer", r.Request)
	w.Until("the mail recorded", func() bool { return len(w.As("wallet-admin").Request(r.Request).Mails) > 0 })
	d.must(t, "TasksBounce", map[string]any{
		"source": "aws.ses", "detail-type": "Email Bounced",
		"detail": map[string]any{
			"mail": map[string]any{"tags": map[string][]string{"reference": {mail.Reference}}},
			"bounce": map[string]any{
				"bounceType": "Permanent", "timestamp": time.Now().UTC(),
				"bouncedRecipients": []map[string]string{{"emailAddress": mail.To, "diagnosticCode": "smtp; 550 5.1.1 no such mailbox"}},
			},
		},
	})
	if gone := w.As("wallet-admin").Request(r.Request).Undeliverable; len(gone) != 1 || gone[0].Email != mail.To {
		t.Errorf("undeliverable: %+v", gone)
	}
}

// TestHandOverOnAWS calls the task of the 300th day early: the release goes on in its next execution.
func TestHandOverOnAWS(t *testing.T) {
	w := story.Start(t)
	d := onAWS(t, w)
	admin := w.As("merchant-admin")
	r := prepared(w, admin.Program("merchant", "h5"))
	before, _, err := store.Release(t.Context(), d.table, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	d.must(t, "TasksHandOver", map[string]any{"release": r.ID, "execution": before.Execution, "now": time.Now().UTC()})
	w.Until("the next execution waits", func() bool {
		now, _, err := store.Release(t.Context(), d.table, r.ID)
		return err == nil && now.Execution == before.Execution+1 && now.Token != ""
	})
	admin.Act(r.ID, "full")
	admin.Reaches(r.ID, release.FullRelease)
}
