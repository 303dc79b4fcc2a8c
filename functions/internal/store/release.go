package store

import (
	"context"
	"reflect"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
)

// Releases are kept at R#id/META. Beside them, written in the same transaction:
//
//	P#miniProgram / RT#app#env#number   the one release of that version to that target
//	P#miniProgram / R#created#id        lists a mini program's releases
//	A#app         / R#created#id        lists an app's releases
//	W#workspace   / R#created#id        lists a workspace's releases
//	P#miniProgram / REVIEW#app#env      which release is in review there: at most one
//	T#app#env     / P#miniProgram       the placement; who writes one tells of it (changes.go)
type ref struct {
	ID string `json:"id"`
}

func releaseKey(id string) Key { return Key{"R#" + id, "META"} }

func placementKey(t rollout.Target, miniProgram string) Key {
	return Key{"T#" + t.TargetApp + "#" + t.Environment, "P#" + miniProgram}
}

func reviewKey(r release.Release) Key {
	return Key{"P#" + r.MiniProgram, "REVIEW#" + r.TargetApp + "#" + string(r.Environment)}
}

func slotKey(r release.Release) Key {
	return Key{"P#" + r.MiniProgram, "RT#" + r.TargetApp + "#" + string(r.Environment) + "#" + numberKey(r.Version)}
}

// Release reads one release; rev 0 when there is none.
func Release(ctx context.Context, t Table, id string) (release.Release, int64, error) {
	return Load[release.Release](ctx, t, releaseKey(id))
}

// Placement reads what one mini program's users are served on a target; rev 0 when nothing ever was.
func Placement(ctx context.Context, t Table, target rollout.Target, miniProgram string) (rollout.Placement, int64, error) {
	p, rev, err := Load[rollout.Placement](ctx, t, placementKey(target, miniProgram))
	p.MiniProgram, p.Target = miniProgram, target
	return p, rev, err
}

// CreateRelease makes the writes of a new release; the transaction conflicts when that version already has a
// release to that target.
func CreateRelease(r release.Release) []Write {
	id, list := ref{r.ID}, releases.prefix+releases.mark(r)
	return []Write{
		writeOf(releaseKey(r.ID), r, Absent),
		writeOf(slotKey(r), id, Absent),
		writeOf(Key{"A#" + r.TargetApp, list}, id, Absent),
		writeOf(Key{"W#" + r.Workspace, list}, id, Absent),
		writeOf(Key{"P#" + r.MiniProgram, list}, id, Absent),
	}
}

// ReleaseOf finds the release of a version to a target, "" when there is none.
func ReleaseOf(ctx context.Context, t Table, r release.Release) (string, error) {
	v, _, err := Load[ref](ctx, t, slotKey(r))
	return v.ID, err
}

// Scene is a release.Scene with the revisions under which it was read.
type Scene struct {
	release.Scene
	MiniProgram catalog.MiniProgram
	App         catalog.TargetApp

	rev, placementRev, miniProgramRev int64
	liveRevs                          map[string]int64
	edited                            bool // MiniProgram is to be written
}

// EditMiniProgram changes the mini program together with what Save writes.
func (s *Scene) EditMiniProgram(m catalog.MiniProgram) { s.MiniProgram, s.edited = m, true }

// LoadScene reads a release with all that a command on it may look at. A missing release is NotFound.
func LoadScene(ctx context.Context, t Table, id string) (*Scene, error) {
	s := &Scene{liveRevs: map[string]int64{}}
	var err error
	if s.Release, s.rev, err = Release(ctx, t, id); err != nil {
		return nil, err
	}
	if s.rev == 0 {
		return nil, fault.New(fault.NotFound, "no_such_release", "There is no release %q.", id)
	}
	if s.Placement, s.placementRev, err = Placement(ctx, t, s.Release.Target(), s.Release.MiniProgram); err != nil {
		return nil, err
	}
	if s.MiniProgram, s.miniProgramRev, err = Load[catalog.MiniProgram](ctx, t, MiniProgramKey(s.Release.MiniProgram)); err != nil {
		return nil, err
	}
	if s.App, _, err = Load[catalog.TargetApp](ctx, t, TargetAppKey(s.Release.TargetApp)); err != nil {
		return nil, err
	}
	s.Settings = s.App.Settings
	for _, other := range []string{s.Placement.Full.Release, s.Placement.Grayscale.Release} {
		if other == "" || other == id {
			continue
		}
		r, rev, err := Release(ctx, t, other)
		if err != nil {
			return nil, err
		}
		s.Live = append(s.Live, r)
		s.liveRevs[other] = rev
	}
	return s, nil
}

// Rev is the revision of the release as read; the API's ETag.
func (s *Scene) Rev() int64 { return s.rev }

// Save makes the writes that turn the scene into an outcome, conditional on nothing having changed since it was
// read, and gives the release as it is then. The placement and the review mark are written only when they change.
func (s *Scene) Save(out release.Outcome) ([]Write, release.Release) {
	r := out.Release
	r.Superseded = nil
	for _, old := range out.Superseded {
		if old.Status == release.Canceled {
			r.Superseded = append(r.Superseded, old.ID)
		}
	}
	writes := []Write{writeOf(releaseKey(r.ID), r, s.rev)}
	for _, old := range out.Superseded {
		writes = append(writes, writeOf(releaseKey(old.ID), old, s.liveRevs[old.ID]))
	}
	if !samePlacement(out.Placement, s.Placement) {
		p := out.Placement
		p.MiniProgram, p.Target = r.MiniProgram, r.Target()
		writes = append(writes, SavePlacements([]rollout.Placement{p}, []int64{s.placementRev})...)
	}
	if s.Placement.Removed && !out.Placement.Removed {
		s.EditMiniProgram(s.MiniProgram.Released(r.TargetApp, r.Environment))
	}
	if s.edited {
		writes = append(writes, writeOf(MiniProgramKey(s.MiniProgram.ID), s.MiniProgram, s.miniProgramRev))
	}
	was, is := s.Release.Status == release.UnderReview, r.Status == release.UnderReview
	switch {
	case is && !was:
		writes = append(writes, writeOf(reviewKey(r), ref{r.ID}, Absent))
	case was && !is:
		writes = append(writes, Write{Op: Delete, Key: reviewKey(r), IfRev: Any})
	}
	return writes, r
}

// SaveRelease makes the write of the release alone, under the revision it was read with.
func (s *Scene) SaveRelease(r release.Release) Write { return writeOf(releaseKey(r.ID), r, s.rev) }

// TouchRelease makes a write that changes nothing, under the revision the release was read with: whatever else writes the
// release at the same time conflicts with what is written beside.
func TouchRelease(r release.Release, rev int64) Write { return writeOf(releaseKey(r.ID), r, rev) }

// InReview is the release of this mini program and target that is in review, "" when none is.
func InReview(ctx context.Context, t Table, r release.Release) (string, error) {
	v, _, err := Load[ref](ctx, t, reviewKey(r))
	return v.ID, err
}

func samePlacement(a, b rollout.Placement) bool {
	a.UpdatedAt = b.UpdatedAt
	return reflect.DeepEqual(a, b)
}

// Partitions in which releases are listed, newest last.
func ReleasesOfMiniProgram(id string) string { return "P#" + id }
func ReleasesOfTargetApp(id string) string   { return "A#" + id }
func ReleasesOfWorkspace(id string) string   { return "W#" + id }

var releases = kind[release.Release]{
	prefix: "R#", load: ReleasesByID,
	mark: func(r release.Release) string { return stamp(r.CreatedAt) + "#" + r.ID },
}

// Releases lists the releases of several partitions as one list, newest first; as Requests.
func Releases(ctx context.Context, t Table, partitions []string, after string, size int, keep func(release.Release) (bool, error)) ([]release.Release, string, error) {
	return releases.newest(ctx, t, partitions, after, size, func(r release.Release) (bool, error) {
		if r.ID == "" {
			return false, nil
		}
		return keep(r)
	})
}

// Targets reads the placements of a mini program on several targets at once, with the revisions they were read under;
// rev 0 where nothing ever was.
func Targets(ctx context.Context, t Table, targets []rollout.Target, miniProgram string) ([]rollout.Placement, []int64, error) {
	keys := make([]Key, len(targets))
	for i, target := range targets {
		keys[i] = placementKey(target, miniProgram)
	}
	out, revs, err := LoadAll[rollout.Placement](ctx, t, keys)
	for i := range out {
		out[i].MiniProgram, out[i].Target = miniProgram, targets[i]
	}
	return out, revs, err
}

// HoldPlacement makes the condition that a placement is still as it was read.
func HoldPlacement(p rollout.Placement, rev int64) Write {
	return Write{Op: Check, Key: placementKey(p.Target, p.MiniProgram), IfRev: rev}
}

// ReleasesByID reads releases in the order of their ids; one that is missing has no ID.
func ReleasesByID(ctx context.Context, t Table, ids []string) ([]release.Release, error) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = releaseKey(id)
	}
	out, _, err := LoadAll[release.Release](ctx, t, keys)
	return out, err
}

// SavePlacementAlone makes the writes of the scene's placement, under the revision it was read with.
func (s *Scene) SavePlacementAlone(p rollout.Placement) []Write {
	return SavePlacements([]rollout.Placement{p}, []int64{s.placementRev})
}

// OpenReleases reads the releases between under_review and full_release on some targets.
func OpenReleases(ctx context.Context, t Table, placements []rollout.Placement) ([]release.Release, error) {
	var ids []string
	for _, p := range placements {
		ids = append(ids, p.Open...)
	}
	return ReleasesByID(ctx, t, ids)
}
