package journal_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"slipway/functions/internal/asl"
	"slipway/functions/internal/asl/journal"
)

func open(t testing.TB, path string) (*bbolt.DB, *journal.Journal) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	j, err := journal.Open(db, "asl.")
	if err != nil {
		t.Fatal(err)
	}
	return db, j
}

func texts(list [][]byte) []string {
	var out []string
	for _, b := range list {
		out = append(out, string(b))
	}
	return out
}

// Both journals must keep the same contract.
func TestContract(t *testing.T) {
	_, kept := open(t, filepath.Join(t.TempDir(), "db"))
	for name, j := range map[string]asl.Journal{"memory": &asl.MemoryJournal{}, "bbolt": kept} {
		t.Run(name, func(t *testing.T) {
			for _, c := range []asl.Change{
				{Execution: "m/b", Record: []byte("b1"), Running: true, First: 1, Events: [][]byte{[]byte("e1"), []byte("e2")}, Hash: "h", Definition: []byte("def")},
				{Execution: "m/a", Record: []byte("a1"), Running: true, First: 1, Events: [][]byte{[]byte("x1")}},
				{Execution: "m/b", Record: []byte("b2"), Running: true, First: 3},
				{Execution: "m/b", Record: []byte("b3"), Running: true, First: 3, Events: [][]byte{[]byte("e3")}},
				{Execution: "m/c", Record: []byte("c1"), Running: true, First: 1, Events: [][]byte{[]byte("y1")}},
				{Execution: "m/c", Record: []byte("c2"), Running: false, First: 2, Events: [][]byte{[]byte("y2")}},
				{Execution: "m/bb", Record: []byte("bb"), Running: false, First: 1, Events: [][]byte{[]byte("z1")}},
			} {
				if err := j.Commit(c); err != nil {
					t.Fatal(err)
				}
			}
			var running []string
			if err := j.Running(func(id string, r []byte) error { running = append(running, id+"="+string(r)); return nil }); err != nil {
				t.Fatal(err)
			}
			b, _ := j.Record("m/b")
			none, _ := j.Record("m/no")
			def, _ := j.Definition("h")
			noDef, _ := j.Definition("i")
			events, _ := j.Events("m/b")
			noEvents, _ := j.Events("m")
			got := []any{running, string(b), none == nil, string(def), noDef == nil, texts(events), len(noEvents)}
			want := []any{[]string{"m/a=a1", "m/b=b3"}, "b3", true, "def", true, []string{"e1", "e2", "e3"}, 0}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if err := j.Running(func(string, []byte) error { return context.Canceled }); err != context.Canceled {
				t.Errorf("Running gives %v, want the callback's error", err)
			}
		})
	}
}

const twoSteps = `{"StartAt":"Ask","States":{
 "Ask":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken","Parameters":{"FunctionName":"f","Payload":{"t.$":"$$.Task.Token"}},"TimeoutSeconds":60,"Next":"Done"},
 "Done":{"Type":"Pass","End":true}}}`

// holder keeps the token that it is handed.
type holder struct{ token string }

func (h *holder) Invoke(_ context.Context, _ string, payload []byte) ([]byte, error) {
	var p struct{ T string }
	err := json.Unmarshal(payload, &p)
	h.token = p.T
	return []byte("null"), err
}

func engine(t testing.TB, def string, f asl.Invoker, j asl.Journal) *asl.Engine {
	t.Helper()
	m, err := asl.Parse([]byte(def))
	if err != nil {
		t.Fatal(err)
	}
	e, err := asl.New(asl.Options{Machines: map[string]*asl.Machine{"m": m}, Invoker: f, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// The process dies while a task is parked; the next one, on the same file, takes the answer.
func TestReopenedFile(t *testing.T) {
	ctx, path, h := context.Background(), filepath.Join(t.TempDir(), "db"), &holder{}
	db, j := open(t, path)
	e := engine(t, twoSteps, h, j)
	if err := e.Start(ctx, "m", "x", []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if err := e.RunUntilIdle(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := e.Succeed(ctx, h.token, []byte(`1`)); err == nil {
		t.Error("an answer that cannot be kept was accepted")
	}
	_, j = open(t, path)
	e = engine(t, twoSteps, h, j)
	if err := e.Succeed(ctx, h.token, []byte(`{"answer":2}`)); err != nil {
		t.Fatal(err)
	}
	d, err := e.Describe(ctx, "m", "x")
	if err != nil || string(d.Output) != `{"answer":2}` {
		t.Errorf("got %s, %v", d.Output, err)
	}
	events, err := e.History(ctx, "m", "x")
	if err != nil || len(events) != 10 {
		t.Errorf("got %d events, %v", len(events), err)
	}
}

// Concurrent changes all arrive, whoever shares a transaction with whom.
func TestConcurrentCommits(t *testing.T) {
	db, j := open(t, filepath.Join(t.TempDir(), "db"))
	db.NoSync = true
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			for n := range 20 {
				c := asl.Change{Execution: fmt.Sprintf("m/%02d", i), Record: fmt.Append(nil, n), Running: true, First: n + 1, Events: [][]byte{fmt.Append(nil, n)}}
				if err := j.Commit(c); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	n := 0
	err := j.Running(func(_ string, r []byte) error {
		if n++; string(r) != "19" {
			t.Errorf("record %s, want 19", r)
		}
		return nil
	})
	if err != nil || n != 20 {
		t.Errorf("%d running, %v", n, err)
	}
	for i := range 20 {
		if e, err := j.Events(fmt.Sprintf("m/%02d", i)); err != nil || len(e) != 20 || string(e[19]) != "19" {
			t.Errorf("events of %d: %v, %v", i, texts(e), err)
		}
	}
}
