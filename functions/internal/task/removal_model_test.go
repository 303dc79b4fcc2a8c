package task_test

import (
	"slices"
	"strings"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
)

// modeled is a release as the spec's table speaks of it.
type modeled struct {
	version, app string
	env          catalog.Environment
	status       release.Status
	percent      int
	salt         string
	since        int // when its pilot testing began
}

// model is spec 3.2 and 5, written once more and plainly: no table of rows, no placement, no requests but their names.
type model struct {
	releases map[string]*modeled
	removed  map[string]bool            // app/env
	pending  map[string]string          // app → force removal
	removals map[string][]string        // force removal → apps
	offline  map[string]string          // app/env → request
	ended    map[string]approval.Status // removal or offline request
	pilots   int                        // that were begun
}

func newModel() *model {
	return &model{map[string]*modeled{}, map[string]bool{}, map[string]string{}, map[string][]string{}, map[string]string{}, map[string]approval.Status{}, 0}
}

func (r *modeled) target() string { return r.app + "/" + string(r.env) }

func (m *model) piloted(r *modeled) bool {
	return r.app == "pilot" && (r.env == prod || r.env == sandbox)
}

func (m *model) reviewed(r *modeled) bool {
	return r.env == prod || r.env == sandbox && r.app == "pilot"
}

// on is the release of a target with a status, nil when there is none.
func (m *model) on(target string, s release.Status, but *modeled) *modeled {
	for _, r := range m.releases {
		if r != but && r.target() == target && r.status == s && (s != release.GrayscaleRelease || r.percent > 0) {
			return r
		}
	}
	return nil
}

// goes live: the version before is archived, a running grayscale needs the flag and hands on its salt.
func (m *model) live(r *modeled, supersede bool, to release.Status, percent int) bool {
	if rival := m.on(r.target(), release.GrayscaleRelease, r); rival != nil {
		if !supersede {
			return false
		}
		rival.status, rival.percent, r.salt = release.Canceled, 0, rival.salt
	}
	if to == release.FullRelease {
		if old := m.on(r.target(), release.FullRelease, r); old != nil {
			m.overtake(old)
			old.status = release.Archived
		}
		percent = 100
	}
	r.status, r.percent = to, percent
	m.removed[r.target()] = false
	return true
}

// overtake ends the request to take a release offline that something else is about to archive.
func (m *model) overtake(r *modeled) {
	id, named, _ := strings.Cut(m.offline[r.target()], " ")
	if id != "" && named == relID(r.version, r.app, r.env) {
		m.offline[r.target()], m.ended[id] = "", approval.Withdrawn
	}
}

// act says whether an action is allowed, and does it.
func (m *model) act(r *modeled, a release.Action, n int, supersede bool) bool {
	const nvc, review, prep, pilot, gray, full = release.NewVersionCreated, release.UnderReview, release.ReleasePreparation, release.PilotTesting, release.GrayscaleRelease, release.FullRelease
	switch {
	case a == release.Apply && r.status == nvc && m.reviewed(r):
		if m.on(r.target(), review, r) != nil {
			return false
		}
		r.status = review
	case a == release.Apply && r.status == nvc && m.piloted(r):
		m.pilots++
		r.status, r.since = pilot, m.pilots
		m.removed[r.target()] = false
	case a == release.Apply && r.status == nvc:
		return m.live(r, supersede, full, 100)
	case a == release.Approve && r.status == review && m.piloted(r):
		m.pilots++
		r.status, r.since = pilot, m.pilots
		m.removed[r.target()] = false
	case a == release.Approve && r.status == review:
		r.status = prep
	case (a == release.Reject || a == release.Withdraw || a == release.Expire) && r.status == review:
		r.status = nvc
	case a == release.CompleteTesting && r.status == pilot && r.env == prod:
		r.status = gray
	case a == release.CompleteTesting && r.status == pilot:
		return m.live(r, supersede, full, 100)
	case a == release.Grayscale && (r.status == prep || r.status == gray) && n > r.percent:
		if n == 100 {
			return m.live(r, supersede, full, 100)
		}
		return m.live(r, supersede, gray, n)
	case a == release.Full && (r.status == prep || r.status == gray && r.percent == 0):
		return m.live(r, supersede, full, 100)
	case a == release.Reset && r.status == gray:
		r.percent = 0
	case a == release.Cancel && (r.status == prep || r.status == pilot || r.status == gray):
		r.status, r.percent = release.Canceled, 0
	default:
		return false
	}
	return true
}

func (m *model) anyLive(apps []string) bool {
	for _, r := range m.releases {
		if slices.Contains(apps, r.app) && (r.status == release.GrayscaleRelease || r.status == release.FullRelease) {
			return true
		}
	}
	return false
}

// approveRemoval maps every release of the apps and marks every target on which one was open.
func (m *model) approveRemoval(apps []string) {
	if !m.anyLive(apps) {
		return
	}
	for _, r := range m.releases {
		if !slices.Contains(apps, r.app) || !r.status.Open() {
			continue
		}
		m.removed[r.target()] = true
		if r.status == release.FullRelease {
			m.overtake(r)
		}
		if r.percent = 0; r.status == release.UnderReview {
			r.status = release.NewVersionCreated
		} else {
			r.status = release.Archived
		}
	}
}

func (m *model) mayGoOffline(target string) *modeled {
	for _, r := range m.releases {
		if r.target() == target && (r.status == release.UnderReview || r.status == release.PilotTesting || r.status == release.GrayscaleRelease) {
			return nil
		}
	}
	return m.on(target, release.FullRelease, nil)
}

// serves is the version that a user gets on a target.
func (m *model) serves(target, user string) string {
	if m.removed[target] {
		return ""
	}
	if pilot := m.latestPilot(target); user == "tester" && pilot != nil {
		return pilot.version
	}
	if g := m.on(target, release.GrayscaleRelease, nil); user != "" && g != nil && rollout.Bucket(g.salt, user) < 100*g.percent {
		return g.version
	}
	if f := m.on(target, release.FullRelease, nil); f != nil {
		return f.version
	}
	return ""
}

// latestPilot is what a tester of several pilots gets.
func (m *model) latestPilot(target string) (latest *modeled) {
	for _, r := range m.releases {
		if r.target() == target && r.status == release.PilotTesting && (latest == nil || r.since > latest.since) {
			latest = r
		}
	}
	return latest
}
