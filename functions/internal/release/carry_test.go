package release_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
)

var at = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func scene(status release.Status, percent int) release.Scene {
	r := release.Release{
		ID: "rel_new", MiniProgram: "mp", Version: "2.0.0", TargetApp: "app", Environment: catalog.Production, Type: "dsl",
		Status: status, Build: release.Built, Percent: percent, Salt: "salt-new",
	}
	s := release.Scene{Release: r, Placement: rollout.Placement{MiniProgram: "mp"}}
	if percent > 0 {
		s.Placement = s.Placement.WithGrayscale(r.Served(), percent, r.Salt)
	}
	return s
}

// over puts an older release into grayscale on the scene's target, or an older full one.
func over(s release.Scene, status release.Status, percent int) release.Scene {
	old := release.Release{
		ID: "rel_" + string(status), MiniProgram: "mp", Version: "1.0.0", TargetApp: "app", Environment: catalog.Production,
		Status: status, Percent: percent, Salt: "salt-old", Build: release.Built,
	}
	if status == release.GrayscaleRelease {
		s.Placement.Grayscale = rollout.Share{Served: old.Served(), Percent: percent, Salt: rollout.NewSalt(old.Salt)}
	} else {
		s.Placement.Full = old.Served()
	}
	s.Live = append(s.Live, old)
	return s
}

func code(err error) string {
	var e *fault.Error
	if errors.As(err, &e) {
		return e.CodeOrKind()
	}
	return ""
}

// TestOpenReleasesAreBounded: what waits on a target is kept in one placement, which must fit a record. The full release
// is none of them, and one that is let in already may go on.
func TestOpenReleasesAreBounded(t *testing.T) {
	for _, c := range []struct {
		others      int
		full, isIn  bool
		environment catalog.Environment
		want        string
	}{
		{release.MostOpen - 1, false, false, catalog.Production, ""},
		{release.MostOpen - 1, true, false, catalog.Production, ""},
		{release.MostOpen, false, false, catalog.Production, "too_many_open"},
		{release.MostOpen, true, false, catalog.Sandbox, "too_many_open"},
		{release.MostOpen, false, false, catalog.Development, ""}, // everybody gets it at once
		{release.MostOpen, false, true, catalog.Production, ""},
	} {
		s, cmd := scene(release.NewVersionCreated, 0), release.Command{Action: release.Apply, At: at}
		s.Release.Environment, s.Settings.SandboxReview = c.environment, true
		if c.isIn {
			s, cmd.Action = scene(release.UnderReview, 0), release.Approve
			s.Placement = s.Placement.WithOpen(s.Release.ID, true)
		}
		if c.full {
			s = over(s, release.FullRelease, 100)
			s.Placement = s.Placement.WithOpen(s.Placement.Full.Release, true)
		}
		for i := range c.others {
			s.Placement = s.Placement.WithOpen(fmt.Sprint("rel_", i), true)
		}
		if _, err := release.Check(s, cmd); code(err) != c.want {
			t.Errorf("%+v: %v, want %q", c, err, c.want)
		}
	}
}

func TestGrayscaleOnlyGoesUp(t *testing.T) {
	for _, c := range []struct {
		now, next int
		want      string
	}{{0, 1, ""}, {10, 11, ""}, {10, 99, ""}, {10, 100, ""}, {10, 10, "percent_not_higher"}, {10, 9, "percent_not_higher"}, {10, 0, "invalid"}, {0, 101, "invalid"}, {0, -1, "invalid"}} {
		_, err := release.Carry(scene(release.GrayscaleRelease, c.now), release.Command{Action: release.Grayscale, Percent: c.next, At: at})
		if code(err) != c.want {
			t.Errorf("from %d %% to %d %%: %q, want %q", c.now, c.next, code(err), c.want)
		}
	}
}

func TestFullArchivesTheOneBefore(t *testing.T) {
	out, err := release.Carry(over(scene(release.ReleasePreparation, 0), release.FullRelease, 100), release.Command{Action: release.Full, At: at})
	if err != nil {
		t.Fatal(err)
	}
	if out.Release.Status != release.FullRelease || out.Placement.Full.Version != "2.0.0" || out.Placement.Grayscale.Release != "" {
		t.Errorf("got %+v, %+v", out.Release.Status, out.Placement)
	}
	if len(out.Superseded) != 1 || out.Superseded[0].Status != release.Archived || out.Superseded[0].ID != "rel_full_release" {
		t.Errorf("superseded %+v", out.Superseded)
	}
	if out.Placement.Withdrawn != nil {
		t.Errorf("a replaced version was withdrawn: %v", out.Placement.Withdrawn)
	}
}

func TestHotfixOverARunningGrayscale(t *testing.T) {
	for _, action := range []release.Action{release.Grayscale, release.Full} {
		s := over(scene(release.ReleasePreparation, 0), release.GrayscaleRelease, 20)
		_, err := release.Carry(s, release.Command{Action: action, Percent: 5, At: at})
		if code(err) != "grayscale_running" {
			t.Errorf("%s without supersede: %v", action, err)
		}
		out, err := release.Carry(s, release.Command{Action: action, Percent: 5, Supersede: true, At: at})
		if err != nil {
			t.Fatal(err)
		}
		if out.Release.Salt != "salt-old" {
			t.Errorf("%s: the cohort was not kept: salt %q", action, out.Release.Salt)
		}
		if len(out.Superseded) != 1 || out.Superseded[0].Status != release.Canceled {
			t.Errorf("%s: superseded %+v", action, out.Superseded)
		}
		if diff := cmp.Diff([]string{"1.0.0"}, out.Placement.Withdrawn); diff != "" {
			t.Errorf("%s: withdrawn %s", action, diff)
		}
	}
	if _, err := release.Carry(over(scene(release.PilotTesting, 0), release.GrayscaleRelease, 20), release.Command{Action: release.CompleteTesting, At: at}); err != nil {
		t.Errorf("a hotfix is blocked before it goes live: %v", err)
	}
}

func TestResetAndCancelSendEverybodyBack(t *testing.T) {
	for action, want := range map[release.Action]release.Status{release.Reset: release.GrayscaleRelease, release.Cancel: release.Canceled} {
		s := over(scene(release.GrayscaleRelease, 30), release.FullRelease, 100)
		out, err := release.Carry(s, release.Command{Action: action, At: at})
		if err != nil {
			t.Fatal(err)
		}
		if out.Release.Status != want || out.Release.Percent != 0 {
			t.Errorf("%s: %s at %d %%", action, out.Release.Status, out.Release.Percent)
		}
		for _, user := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			if served, _ := rollout.Decide(&out.Placement, user); served == nil || served.Version != "1.0.0" {
				t.Errorf("%s: %s is served %+v", action, user, served)
			}
		}
		if diff := cmp.Diff([]string{"2.0.0"}, out.Placement.Withdrawn); diff != "" {
			t.Errorf("%s: withdrawn %s", action, diff)
		}
	}
}

func TestConfigureMarksBuildAndTestStale(t *testing.T) {
	s := scene(release.NewVersionCreated, 0)
	s.Release.Compatibility = release.TestPassed
	out, err := release.Carry(s, release.Command{Action: release.Configure, Configuration: &catalog.Configuration{ClientID: "c"}, At: at})
	if err != nil || out.Release.Build != release.Building || out.Release.Compatibility != release.TestStale || out.Release.Configuration.ClientID != "c" {
		t.Errorf("%v, %+v", err, out.Release)
	}
}

func TestPilotIsServedToItsTestersOnly(t *testing.T) {
	s := scene(release.UnderReview, 0)
	s.Release.Testers, s.Settings.PilotTesting = []string{"tess"}, []catalog.Environment{catalog.Production}
	out, err := release.Carry(s, release.Command{Action: release.Approve, At: at})
	if err != nil {
		t.Fatal(err)
	}
	if served, reason := rollout.Decide(&out.Placement, "tess"); served == nil || reason != rollout.ReasonPilot {
		t.Errorf("the tester is served %v, %s", served, reason)
	}
	if served, reason := rollout.Decide(&out.Placement, "ulla"); served != nil {
		t.Errorf("somebody else is served %v, %s", served, reason)
	}
}
