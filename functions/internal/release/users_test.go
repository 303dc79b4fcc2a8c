package release_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
)

// given is what one version is to some users, written plainly: the rule of spec 7 over what people did, without
// placements.
type given struct {
	version string
	to      string // "testers", "share", "everyone" or "nobody"
	testers []string
	percent int
	salt    string
	turn    int // when it was last given to testers
}

// model is what users should get.
type model struct {
	versions map[string]*given // by release
	removed  bool
	turn     int
}

func (m *model) is(to string) *given {
	for _, g := range m.versions {
		if g.to == to {
			return g
		}
	}
	return nil
}

func (m *model) gets(user string) (version string, removed bool) {
	if m.removed {
		return "", true
	}
	var pilot *given
	for _, g := range m.versions {
		if g.to == "testers" && slices.Contains(g.testers, user) && (pilot == nil || g.turn > pilot.turn) {
			pilot = g
		}
	}
	share, full := m.is("share"), m.is("everyone")
	switch {
	case user != "" && pilot != nil:
		return pilot.version, false
	case user != "" && share != nil && xxhash.Sum64String(share.salt+"\x00"+user)%10_000 < uint64(100*share.percent):
		return share.version, false
	case full != nil:
		return full.version, false
	}
	return "", false
}

// did tells the model of an action that was accepted.
func (m *model) did(id string, cmd release.Command) {
	g := m.versions[id]
	m.turn++
	live := func(to string) {
		if other := m.is("share"); other != nil && other != g {
			other.to, g.salt = "nobody", other.salt
		}
		if other := m.is("everyone"); other != nil && other != g && to == "everyone" {
			other.to = "nobody"
		}
		g.to, m.removed = to, false
	}
	switch cmd.Action {
	case release.Approve:
		g.to, g.turn, m.removed = "testers", m.turn, false
	case release.SetTesters:
		g.testers, g.turn = cmd.Testers, m.turn
	case release.Grayscale:
		if g.percent = cmd.Percent; cmd.Percent == 100 {
			live("everyone")
		} else {
			live("share")
		}
	case release.Full:
		live("everyone")
	default: // complete testing, reset, cancel, offline
		g.to = "nobody"
	}
}

// target plays actions on the releases of one mini program and target.
type target struct {
	m         model
	releases  map[string]release.Release
	placement rollout.Placement
}

func (w *target) carry(id string, cmd release.Command) bool {
	cmd.At, cmd.Removals = at, w.placement.Removals
	s := release.Scene{Release: w.releases[id], Placement: w.placement, Settings: catalog.Settings{PilotTesting: []catalog.Environment{catalog.Production}}}
	for _, other := range []string{w.placement.Full.Release, w.placement.Grayscale.Release} {
		if other != "" && other != id {
			s.Live = append(s.Live, w.releases[other])
		}
	}
	out, err := release.Carry(s, cmd)
	if err != nil {
		return false
	}
	for _, r := range append(out.Superseded, out.Release) {
		w.releases[r.ID] = r
	}
	w.placement = out.Placement
	return true
}

// remove is an approved force removal: the mark first, then the releases one by one.
func (w *target) remove() {
	w.placement = w.placement.WithRemoved(at)
	for _, id := range w.placement.Removing {
		w.carry(id, release.Command{Action: release.ForceRemove})
	}
	for _, g := range w.m.versions {
		g.to = "nobody"
	}
	w.m.removed = true
}

// people are enough users for every share to have some, two testers, and nobody.
func people() []string {
	out := []string{"", "tess", "toni"}
	for i := range 60 {
		out = append(out, "u"+strconv.Itoa(i))
	}
	return out
}

// TestEveryUserIsOnTheRightVersion plays supersede, reset, cancel, full, removal and all else in any order, and asks
// after each for everybody.
func TestEveryUserIsOnTheRightVersion(t *testing.T) {
	reached := map[release.Action]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := &target{m: model{versions: map[string]*given{}}, releases: map[string]release.Release{}, placement: rollout.Placement{MiniProgram: "mp"}}
		for range 60 {
			w.step(t, reached)
			for _, user := range people() {
				want, removed := w.m.gets(user)
				served, reason := rollout.Decide(&w.placement, user)
				got := ""
				if served != nil {
					got = served.Version
				}
				if got != want || removed != (reason == rollout.ReasonRemoved) {
					t.Fatalf("%q gets %q (%s), want %q, removed %v", user, got, reason, want, removed)
				}
			}
		}
	})
	for _, a := range []release.Action{release.Approve, release.SetTesters, release.CompleteTesting, release.Grayscale, release.Full, release.Reset, release.Cancel, release.TakeOffline, release.ForceRemove} {
		if reached[a] == 0 {
			t.Errorf("%s was never carried out", a)
		}
	}
}

// step takes an action on one of the last releases: mostly one that its status allows, else any.
func (w *target) step(t *rapid.T, reached map[release.Action]int) {
	id := w.pick(len(w.releases) - rapid.IntRange(0, 3).Draw(t, "release"))
	all := []release.Action{release.Approve, release.SetTesters, release.CompleteTesting, release.Grayscale, release.Full, release.Reset, release.Cancel, release.TakeOffline}
	actions := all
	if rapid.IntRange(0, 9).Draw(t, "any") > 0 {
		actions = nil
		for _, row := range release.Lifecycle {
			if row.From == w.releases[id].Status && slices.Contains(all, row.Action) {
				actions = append(actions, row.Action)
			}
		}
	}
	if rapid.IntRange(0, 30).Draw(t, "remove") == 30 {
		w.remove()
		reached[release.ForceRemove]++
		return
	}
	if len(actions) == 0 {
		return
	}
	cmd := release.Command{
		Action: rapid.SampledFrom(actions).Draw(t, "action"), Percent: rapid.SampledFrom([]int{1, 30, 60, 99, 100}).Draw(t, "percent"),
		Supersede: rapid.IntRange(0, 3).Draw(t, "supersede") > 0, Testers: rapid.SampledFrom([][]string{{"tess"}, {"toni"}, {"tess", "toni"}, nil}).Draw(t, "testers"),
	}
	if w.carry(id, cmd) {
		w.m.did(id, cmd)
		reached[cmd.Action]++
	}
}

// pick is the n-th release, which is made when there is none yet.
func (w *target) pick(n int) string {
	id := fmt.Sprint("rel_", max(n, 0))
	if _, ok := w.releases[id]; !ok {
		r := release.Release{
			ID: id, MiniProgram: "mp", Version: fmt.Sprint(n+1, ".0"), Environment: catalog.Production, Type: "dsl", Status: release.UnderReview,
			Build: release.Built, Salt: "salt" + id, Testers: []string{"tess"},
		}
		w.releases[id] = r
		w.placement = w.placement.WithOpen(id, true)
		w.m.versions[id] = &given{version: r.Version, to: "nobody", testers: r.Testers, salt: r.Salt}
	}
	return id
}
