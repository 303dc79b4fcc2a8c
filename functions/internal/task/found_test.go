package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// stack plays CloudFormation: it asks, and takes the answer at an address that holds a secret.
type stack struct {
	t       *testing.T
	table   store.Table
	url     string
	answers []map[string]any
	busy    int // answers that it refuses first
}

const signature = "X-Amz-Signature=very-secret"

func newStack(t *testing.T) *stack {
	db, err := table.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	s := &stack{t: t, table: db}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL + "/?" + signature
	return s
}

func (s *stack) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if s.busy > 0 {
		s.busy--
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var a map[string]any
	if r.Method != http.MethodPut || r.Header.Get("Content-Type") != "" || len(body) > 4096 || json.Unmarshal(body, &a) != nil {
		s.t.Errorf("S3 refuses %s with %q: %s", r.Method, r.Header.Get("Content-Type"), body)
	}
	s.answers = append(s.answers, a)
}

// event is one of CloudFormation's; what it adds to the properties is ignored.
func (s *stack) event(kind, email string) json.RawMessage {
	e, _ := json.Marshal(map[string]any{
		"RequestType": kind, "ResponseURL": s.url, "StackId": "arn:stack", "RequestId": "req-" + kind + email, "LogicalResourceId": "Platform", "ResourceType": "Custom::Platform",
		"ResourceProperties": map[string]any{"ServiceToken": "arn:function", "ServiceTimeout": "180", "Email": email},
	})
	return e
}

func (s *stack) founding(over store.Table) task.Founding {
	pauses := 0
	return task.Founding{
		Table: over, Client: http.DefaultClient, Now: func() time.Time { return time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC) },
		Pause: func(context.Context) error {
			if pauses++; pauses > 3 {
				return errors.New("no more time")
			}
			return nil
		},
	}
}

// ask gives the status and reason of the one answer to an event.
func (s *stack) ask(ctx context.Context, over store.Table, kind, email string) string {
	s.t.Helper()
	s.answers = nil
	if err := task.Found(s.founding(over))(ctx, s.event(kind, email)); err != nil {
		s.t.Fatal(err)
	}
	if len(s.answers) != 1 {
		s.t.Fatalf("%s was answered %d times", kind, len(s.answers))
	}
	a := s.answers[0]
	if a["PhysicalResourceId"] != "platform" || a["StackId"] != "arn:stack" || a["RequestId"] != "req-"+kind+email || a["LogicalResourceId"] != "Platform" {
		s.t.Errorf("the answer is to something else: %v", a)
	}
	return a["Status"].(string) + " " + a["Reason"].(string)
}

// people are the members of the platform and how often its history says something.
func (s *stack) people() (string, int) {
	s.t.Helper()
	members, err := store.Members(s.t.Context(), s.table, catalog.PlatformWorkspace)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, m := range members {
		out = append(out, m.Email+" "+string(m.Role))
	}
	events, err := store.ReadSlice[store.Event](s.t.Context(), s.table, store.EventsOfWorkspace(catalog.PlatformWorkspace), "", 100, true)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Join(out, ", "), len(events.Items)
}

func TestFound(t *testing.T) {
	s := newStack(t)
	bind := func(email string) {
		if err := s.table.Transact(t.Context(), store.BindIdentity(email, store.Identity{Issuer: "i", Subject: "s"})); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		name, kind, email string
		says, people      string
		events            int
		before            func()
	}{
		{"nobody by a mistyped address", "Create", "ana", `FAILED FirstAdminEmail: is "ana"`, "", 0, nil},
		{"the first deployment", "Create", "Ana@x.test", "SUCCESS The platform's workspace was made for ana@x.test.", "ana@x.test admin", 1, nil},
		{"the same event again", "Create", "Ana@x.test", "SUCCESS The platform has its people", "ana@x.test admin", 1, nil},
		{"another address, before she came in", "Update", "anna@x.test", "SUCCESS anna@x.test took the place of ana@x.test", "anna@x.test admin", 2, nil},
		{"another address, after she did", "Update", "eve@x.test", "SUCCESS The platform has its people", "anna@x.test admin", 2, func() { bind("anna@x.test") }},
		{"what CloudFormation may invent", "Upsert", "eve@x.test", `FAILED The request is "Upsert"`, "anna@x.test admin", 2, nil},
		{"the stack is deleted", "Delete", "", "SUCCESS The platform's workspace stays", "anna@x.test admin", 2, nil},
	} {
		if step.before != nil {
			step.before()
		}
		said := s.ask(t.Context(), s.table, step.kind, step.email)
		people, events := s.people()
		if !strings.HasPrefix(said, step.says) || people != step.people || events != step.events {
			t.Errorf("%s: %q, then %s, %d events; want %q, then %s, %d", step.name, said, people, events, step.says, step.people, step.events)
		}
	}
	memberships, err := store.Memberships(t.Context(), s.table, "ana@x.test")
	if err != nil || len(memberships) != 0 {
		t.Errorf("whose place was taken still belongs to %v: %v", memberships, err)
	}
}

// trouble is a table in which reading goes wrong.
type trouble struct {
	store.Table
	get func() error
}

func (b trouble) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	if err := b.get(); err != nil {
		return nil, err
	}
	return b.Table.Get(ctx, keys...)
}

func TestFoundAnswersOnEveryPath(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	s := newStack(t)
	calls := 0
	for name, c := range map[string]struct {
		get  func() error
		says string
	}{
		"a role that does not count yet": {func() error {
			if calls++; calls < 3 {
				return errors.New("AccessDenied")
			}
			return nil
		}, "SUCCESS The platform's workspace was made"},
		"a role that never counts": {func() error { return errors.New("AccessDenied") }, "FAILED The table could not be written; the log"},
		"a panic":                  {func() error { panic("boom") }, "FAILED The table could not be written; the log"},
		"a table that hangs":       {func() error { select {} }, "FAILED The table could not be written in time"},
	} {
		// What is left of the function's time beyond what is kept for the answer.
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second+200*time.Millisecond)
		if said := s.ask(ctx, trouble{s.table, c.get}, "Create", "ana@x.test"); !strings.HasPrefix(said, c.says) {
			t.Errorf("%s: %s, want %s", name, said, c.says)
		}
		cancel()
	}
	if !strings.Contains(log.String(), "AccessDenied") || !strings.Contains(log.String(), "boom") {
		t.Error("the log does not say what went wrong")
	}

	s.busy, s.answers = 2, nil
	if err := task.Found(s.founding(s.table))(t.Context(), s.event("Delete", "")); err != nil || len(s.answers) != 1 {
		t.Errorf("an answer that is refused twice: %v, %d answers", err, len(s.answers))
	}
	for name, to := range map[string]string{"refused": s.url, "nobody there": "http://127.0.0.1:1/?" + signature} {
		s.busy, s.url = 3, to
		err := task.Found(s.founding(s.table))(t.Context(), s.event("Delete", ""))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want an error without the signed address", name, err)
		}
	}
	if err := task.Found(s.founding(s.table))(t.Context(), json.RawMessage(`{"RequestType": "Create"}`)); err == nil {
		t.Error("an event without an address is no error")
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("the log holds the signed address")
	}
}
