package asl_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/asl"
)

var epoch = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

// functions are the functions of a test, by name.
type functions map[string]func(ctx context.Context, payload map[string]any) (any, error)

func (f functions) Invoke(ctx context.Context, function string, payload []byte) ([]byte, error) {
	fn, ok := f[function]
	if !ok {
		return nil, &asl.TaskError{Name: "Lambda.ResourceNotFoundException", Cause: function}
	}
	var p map[string]any
	if err := json.Unmarshal(payload, &p); err != nil {
		return nil, err
	}
	out, err := fn(ctx, p)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// world is an engine on virtual time.
type world struct {
	*asl.Engine
	t     testing.TB
	clock *asl.VirtualClock
}

func mustParse(t testing.TB, def string) *asl.Machine {
	t.Helper()
	m, err := asl.Parse([]byte(def))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return m
}

func newWorld(t testing.TB, def string, f functions) *world {
	t.Helper()
	return newWorldOn(t, def, f, &asl.MemoryJournal{}, asl.NewVirtualClock(epoch))
}

func newWorldOn(t testing.TB, def string, f asl.Invoker, j asl.Journal, c *asl.VirtualClock) *world {
	t.Helper()
	e, err := asl.New(options(mustParse(t, def), f, j, c))
	if err != nil {
		t.Fatalf("new: %v", err)
	}
	return &world{e, t, c}
}

func options(m *asl.Machine, f asl.Invoker, j asl.Journal, c asl.Clock) asl.Options {
	return asl.Options{
		Machines: map[string]*asl.Machine{"m": m}, Invoker: f, Journal: j, Clock: c,
		Rand: rand.NewChaCha8([32]byte{7}),
	}
}

// run starts an execution and lets an hour pass.
func (w *world) run(input string) asl.Description {
	w.t.Helper()
	if err := w.Start(context.Background(), "m", "x", []byte(input)); err != nil {
		w.t.Fatalf("start: %v", err)
	}
	return w.pass(time.Hour)
}

func (w *world) pass(d time.Duration) asl.Description {
	w.t.Helper()
	if err := w.RunFor(context.Background(), w.clock, d); err != nil {
		w.t.Fatalf("run: %v", err)
	}
	return w.describe()
}

func (w *world) describe() asl.Description {
	w.t.Helper()
	d, err := w.Describe(context.Background(), "m", "x")
	if err != nil {
		w.t.Fatalf("describe: %v", err)
	}
	return d
}

func (w *world) history() []asl.Event {
	w.t.Helper()
	h, err := w.History(context.Background(), "m", "x")
	if err != nil {
		w.t.Fatalf("history: %v", err)
	}
	for i, e := range h {
		if e.ID != i+1 || e.Previous >= e.ID {
			w.t.Fatalf("event %d has id %d and previous %d", i+1, e.ID, e.Previous)
		}
	}
	return h
}

// types lists the types of the events, joined by spaces.
func types(events []asl.Event) string {
	var out []string
	for _, e := range events {
		out = append(out, e.Type)
	}
	return strings.Join(out, " ")
}

// outcome is how an execution ended, in one line: its output, or STATUS error: cause.
func outcome(d asl.Description) string {
	if d.Status == asl.StatusSucceeded {
		return string(d.Output)
	}
	return strings.TrimSuffix(d.Status+" "+d.Error+": "+d.Cause, ": ")
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// one wraps a single state "S" (and what follows it) into a machine.
func one(state string, more ...string) string {
	return `{"StartAt":"S","States":{"S":` + strings.Join(append([]string{state}, more...), ",") + `}}`
}

const (
	invoke   = `"Type":"Task","Resource":"arn:aws:states:::lambda:invoke"`
	callback = `"Type":"Task","Resource":"arn:aws:states:::lambda:invoke.waitForTaskToken"`
)
