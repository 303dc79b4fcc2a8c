package api

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"slipway/functions/internal/api/strict"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// CreateTargetApp answers POST /v1/workspaces/{workspace}/target-apps.
func CreateTargetApp(t store.Table) Handler {
	return Serve(t, Operations{"createTargetApp": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			ID           string                `json:"id"`
			Name         string                `json:"name"`
			Environments []catalog.Environment `json:"environments"`
			Settings     json.RawMessage       `json:"settings"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
		if err != nil {
			return Answer{}, err
		}
		if w.Kind != catalog.SuperApp {
			return Answer{}, fault.New(fault.Unprocessable, "not_a_superapp", "%s is a %s workspace; only superapp workspaces own target apps.", w.ID, w.Kind)
		}
		if in.Environments == nil {
			in.Environments = []catalog.Environment{catalog.Production}
		}
		a := catalog.TargetApp{ID: in.ID, Name: in.Name, Workspace: w.ID, Environments: in.Environments, CreatedAt: c.Now}
		if a.Settings, err = changedSettings(catalog.DefaultSettings(), in.Settings, "settings"); err != nil {
			return Answer{}, err
		}
		wrong := slices.Concat(catalog.Slug("id", a.ID), catalog.Title("name", a.Name),
			catalog.ValidateEnvironments("environments", a.Environments), a.Settings.Validate("settings", a.Environments))
		if err := fault.Fields(wrong); err != nil {
			return Answer{}, err
		}
		return c.startTargetApp(ctx, t, a)
	}})
}

func (c *Call) startTargetApp(ctx context.Context, t store.Table, a catalog.TargetApp) (Answer, error) {
	c.About(a.ID)
	event := c.Event("create_target_app")
	event.Workspace, event.Detail = a.Workspace, a.ID
	err := t.Transact(ctx, append(store.CreateTargetApp(a), store.EventWrites(event)...)...)
	if raced(err) {
		err = fault.New(fault.Conflict, "id_taken", "There is a target app %q already; choose another id.", a.ID)
	}
	return Answer{Status: 201, Body: a, ETag: ETag(1), Headers: map[string]string{"Location": "/v1/target-apps/" + a.ID}}, err
}

// changedSettings lays a JSON object over settings: what it names is replaced, at any depth, and the rest stays.
func changedSettings(base catalog.Settings, change json.RawMessage, path string) (catalog.Settings, error) {
	if len(change) == 0 {
		return base, nil
	}
	err := strict.Decode(change, &base)
	var f *fault.Error
	if errors.As(err, &f) && len(f.Fields) > 0 {
		for i, field := range f.Fields {
			f.Fields[i].Field = strings.Trim(path+"."+field.Field, ".")
		}
		return base, fault.Fields(f.Fields)
	}
	return base, err
}

// UpdateSettings answers PATCH /v1/target-apps/{targetApp}/settings: the settings that are named change. Releases
// that are under way go by the settings of the moment in which a step is taken.
func UpdateSettings(t store.Table) Handler {
	return Serve(t, Operations{"updateSettings": func(ctx context.Context, c *Call) (Answer, error) {
		var change json.RawMessage
		if err := c.DecodeBody(&change); err != nil {
			return Answer{}, err
		}
		return repeated(func() (Answer, error) { return c.saveSettings(ctx, t, change) })
	}})
}

func (c *Call) saveSettings(ctx context.Context, t store.Table, change json.RawMessage) (Answer, error) {
	a, rev, err := c.targetApp(ctx, t)
	if err != nil {
		return Answer{}, err
	}
	if !c.Actor.May(catalog.ManageWorkspace, catalog.Object{Workspace: a.Workspace, Kind: catalog.SuperApp}) {
		return Answer{}, forbidden(catalog.ManageWorkspace)
	}
	if err := c.MatchRev(rev); err != nil {
		return Answer{}, err
	}
	before, err := json.Marshal(withoutRuntime(a.Settings))
	if err != nil {
		return Answer{}, err
	}
	if a.Settings, err = changedSettings(a.Settings, change, ""); err != nil {
		return Answer{}, err
	}
	wrong := a.Settings.Validate("settings", a.Environments)
	for i := range wrong {
		wrong[i].Field = strings.TrimPrefix(wrong[i].Field, "settings.") // they are the whole body here
	}
	if err := fault.Fields(wrong); err != nil {
		return Answer{}, err
	}
	after, err := json.Marshal(withoutRuntime(a.Settings))
	if err != nil {
		return Answer{}, err
	}
	event := c.Event("update_settings")
	event.Workspace, event.Detail, event.Before, event.After = a.Workspace, a.ID, string(before), string(after)
	err = t.Transact(ctx, append(store.EventWrites(event), store.SaveTargetApp(a, rev))...)
	return Answer{Body: a, ETag: ETag(rev + 1)}, err
}

// withoutRuntime is what of the settings fits into a line of history.
func withoutRuntime(s catalog.Settings) map[string]any {
	return map[string]any{
		"sandboxReview": s.SandboxReview, "pilotTesting": s.PilotTesting, "partner": s.Partner, "approvalDays": s.ApprovalDays,
		"approvalSignIn": s.ApprovalSignIn, "scheme": s.Scheme, "baseLibrary": s.Runtime.BaseLibrary,
	}
}
