package rollout_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slipway/functions/internal/rollout"
)

// fates is the rule of withdrawal written plainly: what became of every version that was ever served, without bound.
type fates struct {
	bad        map[string]bool
	superseded []string // good ones, oldest first
	served     map[string]bool
	withdrawn  int // how often one was
	removals   int
}

func (f *fates) serve(v string) {
	f.served[v] = true
	delete(f.bad, v)
	f.superseded = slices.DeleteFunc(f.superseded, func(w string) bool { return w == v })
}

func (f *fates) withdraw(v string) {
	if v != "" && f.served[v] {
		delete(f.served, v)
		f.bad[v] = true
		f.withdrawn++
	}
}

func (f *fates) supersede(v string) {
	if v != "" && f.served[v] {
		delete(f.served, v)
		f.superseded = append(f.superseded, v)
	}
}

func (f *fates) remove() {
	for v := range f.served {
		f.withdraw(v)
	}
	for _, v := range f.superseded {
		f.bad[v] = true
	}
	f.superseded = nil
	f.removals++
}

// life plays the life of a mini program on a target, on the placement and on the plain rule alike.
type life struct {
	p    rollout.Placement
	f    fates
	next int
}

func (l *life) version(n int) rollout.Served {
	return rollout.Served{Release: fmt.Sprint("rel", n), Version: fmt.Sprintf("%d.%d", 1+n/10, n%10)}
}

func (l *life) step(t *rapid.T) {
	full, gray := l.p.Full, l.p.Grayscale.Served
	v := l.version(l.next)
	if l.next > 0 && rapid.IntRange(0, 9).Draw(t, "older") == 0 { // one that was made earlier and never went live
		v = rollout.Served{Release: fmt.Sprint("late", l.next), Version: fmt.Sprintf("%d.%d.%d", 1+l.next/20, l.next%10, l.next)}
	}
	l.next++
	switch rapid.SampledFrom([]string{"open", "full", "full", "gray", "gray", "raise", "reset and again", "promote", "cancel", "cancel", "pilot", "end pilot", "offline", "remove"}).Draw(t, "step") {
	case "open":
		l.p = l.p.WithOpen(v.Release, true)
	case "full":
		l.p = l.p.Without(gray.Release, gray.Version).WithFull(v)
		l.f.withdraw(gray.Version)
		l.f.supersede(full.Version)
		l.f.serve(v.Version)
	case "gray":
		l.p = l.p.Without(gray.Release, gray.Version).WithGrayscale(v, 10, "salt")
		l.f.withdraw(gray.Version)
		l.f.serve(v.Version)
	case "raise":
		if gray.Release != "" {
			l.p = l.p.WithGrayscale(gray, 20, "salt")
		}
	case "reset and again":
		if gray.Release != "" {
			l.p = l.p.Without(gray.Release, gray.Version)
			if d := l.p.Dropped(); !d.Has(gray.Version, "") {
				t.Fatalf("%s was reset: %+v", gray.Version, d)
			}
			l.p = l.p.WithGrayscale(gray, 10, "salt")
			l.f.withdraw(gray.Version)
			l.f.serve(gray.Version)
		}
	case "promote":
		if gray.Release != "" {
			l.p = l.p.WithFull(gray)
			l.f.supersede(full.Version)
		}
	case "cancel":
		l.p = l.p.Without(gray.Release, gray.Version)
		l.f.withdraw(gray.Version)
	case "pilot":
		if len(l.p.Pilots) < 3 {
			l.p = l.p.WithPilot(v, []string{"tess"})
			l.f.serve(v.Version)
		}
	case "end pilot":
		if len(l.p.Pilots) > 0 {
			q := l.p.Pilots[0]
			l.p = l.p.Without(q.Release, q.Version)
			l.f.withdraw(q.Version)
		}
	case "offline":
		l.p = l.p.Without(full.Release, full.Version)
		l.f.withdraw(full.Version)
	case "remove":
		if rapid.IntRange(0, 9).Draw(t, "really") == 0 {
			l.p = l.p.WithRemoved(time.Time{})
			l.f.remove()
		}
	}
}

// TestWithdrawn lets devices come back after any number of changes, holding any version that was ever served: what is
// served is never dropped, what was withdrawn always is, and what gave way is kept while it is among the last 64.
func TestWithdrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := life{f: fates{bad: map[string]bool{}, served: map[string]bool{}}}
		for range rapid.IntRange(1, 700).Draw(t, "changes") {
			l.step(t)
			l.check(t)
		}
	})
}

func (l *life) check(t *rapid.T) {
	d := l.p.Dropped()
	if l.p.Says() != rollout.LineOf(&l.p).Says() {
		t.Fatalf("resolve and the manifest do not agree on whether anything is to be said: %+v", l.p)
	}
	if len(d.Withdrawn) > 64 || len(d.Kept) > 66 || len(l.p.Superseded) > 64 {
		t.Fatalf("it grows: %d withdrawn, %d kept, %d superseded", len(d.Withdrawn), len(d.Kept), len(l.p.Superseded))
	}
	for _, user := range []string{"tess", "u1", "u2", "u3", ""} {
		if s, _ := rollout.Decide(&l.p, user); s != nil && (d.Has(s.Version, s.Version) || !l.f.served[s.Version]) {
			t.Fatalf("%q is served %s and told to drop it", user, s.Version)
		}
	}
	for _, v := range []string{l.p.Full.Version, l.p.Grayscale.Version} {
		if v != "" && d.Has(v, "") {
			t.Fatalf("%s is live and is to be dropped", v)
		}
	}
	for v := range l.f.bad {
		if !d.Has(v, "") {
			t.Fatalf("%s was withdrawn and may be kept: %+v", v, d)
		}
	}
	for i, v := range l.f.superseded {
		lately := len(l.f.superseded)-i <= 64 || l.f.withdrawn <= 64 && l.f.removals == 0
		if lately && d.Has(v, "") {
			t.Fatalf("%s gave way to a newer version and is to be dropped: %+v", v, d)
		}
	}
}

func TestARemovalWithdrawsWhatWasSupersededToo(t *testing.T) {
	v := func(n string) rollout.Served { return rollout.Served{Release: "rel" + n, Version: n} }
	p := rollout.Placement{}.WithFull(v("1.0")).WithFull(v("1.9")).WithFull(v("1.10"))
	before := p.Dropped()
	p = p.WithRemoved(time.Time{})
	during := p.Dropped()
	p = p.WithFull(v("1.8")) // older by number, and the one that is served
	p = p.WithFull(v("2.0"))
	after := p.Dropped()
	for _, c := range []struct {
		version               string
		before, during, after bool
	}{
		{"1.0", false, true, true}, {"1.9", false, true, true}, {"1.10", false, true, true},
		{"1.8", false, true, false}, // never served before, so nobody holds it then
		{"2.0", false, false, false},
	} {
		got := [3]bool{before.Has(c.version, ""), during.Has(c.version, ""), after.Has(c.version, "2.0")}
		if want := [3]bool{c.before, c.during, c.after}; got != want {
			t.Errorf("%s: dropped before, during and after: %v, want %v", c.version, got, want)
		}
	}
}

// TestServedAgain: what everything was withdrawn up to and is served all the same may be kept.
func TestServedAgain(t *testing.T) {
	v := rollout.Served{Release: "rel", Version: "1.10"}
	p := rollout.Placement{}.WithFull(v).WithRemoved(time.Time{}).WithFull(v)
	if d := p.Dropped(); d.Has("1.10", "") || !d.Has("1.9", "") {
		t.Errorf("%+v", d)
	}
}
