package local_test

import (
	"context"
	"sync/atomic"
	"testing"

	"slipway/functions/internal/local"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// instant is a table that lets a test look around just before a change of placements is committed, and when it is and
// its maker does not know yet.
type instant struct {
	store.Table
	look atomic.Pointer[func()]
}

// Transact implements store.Table.
func (t *instant) Transact(ctx context.Context, writes ...store.Write) error {
	look := t.look.Load()
	if look == nil || !store.ChangesPlacements(writes) {
		return t.Table.Transact(ctx, writes...)
	}
	(*look)()
	defer (*look)()
	return t.Table.Transact(ctx, writes...)
}

// TestWhoSeesAChangeIsServedByIt asks resolve at the very commits, when releases already show their new status: a
// moment earlier it has answered from memory what was before.
func TestWhoSeesAChangeIsServedByIt(t *testing.T) {
	table := &instant{}
	w := story.Start(t, func(o *local.Options) {
		o.Table = func(kept store.Table) store.Table { table.Table = kept; return table }
	})
	program := live(w)
	target := rollout.Target{TargetApp: "demo-wallet", Environment: "production"}
	served := func() string { return w.Served(target.TargetApp, target.Environment, program, "ann") }
	looks := 0
	look := func() {
		p, _, err := store.Placement(t.Context(), table.Table, target, program)
		if err != nil {
			t.Error(err)
		}
		want := "REMOVED"
		if got, reason := rollout.Decide(&p, "ann"); got != nil {
			want = got.Version + " " + string(reason)
		}
		if got := served(); got != want {
			t.Errorf("look %d: committed is %q, and resolve says %q", looks, want, got)
		}
		looks++
	}
	equal(t, "in memory", served(), "1.0.0 FULL")
	table.look.Store(&look)
	admin := w.As("merchant-admin")
	reaches(w, program, admin.Upload(program, "2.0.0"), "demo-wallet", "production", "full_release")
	equal(t, "in memory", served(), "2.0.0 FULL")
	grants(w, asks(w, program, "It asks for card numbers.", "demo-wallet"))
	equal(t, "in memory", served(), "REMOVED")
	w.Idle()
	table.look.Store(nil)
	if looks < 6 {
		t.Errorf("looked %d times", looks)
	}
}
