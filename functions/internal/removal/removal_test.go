package removal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/rollout"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestTargets: a removal does not choose among environments.
func TestTargets(t *testing.T) {
	got := removal.Targets([]string{"wallet", "market"})
	seen := map[rollout.Target]bool{}
	for _, target := range got {
		seen[target] = true
	}
	for _, app := range []string{"wallet", "market"} {
		for _, env := range []string{"production", "sandbox", "test", "development"} {
			if !seen[rollout.Target{TargetApp: app, Environment: env}] {
				t.Errorf("%s %s is spared", app, env)
			}
		}
	}
	if len(got) != 8 || len(seen) != 8 {
		t.Errorf("%d targets", len(got))
	}
}

func TestLive(t *testing.T) {
	for _, s := range release.Statuses {
		want := s == release.GrayscaleRelease || s == release.FullRelease
		if got := removal.Live([]release.Release{{Status: release.UnderReview}, {Status: s}}); got != want {
			t.Errorf("with one that is %s: live %t", s, got)
		}
	}
	if removal.Live(nil) {
		t.Error("nothing is live")
	}
}

// TestMaps is the table of spec 3.2 and 5: what a removal changes, and what it leaves.
func TestMaps(t *testing.T) {
	want := map[release.Status]bool{
		release.UnderReview: true, release.ReleasePreparation: true, release.PilotTesting: true, release.GrayscaleRelease: true, release.FullRelease: true,
	}
	for _, s := range release.Statuses {
		if removal.Maps(s) != want[s] {
			t.Errorf("%s: %t", s, !want[s])
		}
	}
}

// TestRemove: whatever was served or under way on any environment, afterwards nobody is served anything, everything
// that was open is to be mapped, and what was untouched carries no mark.
func TestRemove(t *testing.T) {
	users := []string{"", "tester", "ann", "bob"}
	rapid.Check(t, func(rt *rapid.T) {
		var placements []rollout.Placement
		for _, target := range removal.Targets([]string{"wallet", "market"}) {
			p := rollout.Placement{MiniProgram: "mp", Target: target, Removals: rapid.IntRange(0, 3).Draw(rt, "removals")}
			if rapid.Bool().Draw(rt, "full") {
				p.Full, p.Open = rollout.Served{Release: "f", Version: "1"}, append(p.Open, "f")
			}
			if rapid.Bool().Draw(rt, "grayscale") {
				p.Grayscale = rollout.Share{Served: rollout.Served{Release: "g", Version: "2"}, Percent: rapid.IntRange(0, 99).Draw(rt, "percent"), Salt: rollout.NewSalt("s")}
				p.Open = append(p.Open, "g")
			}
			if rapid.Bool().Draw(rt, "review") {
				p.Open = append(p.Open, "r")
			}
			placements = append(placements, p)
		}
		before := append([]rollout.Placement{}, placements...)
		after, touched := removal.Remove(placements, noon)
		if diff := cmp.Diff(before, placements); diff != "" {
			rt.Fatalf("what was read is changed:\n%s", diff)
		}
		noted := map[rollout.Target]bool{}
		for app, envs := range touched {
			for _, env := range envs {
				noted[rollout.Target{TargetApp: app, Environment: string(env)}] = true
			}
		}
		for i, p := range after {
			for _, user := range users {
				if served, _ := rollout.Decide(&p, user); served != nil {
					rt.Fatalf("%q is served %s on %v", user, served.Version, p.Target)
				}
			}
			concerned := len(before[i].Open) > 0
			if p.Removed != concerned || noted[p.Target] != concerned || cmp.Diff(before[i].Open, p.Removing) != "" {
				rt.Fatalf("%v with %v open: removed %t, noted %t, to be mapped %v", p.Target, before[i].Open, p.Removed, noted[p.Target], p.Removing)
			}
			if p.Removals != before[i].Removals+1 {
				rt.Fatalf("%v: actions asked for before it do not come too late", p.Target)
			}
		}
	})
}

func TestServed(t *testing.T) {
	served := rollout.Served{Release: "r", Version: "1"}
	for name, c := range map[string]struct {
		p    rollout.Placement
		want bool
	}{
		"nothing": {rollout.Placement{}, false}, "open only": {rollout.Placement{Open: []string{"r"}}, false},
		"pilot":     {rollout.Placement{Pilots: []rollout.Pilot{{Served: served}}}, false},
		"full":      {rollout.Placement{Full: served}, true},
		"grayscale": {rollout.Placement{Grayscale: rollout.Share{Served: served}}, true},
	} {
		if got := removal.Served([]rollout.Placement{{}, c.p}); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// TestOffline is the precondition of spec 5, and which release it is about.
func TestOffline(t *testing.T) {
	target := rollout.Target{TargetApp: "wallet", Environment: string(catalog.Production)}
	full := release.Release{ID: "f", Version: "1.0.0", Status: release.FullRelease}
	for name, c := range map[string]struct {
		open []release.Release
		code string
		says string
	}{
		"full":                     {[]release.Release{full}, "", ""},
		"full, another prepared":   {[]release.Release{{Status: release.ReleasePreparation}, full}, "", ""},
		"nothing":                  {nil, "nothing_live", "wallet production"},
		"grayscale alone":          {[]release.Release{{Status: release.GrayscaleRelease}}, "nothing_live", "full_release"},
		"another under review":     {[]release.Release{full, {ID: "x", Version: "2", Status: release.UnderReview}}, "release_under_way", "release x"},
		"another in pilot testing": {[]release.Release{{ID: "x", Version: "2", Status: release.PilotTesting}, full}, "release_under_way", "Version 2 is pilot_testing"},
		"another in grayscale":     {[]release.Release{full, {ID: "x", Version: "2", Status: release.GrayscaleRelease}}, "release_under_way", "withdraw or cancel it first"},
	} {
		got, err := removal.Offline(c.open, target)
		if c.code == "" {
			if err != nil || got.ID != "f" {
				t.Errorf("%s: %s, %v", name, got.ID, err)
			}
			continue
		}
		f, ok := err.(*fault.Error)
		if !ok || f.Kind != fault.Conflict || f.Code != c.code || !strings.Contains(f.Detail, c.says) {
			t.Errorf("%s: %v, want %s that says %q", name, err, c.code, c.says)
		}
	}
}

func TestNothingLiveNamesTheApps(t *testing.T) {
	for _, apps := range [][]string{{"wallet"}, {"wallet", "market"}} {
		for _, app := range apps {
			if err := removal.NothingLive(apps); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), app) {
				t.Errorf("%v: %v", apps, err)
			}
		}
	}
}
