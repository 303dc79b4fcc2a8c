package task

import (
	"context"
	"fmt"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// followRemoval makes the writes of what follows from the end of a force removal request. An approval stops serving
// the mini program in this very transaction; the machine then stops and maps the releases.
func followRemoval(ctx context.Context, t store.Table, q *store.RequestRecord, cmd release.Command) ([]store.Write, error) {
	event := removalEvent(*q, cmd)
	writes := append(store.UnlockRequest(q.Request), store.EventWrites(event)...)
	writes = append(writes, store.WorkspaceEvent(q.Parties[0].Workspace, event)) // the merchant may never know of it
	if q.Status == approval.Approved {
		more, err := remove(ctx, t, q, cmd)
		return append(writes, more...), err
	}
	notice, err := endedNotice(q.Request, cmd, "")
	if err != nil || notice == nil {
		return writes, err
	}
	return append(writes, store.NoticeWrite(*notice)), nil
}

func removalEvent(q store.RequestRecord, cmd release.Command) store.Event {
	e := requestEvent(q.Request, cmd, q.Reason)
	e.Action = string(q.Category) + "-" + string(q.Status)
	return e
}

// remove marks every placement of the chosen apps, and leaves the note for the people of the mini program.
func remove(ctx context.Context, t store.Table, q *store.RequestRecord, cmd release.Command) ([]store.Write, error) {
	placements, revs, err := removalPlacements(ctx, t, q.Request)
	if err != nil {
		return nil, err
	}
	if !removal.Served(placements) && !anyLive(ctx, t, placements) {
		q.Outcome = "Nothing was left to remove: no release was in grayscale or fully released any more."
		return holdAll(placements, revs), nil
	}
	m, rev, err := store.MiniProgram(ctx, t, q.MiniProgram)
	if err != nil {
		return nil, err
	}
	removed, touched := removal.Remove(placements, cmd.At)
	writes := store.SavePlacements(removed, revs)
	for _, target := range q.Targets {
		if envs := touched[target.TargetApp]; len(envs) > 0 {
			m = m.Removed(catalog.RemovalNote{
				Request: q.ID, TargetApp: target.TargetApp, Environments: envs, Reason: q.Reason, Workspace: q.Parties[0].Workspace, By: q.Parties[0].Name, At: cmd.At,
			})
		}
	}
	return append(writes, store.SaveMiniProgram(m, rev)), nil
}

// holdAll lets what was found not hold any more when something went live meanwhile; it is looked at again then.
func holdAll(placements []rollout.Placement, revs []int64) []store.Write {
	var writes []store.Write
	for i, p := range placements {
		writes = append(writes, store.HoldPlacement(p, revs[i]))
	}
	return writes
}

// anyLive looks at the statuses too: a grayscale at 0 % serves nobody and is live all the same.
func anyLive(ctx context.Context, t store.Table, placements []rollout.Placement) bool {
	open, err := store.OpenReleases(ctx, t, placements)
	return err != nil || removal.Live(open) // when in doubt, remove
}

func removalPlacements(ctx context.Context, t store.Table, q approval.Request) ([]rollout.Placement, []int64, error) {
	var apps []string
	for _, target := range q.Targets {
		apps = append(apps, target.TargetApp)
	}
	return store.Targets(ctx, t, removal.Targets(apps), q.MiniProgram)
}

// StopMachines stops what runs for the releases that a removal found open. One that cannot be stopped comes to its
// end by itself, because nothing that it does is accepted any more.
func StopMachines(t store.Table, w release.Stopper) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		releases, err := removing(ctx, t, in.Request)
		if err != nil {
			return nil, err
		}
		for _, r := range releases {
			if err := w.Stop(ctx, "release", store.ExecutionName(r), "force removed by request "+in.Request); err != nil {
				return nil, err
			}
		}
		return Done{}, nil
	})
}

func removing(ctx context.Context, t store.Table, request string) ([]release.Release, error) {
	q, _, err := store.MustRequest(ctx, t, request)
	if err != nil {
		return nil, err
	}
	placements, _, err := removalPlacements(ctx, t, q.Request)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, p := range placements {
		ids = append(ids, p.Removing...)
	}
	return store.ReleasesByID(ctx, t, ids)
}

// MapReleases brings every release that a removal found open to the status the lifecycle says, each in a transaction
// of its own, so that a crash leaves the rest for the next try.
func MapReleases(t store.Table, w release.Starter) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		releases, err := removing(ctx, t, in.Request)
		if err != nil {
			return nil, err
		}
		for _, r := range releases {
			var notice *store.Notice
			err := Again(ctx, func() (err error) {
				notice, err = mapRelease(ctx, t, in.Request, r.ID, in.Now)
				return err
			})
			if err != nil {
				return nil, err
			}
			if notice == nil {
				continue
			}
			if err := w.Start(ctx, notice.Start.Machine, notice.Start.Name, notice.Start.Input); err != nil {
				return nil, err
			}
		}
		return Done{}, nil
	})
}

// mapRelease maps one release, with the pending request of one under review, which the system withdraws. That one
// goes on with a new execution, because its old one was stopped; its start comes back.
func mapRelease(ctx context.Context, t store.Table, request, id string, now time.Time) (*store.Notice, error) {
	q, rev, err := store.MustRequest(ctx, t, request)
	if err != nil {
		return nil, err
	}
	s, err := store.LoadScene(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if !removal.Maps(s.Release.Status) {
		p := s.Placement.Mapped(id)
		return nil, t.Transact(ctx, s.SavePlacementAlone(p)...)
	}
	cmd := release.Command{
		ID: store.DerivedID("r", request+"/"+id), Action: release.ForceRemove, Actor: System, Via: "system", At: now, Reason: q.Reason,
	}
	out, err := release.Carry(s.Scene, cmd)
	if err != nil {
		return nil, err
	}
	before := s.Release
	out.Release.LastCommand, out.Release.Refusal, out.Release.Token = cmd.ID, nil, ""
	var start *store.Notice
	if out.Release.Status == release.NewVersionCreated {
		out.Release.Execution++
		out.Release.Rounds = 0
		n := store.StartRelease(out.Release, startState[out.Release.Status])
		start = &n
	}
	writes, r := s.Save(out)
	q.Changes = append(q.Changes, approval.Change{
		Release: r.ID, Version: r.Version, TargetApp: r.TargetApp, Environment: r.Environment, From: string(before.Status), To: string(r.Status),
	})
	writes = append(writes, store.SaveRequest(q, rev))
	writes = append(writes, store.EventWrites(eventOf(before, r, cmd, "by request "+q.ID))...)
	if start != nil {
		writes = append(writes, store.NoticeWrite(*start))
	}
	more, err := withdrawForRemoval(ctx, t, before, q.Request, now)
	if err != nil {
		return nil, err
	}
	return start, t.Transact(ctx, append(writes, more...)...)
}

// withdrawForRemoval ends what is asked about a release, naming the cause: to let it go live, or to take it offline.
func withdrawForRemoval(ctx context.Context, t store.Table, r release.Release, cause approval.Request, now time.Time) ([]store.Write, error) {
	switch r.Status {
	case release.FullRelease:
		return overtake(ctx, t, r, forceRemoved, removedBy(cause), now)
	case release.UnderReview:
	default:
		return nil, nil
	}
	q, rev, err := store.Request(ctx, t, r.Request)
	if err != nil || rev == 0 || q.Status != approval.Pending {
		return nil, err
	}
	return withdrawBySystem(q, rev, forceRemoved, removedBy(cause), now)
}

func removedBy(cause approval.Request) string {
	return fmt.Sprintf("%s force removed %s.", cause.Parties[0].Name, cause.MiniProgramName)
}
