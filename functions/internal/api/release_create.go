package api

import (
	"context"
	"fmt"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// CreateRelease answers POST /v1/mini-programs/{id}/versions/{number}/releases: one version to one target. Its
// machine starts with it; a dsl mini program builds by itself.
func CreateRelease(t store.Table, w release.Starter) Handler {
	return Serve(t, Operations{"createRelease": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			TargetApp     string                 `json:"targetApp"`
			Environment   catalog.Environment    `json:"environment"`
			Configuration *catalog.Configuration `json:"configuration"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		m, err := c.miniProgram(ctx, t, catalog.ReleaseVersion)
		if err != nil {
			return Answer{}, err
		}
		version, err := c.releasable(ctx, t, m)
		if err != nil {
			return Answer{}, err
		}
		app, err := releaseTarget(ctx, t, m, in.TargetApp, in.Environment)
		if err != nil {
			return Answer{}, err
		}
		r := newRelease(c, m, version, app, in.Environment)
		if in.Configuration != nil {
			if err := fault.Fields(in.Configuration.Validate("configuration", true)); err != nil {
				return Answer{}, err
			}
			r.Configuration = *in.Configuration
		}
		return c.startRelease(ctx, t, w, r)
	}})
}

// releasable is the version in the path, if it can be released.
func (c *Call) releasable(ctx context.Context, t store.Table, m catalog.MiniProgram) (catalog.Version, error) {
	v, err := store.Version(ctx, t, m.ID, c.Param("number"))
	if err != nil {
		return v, err
	}
	if v.Status != catalog.Submitted {
		return v, fault.New(fault.Conflict, "not_submitted", "Version %s is not submitted yet: upload the project, then POST to its submit.", v.Number)
	}
	return v, nil
}

// releaseTarget is the app that was chosen, if it has the environment and takes this mini program.
func releaseTarget(ctx context.Context, t store.Table, m catalog.MiniProgram, id string, env catalog.Environment) (catalog.TargetApp, error) {
	if id == "" || env == "" {
		return catalog.TargetApp{}, fault.Fields([]fault.Field{{Field: "targetApp", Detail: "choose a target app and an environment: both are required"}})
	}
	if !nameable(id) {
		return catalog.TargetApp{}, fault.Fields([]fault.Field{{Field: "targetApp", Detail: notAnID}})
	}
	app, rev, err := store.Load[catalog.TargetApp](ctx, t, store.TargetAppKey(id))
	if err != nil {
		return app, err
	}
	if rev == 0 {
		return app, fault.Fields([]fault.Field{{Field: "targetApp", Detail: fmt.Sprintf("there is no target app %q; GET /v1/target-apps lists them", id)}})
	}
	if !slices.Contains(app.Environments, env) {
		return app, fault.Fields([]fault.Field{{Field: "environment", Detail: fmt.Sprintf("%s has no environment %q; it has %v", app.ID, env, app.Environments)}})
	}
	if app.Settings.Partner && env != catalog.Production {
		return app, fault.Fields([]fault.Field{{Field: "environment", Detail: "only production of a partner app can be chosen"}})
	}
	if app.Settings.Partner && m.WorkspaceKind != catalog.Partner {
		return app, fault.New(fault.Forbidden, "partner_only", "%s is a partner app: only mini programs of partner workspaces are released to it.", app.Name)
	}
	return app, nil
}

func newRelease(c *Call, m catalog.MiniProgram, v catalog.Version, app catalog.TargetApp, env catalog.Environment) release.Release {
	r := release.Release{
		ID: c.NewID("rel"), MiniProgram: m.ID, Workspace: m.Workspace, Type: string(m.Type), Version: v.Number,
		TargetApp: app.ID, Environment: env, Status: release.NewVersionCreated, Build: release.Building, Compatibility: release.Untested,
		Salt: c.NewID("salt"), EntranceURL: v.EntranceURL, Notes: v.Notes, CreatedBy: c.person(), CreatedAt: c.Now, UpdatedAt: c.Now, Execution: 1,
		Testers: m.Configuration.Testers,
	}
	if m.Type == catalog.H5 {
		r.Build = release.Built
	}
	return r
}

func (c *Call) startRelease(ctx context.Context, t store.Table, w release.Starter, r release.Release) (Answer, error) {
	if r.Configuration.Testers != nil {
		r.Testers = r.Configuration.Testers
	}
	notice := store.StartRelease(r, "Build")
	event := c.Event("create")
	event.MiniProgram, event.Workspace, event.Release, event.After = r.MiniProgram, r.Workspace, r.ID, string(r.Status)
	event.Actor, event.Detail = r.CreatedBy, fmt.Sprintf("%s to %s %s", r.Version, r.TargetApp, r.Environment)
	writes := append(store.CreateRelease(r), store.NoticeWrite(notice))
	err := t.Transact(ctx, append(writes, store.EventWrites(event)...)...)
	if store.IsConflict(err) {
		other, findErr := store.ReleaseOf(ctx, t, r)
		if findErr == nil && other != "" {
			return Answer{}, fault.New(fault.Conflict, "already_released",
				"Version %s already has a release to %s %s: %s. A version goes to a target once; upload a new version to try again.",
				r.Version, r.TargetApp, r.Environment, other)
		}
	}
	if err != nil {
		return Answer{}, err
	}
	// The outbox starts the machine if this does not: nothing is lost when it fails, it only takes longer.
	_ = w.Start(ctx, notice.Start.Machine, notice.Start.Name, notice.Start.Input)
	s, err := store.LoadScene(ctx, t, r.ID)
	if err != nil {
		return Answer{}, err
	}
	a := answerScene(202, s)
	a.Headers = map[string]string{"Location": "/v1/releases/" + r.ID}
	return a, nil
}

// person is who acts, for records. Behind a CI token stands the person who made it: mails go there, and what the
// token asked for that person cannot decide.
func (c *Call) person() catalog.Person {
	p := c.Actor.Person
	if c.Actor.Token != nil {
		p.Email = c.Actor.Token.CreatedBy.Email
	}
	return p
}
