package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/review"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// ForceRemove answers POST /v1/mini-programs/{id}/force-removals: a request to take a mini program out of every
// environment of the chosen apps, decided by somebody else of the same super app.
func ForceRemove(t store.Table, w release.Starter, packages release.Keeper, whole Inspect) Handler {
	return Serve(t, Operations{"forceRemove": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			TargetApps []string `json:"targetApps"`
			Reason     string   `json:"reason"`
			Images     []string `json:"images"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		if err := approval.CheckReason(in.Reason); err != nil {
			return Answer{}, err
		}
		m, err := c.miniProgram(ctx, t, catalog.SeeMiniProgram)
		if err != nil {
			return Answer{}, err
		}
		apps, err := c.removableFrom(ctx, t, m, in.TargetApps)
		if err != nil {
			return Answer{}, err
		}
		if err := stillLive(ctx, t, m.ID, in.TargetApps); err != nil {
			return Answer{}, err
		}
		q := c.newRequest(m, approval.ForceRemoval, apps[0])
		q.Reason = in.Reason
		for _, app := range apps {
			q.Targets = append(q.Targets, approval.Target{TargetApp: app.ID})
		}
		if q.Images, err = checkedImages(ctx, t, packages, whole, m.ID, in.Images); err != nil {
			return Answer{}, err
		}
		party, _, err := review.PartyOf(ctx, t, "app", apps[0].Workspace, q.Category, q.SubmittedBy)
		if err != nil {
			return Answer{}, err
		}
		q.Parties = []approval.Party{party}
		return c.submitRequest(ctx, t, w, q, "removal", map[string]any{"request": q.ID, "seconds": seconds(q.Request)})
	}})
}

// removableFrom are the chosen apps, if the caller is an admin of the super app that owns every one of them.
func (c *Call) removableFrom(ctx context.Context, t store.Table, m catalog.MiniProgram, ids []string) ([]catalog.TargetApp, error) {
	if len(ids) == 0 || len(ids) > removal.MaxApps {
		return nil, fault.Fields([]fault.Field{{Field: "targetApps", Detail: fmt.Sprintf("choose 1 to %d target apps", removal.MaxApps)}})
	}
	var apps []catalog.TargetApp
	var wrong []fault.Field
	for i, id := range ids {
		field := fmt.Sprintf("targetApps[%d]", i)
		if !nameable(id) {
			return nil, fault.Fields([]fault.Field{{Field: field, Detail: notAnID}})
		}
		app, rev, err := store.TargetApp(ctx, t, id)
		if err != nil {
			return nil, err
		}
		o := objectOf(c.Actor, m)
		o.AppWorkspaces = []string{app.Workspace}
		switch {
		case slices.Contains(ids[:i], id):
			wrong = append(wrong, fault.Field{Field: field, Detail: "is named twice"})
		case rev == 0:
			wrong = append(wrong, fault.Field{Field: field, Detail: fmt.Sprintf("there is no target app %q", id)})
		case m.Workspace == app.Workspace:
			return nil, fault.New(fault.Forbidden, "own_mini_program", "A super app force removes other workspaces' mini programs; its own it takes offline.")
		case !c.Actor.May(catalog.ForceRemove, o):
			return nil, fault.New(fault.Forbidden, "forbidden", "Only an admin of the workspace that owns %s may force remove from it.", id)
		case len(apps) > 0 && apps[0].Workspace != app.Workspace:
			return nil, fault.New(fault.Forbidden, "several_owners", "All chosen apps must belong to one workspace; ask for the others in a request of their own.")
		}
		apps = append(apps, app)
	}
	return apps, fault.Fields(wrong)
}

// stillLive holds the precondition of a force removal at submission.
func stillLive(ctx context.Context, t store.Table, miniProgram string, apps []string) error {
	open, err := openOn(ctx, t, miniProgram, removal.Targets(apps))
	if err != nil {
		return err
	}
	if !removal.Live(open) {
		return removal.NothingLive(apps)
	}
	return nil
}

func openOn(ctx context.Context, t store.Table, miniProgram string, targets []rollout.Target) ([]release.Release, error) {
	placements, _, err := store.Targets(ctx, t, targets, miniProgram)
	if err != nil {
		return nil, err
	}
	return store.OpenReleases(ctx, t, placements)
}

// RequestOffline answers POST /v1/mini-programs/{id}/offline-requests: to stop serving a mini program on one target.
func RequestOffline(t store.Table, w release.Starter) Handler {
	return Serve(t, Operations{"requestOffline": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			TargetApp   string              `json:"targetApp"`
			Environment catalog.Environment `json:"environment"`
			Reason      string              `json:"reason"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		if err := approval.CheckReason(in.Reason); err != nil {
			return Answer{}, err
		}
		m, err := c.miniProgram(ctx, t, catalog.ReleaseVersion)
		if err != nil {
			return Answer{}, err
		}
		app, err := releaseTarget(ctx, t, m, in.TargetApp, in.Environment)
		if err != nil {
			return Answer{}, err
		}
		target := rollout.Target{TargetApp: app.ID, Environment: string(in.Environment)}
		open, err := openOn(ctx, t, m.ID, []rollout.Target{target})
		if err != nil {
			return Answer{}, err
		}
		full, rev, err := stillFull(ctx, t, open, target)
		if err != nil {
			return Answer{}, err
		}
		q := c.newRequest(m, approval.Offline, app)
		q.Reason, q.Version, q.Release = in.Reason, full.Version, full.ID
		q.Targets = []approval.Target{{TargetApp: app.ID, Environment: in.Environment}}
		reviewed, parties := "no", []string{}
		if in.Environment == catalog.Production || in.Environment == catalog.Sandbox && app.Settings.SandboxReview {
			if q.Parties, err = review.PartiesOf(ctx, t, app, q.Category, q.SubmittedBy); err != nil {
				return Answer{}, err
			}
			reviewed = "yes"
			for _, p := range q.Parties {
				parties = append(parties, p.ID)
			}
		} else {
			q.End(approval.Approved, "", c.Now)
		}
		input := map[string]any{"request": q.ID, "seconds": seconds(q.Request), "review": reviewed, "parties": parties}
		return c.submitRequest(ctx, t, w, q, "offline", input, store.TouchRelease(full, rev))
	}})
}

// stillFull finds the release to take offline, with the revision under which it is: what archives it ends the requests
// that it finds about it, and must not miss one that is being made.
func stillFull(ctx context.Context, t store.Table, open []release.Release, target rollout.Target) (release.Release, int64, error) {
	full, err := removal.Offline(open, target)
	if err != nil {
		return full, 0, err
	}
	full, rev, err := store.Release(ctx, t, full.ID)
	if err != nil {
		return full, 0, err
	}
	full, err = removal.Offline([]release.Release{full}, target)
	return full, rev, err
}

func (c *Call) newRequest(m catalog.MiniProgram, category approval.Category, app catalog.TargetApp) store.RequestRecord {
	return store.RequestRecord{Execution: 1, Request: approval.Request{
		ID: c.NewID("rq"), Category: category, MiniProgram: m.ID, MiniProgramName: m.Name(), Workspace: m.Workspace, TargetName: app.Name,
		SubmittedBy: c.person(), CreatedAt: c.Now, ExpiresAt: c.Now.AddDate(0, 0, app.Settings.ApprovalDays), Status: approval.Pending,
		SignIn: app.Settings.ApprovalSignIn, Parties: []approval.Party{},
	}}
}

func seconds(q approval.Request) int64 { return int64(q.ExpiresAt.Sub(q.CreatedAt).Seconds()) }

// submitRequest keeps a request, with what is written beside it, and starts its machine. A second one for the same target is refused, naming the first.
func (c *Call) submitRequest(ctx context.Context, t store.Table, w release.Starter, q store.RequestRecord, machine string, input map[string]any, beside ...store.Write) (Answer, error) {
	data, err := json.Marshal(input)
	if err != nil {
		return Answer{}, err
	}
	start := store.Notice{ID: "start-" + q.ID, Kind: store.NoticeStart, Start: &store.StartNotice{Machine: machine, Name: q.ID, Input: data}}
	event := c.Event(string(q.Category) + "-requested")
	event.Actor, event.MiniProgram, event.Workspace, event.Release, event.Request = q.SubmittedBy, q.MiniProgram, q.Workspace, q.Release, q.ID
	event.After, event.Detail = string(q.Status), q.Reason
	writes := append(store.CreateRequest(q), store.LockRequest(q.Request)...)
	writes = append(append(append(writes, store.NoticeWrite(start)), store.EventWrites(event)...), beside...)
	if q.Category == approval.ForceRemoval { // the merchant may never know of it
		writes = append(writes, store.WorkspaceEvent(q.Parties[0].Workspace, event))
	}
	err = t.Transact(ctx, writes...)
	if store.IsConflict(err) {
		if other, findErr := store.PendingLike(ctx, t, q.Request); findErr == nil && other != "" {
			return Answer{}, fault.New(fault.Conflict, "already_requested", "Request %s for the same target is pending; withdraw it, or wait for the decision.", other)
		}
	}
	if err != nil {
		return Answer{}, err
	}
	// The outbox starts the machine if this does not: nothing is lost when it fails, it only takes longer.
	_ = w.Start(ctx, machine, q.ID, data)
	if q.Status == approval.Approved {
		if q, err = lookRequest(ctx, t, q.ID, func(q store.RequestRecord) bool { return q.Notified }); err != nil {
			return Answer{}, err
		}
	}
	return Answer{Status: 202, Body: c.requestView(q.Request), Headers: map[string]string{"Location": "/v1/requests/" + q.ID}}, nil
}
