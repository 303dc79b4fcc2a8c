package task_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// starts is a workflow that only starts, and remembers what; names with "down" in them cannot be started.
type starts struct {
	release.Workflow
	names []string
}

func (s *starts) Start(_ context.Context, _, name string, _ []byte) error {
	s.names = append(s.names, name)
	if strings.Contains(name, "down") {
		return fault.New(fault.Unavailable, "", "down")
	}
	return nil
}

// outbox is a table with notices in it, by the names of the executions to start.
func outbox(t *testing.T, names ...string) (store.Table, *starts, task.Courier) {
	t.Helper()
	db, err := table.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	for _, n := range names {
		notice := store.Notice{ID: "start-" + n, Kind: store.NoticeStart, Start: &store.StartNotice{Machine: "release", Name: n, Input: json.RawMessage(`{}`)}}
		if err := db.Transact(t.Context(), store.NoticeWrite(notice)); err != nil {
			t.Fatal(err)
		}
	}
	w := &starts{}
	return db, w, task.Courier{Table: db, Workflow: w, Links: approval.Links{}}
}

func left(t *testing.T, db store.Table) []store.Notice {
	t.Helper()
	outbox, err := store.Outbox(t.Context(), db, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	return outbox.Notices
}

// What EventBridge and the stream of the table send; of a stream there are only keys.
const (
	schedule = `{"version":"0","id":"53dc4d37","detail-type":"Scheduled Event","source":"aws.events","time":"2026-11-20T15:00:00Z","detail":{}}`
	changes  = `{"Records":[
		{"eventID":"1","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"ApproximateCreationDateTime":1795186800,"Keys":{"pk":{"S":"OUTBOX"},"sk":{"S":"start-a"}},"StreamViewType":"KEYS_ONLY"}},
		{"eventID":"2","eventName":"INSERT","eventSource":"aws:dynamodb","dynamodb":{"ApproximateCreationDateTime":1795186799,"Keys":{"pk":{"S":"OUTBOX"},"sk":{"S":"start-b"}},"StreamViewType":"KEYS_ONLY"}}]}`
)

func TestDeliverIsWokenByBoth(t *testing.T) {
	for name, event := range map[string]string{"schedule": schedule, "stream": changes} {
		t.Run(name, func(t *testing.T) {
			db, w, courier := outbox(t, "a", "b-down", "c")
			if err := task.Deliver(courier)(t.Context(), json.RawMessage(event)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(w.names, " "); got != "a b-down c" {
				t.Errorf("started %q: each once, and one that fails must not hold up the others", got)
			}
			rest := left(t, db)
			if len(rest) != 1 || rest[0].Start.Name != "b-down" {
				t.Fatalf("left in the outbox: %+v", rest)
			}
			at := time.Date(2026, 11, 20, 15, 0, 0, 0, time.UTC)
			if wait := rest[0].NotUntil.Sub(at); wait <= 0 || wait > time.Minute {
				t.Errorf("tried again after %s; the time must be that of the event, its latest record's", rest[0].NotUntil)
			}
		})
	}
}

func TestDeliverGoesOnUntilNothingIsLeft(t *testing.T) {
	var names []string
	for i := range 230 {
		names = append(names, fmt.Sprintf("n%03d", i))
	}
	db, w, courier := outbox(t, names...)
	if err := task.Deliver(courier)(t.Context(), json.RawMessage(schedule)); err != nil {
		t.Fatal(err)
	}
	if n := len(left(t, db)); n != 0 || len(w.names) != len(names) {
		t.Errorf("%d started and %d left; want %d and 0", len(w.names), n, len(names))
	}
}

// TestDeliverSaysHowLongSomethingWaits: since it was first tried, however often it was postponed. An alarm reads it.
func TestDeliverSaysHowLongSomethingWaits(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	_, _, courier := outbox(t, "a", "b-down")
	for _, step := range [][2]string{{"15:00", "delivered=1 oldest=0"}, {"15:20", "delivered=0 oldest=1200"}, {"15:40", "delivered=0 oldest=2400"}} {
		log.Reset()
		if err := task.Deliver(courier)(t.Context(), json.RawMessage(strings.Replace(schedule, "15:00", step[0], 1))); err != nil {
			t.Fatal(err)
		}
		if said := strings.TrimSpace(log.String()); !strings.HasSuffix(said, step[1]) {
			t.Errorf("at %s: %s, want %s", step[0], said, step[1])
		}
	}
}

func TestDeliverRefusesWhatTellsNoTime(t *testing.T) {
	db, w, courier := outbox(t, "a")
	for _, event := range []string{`{}`, `{"Records":[{}]}`, `[]`, `not JSON`} {
		if err := task.Deliver(courier)(t.Context(), json.RawMessage(event)); err == nil {
			t.Errorf("%s was taken", event)
		}
	}
	if len(w.names) != 0 || len(left(t, db)) != 1 {
		t.Error("something was delivered at no time")
	}
}
