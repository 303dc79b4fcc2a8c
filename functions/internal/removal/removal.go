// Package removal holds the rules of taking a mini program away from users: by force, by the super app, or offline,
// by whoever may release it.
//
// What a placement and a release become is in packages rollout and release; here is what may be asked, and what an
// approval finds.
package removal

import (
	"fmt"
	"slices"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
)

// Bounds of a force removal (spec 5).
const (
	MaxApps      = 15
	MaxImages    = 5
	MaxImageSize = 2 << 20 // bytes
)

// Targets are every environment of the chosen apps: a force removal does not choose.
func Targets(apps []string) []rollout.Target {
	var out []rollout.Target
	for _, app := range apps {
		for _, env := range catalog.Environments {
			out = append(out, rollout.Target{TargetApp: app, Environment: string(env)})
		}
	}
	return out
}

// Served says whether users, beyond testers, are served anything by one of the placements.
func Served(placements []rollout.Placement) bool {
	return slices.ContainsFunc(placements, func(p rollout.Placement) bool { return p.Full.Release != "" || p.Grayscale.Release != "" })
}

// Live says whether one of the open releases is in grayscale or fully released: the precondition of a force removal.
func Live(open []release.Release) bool {
	return slices.ContainsFunc(open, func(r release.Release) bool {
		return r.Status == release.GrayscaleRelease || r.Status == release.FullRelease
	})
}

// NothingLive is why a force removal cannot be asked for.
func NothingLive(apps []string) error {
	return fault.New(fault.Conflict, "nothing_live", "No release of this mini program is in grayscale_release or full_release on %s: there is nothing to remove.", list(apps))
}

// Remove is what an approved force removal makes of the placements, in one transaction: nothing is served from its
// commit on, and every open release is marked for mapping. The environments touched come back by app.
func Remove(placements []rollout.Placement, at time.Time) ([]rollout.Placement, map[string][]catalog.Environment) {
	out, touched := make([]rollout.Placement, len(placements)), map[string][]catalog.Environment{}
	for i, p := range placements {
		if len(p.Open) == 0 && !Served(placements[i:i+1]) {
			p.Removals++ // whatever was asked for before comes too late
			out[i] = p
			continue
		}
		out[i] = p.WithRemoved(at)
		touched[p.Target.TargetApp] = append(touched[p.Target.TargetApp], catalog.Environment(p.Target.Environment))
	}
	return out, touched
}

// Maps says whether a force removal changes a release in that status.
func Maps(s release.Status) bool { return s.Open() }

// Offline finds the release to take offline among the open ones of a target, or says why that cannot be asked for.
func Offline(open []release.Release, target rollout.Target) (release.Release, error) {
	i := slices.IndexFunc(open, func(r release.Release) bool { return r.Status == release.FullRelease })
	if i < 0 {
		return release.Release{}, fault.New(fault.Conflict, "nothing_live", "No release of this mini program is in full_release on %s %s.", target.TargetApp, target.Environment)
	}
	for _, r := range open {
		switch r.Status {
		case release.UnderReview, release.PilotTesting, release.GrayscaleRelease:
			e := fault.New(fault.Conflict, "release_under_way", "Version %s is %s on %s %s: withdraw or cancel it first (release %s).", r.Version, r.Status, target.TargetApp, target.Environment, r.ID)
			e.Status = string(open[i].Status)
			e.Actions = []string{}
			return release.Release{}, e
		}
	}
	return open[i], nil
}

func list(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return fmt.Sprintf("any of %v", names)
}
