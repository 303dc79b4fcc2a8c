package release_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

// expected is the action table of spec 3.2 told a second time, as code rather than as rows, so that a slip in one of
// them shows. "" means refused.
func expected(a release.Action, from release.Status, f release.Facts) release.Status {
	production, sandbox := f.Environment == catalog.Production, f.Environment == catalog.Sandbox
	in := func(list ...release.Status) bool { return slices.Contains(list, from) }
	switch {
	case a == release.Create && from == release.None, a == release.Configure && in(release.NewVersionCreated):
		return release.NewVersionCreated
	case a == release.TestAction && in(release.NewVersionCreated) && f.Built:
		return release.NewVersionCreated
	case a == release.Apply && in(release.NewVersionCreated):
		switch {
		case !f.Built, f.Partner && !f.Tested:
			return ""
		case production, sandbox && f.SandboxReview:
			return release.UnderReview
		case sandbox && f.Pilot:
			return release.PilotTesting
		}
		return release.FullRelease
	case a == release.Approve && in(release.UnderReview):
		switch {
		case f.Pilot:
			return release.PilotTesting
		case production:
			return release.ReleasePreparation
		case sandbox:
			return release.FullRelease
		}
		return ""
	case (a == release.Reject || a == release.Withdraw || a == release.Expire || a == release.ForceRemove) && in(release.UnderReview):
		return release.NewVersionCreated
	case a == release.SetTesters && in(release.PilotTesting):
		return release.PilotTesting
	case a == release.CompleteTesting && in(release.PilotTesting) && production:
		return release.GrayscaleRelease
	case a == release.CompleteTesting && in(release.PilotTesting) && sandbox:
		return release.FullRelease
	case a == release.Grayscale && in(release.ReleasePreparation, release.GrayscaleRelease):
		if f.NextPercent == 100 {
			return release.FullRelease
		}
		return release.GrayscaleRelease
	case a == release.Full && (in(release.ReleasePreparation) || in(release.GrayscaleRelease) && f.Percent == 0):
		return release.FullRelease
	case a == release.Reset && in(release.GrayscaleRelease):
		return release.GrayscaleRelease
	case a == release.Cancel && in(release.ReleasePreparation, release.PilotTesting, release.GrayscaleRelease):
		return release.Canceled
	case a == release.Supersede && in(release.FullRelease), a == release.TakeOffline && in(release.FullRelease):
		return release.Archived
	case a == release.Supersede && in(release.GrayscaleRelease):
		return release.Canceled
	case a == release.ForceRemove && in(release.GrayscaleRelease, release.FullRelease, release.PilotTesting, release.ReleasePreparation):
		return release.Archived
	}
	return ""
}

// everyFacts walks all combinations of what the lifecycle asks about.
func everyFacts(visit func(release.Facts)) {
	flags := []bool{false, true}
	for _, env := range catalog.Environments {
		for mask := range 1 << 5 {
			bit := func(i int) bool { return flags[mask>>i&1] }
			for _, percent := range []int{0, 10} {
				for _, next := range []int{11, 100} {
					visit(release.Facts{
						Environment: env, Pilot: bit(0), SandboxReview: bit(1), Partner: bit(2), Built: bit(3), Tested: bit(4),
						Percent: percent, NextPercent: next,
					})
				}
			}
		}
	}
}

func TestEveryActionInEveryStatus(t *testing.T) {
	cases := 0
	for _, action := range release.Actions {
		for _, from := range append([]release.Status{release.None}, release.Statuses...) {
			everyFacts(func(f release.Facts) {
				cases++
				want := expected(action, from, f)
				got, err := release.Next(action, from, f)
				if got != want || (err == nil) != (want != "") {
					t.Errorf("%s from %q with %+v: got %q, %v; want %q", action, from, f, got, err, want)
				}
				if err != nil {
					checkRefusal(t, from, f, err)
				}
			})
		}
	}
	if want := 17 * 9 * 4 * 32 * 4; cases != want {
		t.Errorf("walked %d cases, want %d", cases, want)
	}
}

// checkRefusal: a refusal is a conflict that names the status and exactly the actions that are possible.
func checkRefusal(t *testing.T, from release.Status, f release.Facts, err error) {
	t.Helper()
	var e *fault.Error
	if !errors.As(err, &e) || e.Kind != fault.Conflict || e.Status != string(from) || e.Detail == "" || e.Actions == nil {
		t.Fatalf("refusal %#v", err)
	}
	var want []string
	for _, a := range release.Actions[1:11] { // those that people take
		g := f
		g.NextPercent = f.Percent + 1
		if g.NextPercent < 1 {
			g.NextPercent = 1
		}
		if expected(a, from, g) != "" {
			want = append(want, string(a))
		}
	}
	if !slices.Equal(e.Actions, want) {
		t.Fatalf("from %s with %+v: actions %v, want %v", from, f, e.Actions, want)
	}
}

func TestRowsDoNotOverlap(t *testing.T) {
	everyFacts(func(f release.Facts) {
		seen := map[string]release.Status{}
		for i, row := range release.Lifecycle {
			alone := release.Lifecycle[i : i+1]
			saved := release.Lifecycle
			release.Lifecycle = alone
			to, err := release.Next(row.Action, row.From, f)
			release.Lifecycle = saved
			if err != nil {
				continue
			}
			key := fmt.Sprint(row.Action, row.From)
			if other, twice := seen[key]; twice && other != to {
				t.Fatalf("%s from %s leads to %s and %s with %+v", row.Action, row.From, other, to, f)
			}
			seen[key] = to
		}
	})
}

func TestFinalStatusesLeadNowhere(t *testing.T) {
	for _, row := range release.Lifecycle {
		if row.From.Final() {
			t.Errorf("%s leads out of %s", row.Action, row.From)
		}
	}
}
