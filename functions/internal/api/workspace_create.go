package api

import (
	"context"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// CreateWorkspace answers POST /v1/workspaces: an organisation's account with the person who manages it first. The
// operator makes it and is no member of it: from then on it belongs to its own people. With renew it names another first
// person, as long as nobody has ever come in: a mistyped address would otherwise take the id for good.
func CreateWorkspace(t store.Table) Handler {
	return Serve(t, Operations{"createWorkspace": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			ID    string                `json:"id"`
			Name  string                `json:"name"`
			Kind  catalog.WorkspaceKind `json:"kind"`
			Admin string                `json:"admin"`
			Renew bool                  `json:"renew"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		// First of all: others must not learn here which ids are taken.
		if !c.Actor.May(catalog.CreateWorkspace, catalog.Object{Workspace: catalog.PlatformWorkspace, Kind: catalog.Platform}) {
			return Answer{}, forbidden(catalog.CreateWorkspace)
		}
		w := catalog.Workspace{ID: in.ID, Name: in.Name, Kind: in.Kind, CreatedAt: c.Now}
		if err := fault.Fields(slices.Concat(catalog.ValidateNewWorkspace(w), catalog.ValidateEmail("admin", in.Admin))); err != nil {
			return Answer{}, err
		}
		email, _ := catalog.NormalEmail(in.Admin)
		if in.Renew {
			return repeated(func() (Answer, error) { return c.renewWorkspace(ctx, t, w, email) })
		}
		return c.foundWorkspace(ctx, t, w, email)
	}})
}

// renewWorkspace gives a workspace another first person in place of one who has never come in.
func (c *Call) renewWorkspace(ctx context.Context, t store.Table, in catalog.Workspace, email string) (Answer, error) {
	c.About(in.ID)
	w, rev, err := store.Workspace(ctx, t, in.ID)
	if err != nil {
		return Answer{}, err
	}
	if rev == 0 || w.Name != in.Name || w.Kind != in.Kind {
		return Answer{}, fault.New(fault.NotFound, "no_such_workspace", "There is no workspace %q with this name and kind; GET /v1/workspaces lists them.", in.ID)
	}
	first := catalog.Member{Workspace: w.ID, Kind: w.Kind, Email: email, Role: catalog.FirstRole(w.Kind), AddedAt: c.Now}
	writes, alone, err := store.ReplaceNewcomer(ctx, t, first)
	if err != nil {
		return Answer{}, err
	}
	if writes == nil {
		return Answer{}, fault.New(fault.Conflict, "has_people", "Workspace %q has people already, or %s is who it was made for; its own people manage it.", w.ID, email)
	}
	own, operator := c.Event("set_member"), c.Event("set_member")
	own.Workspace, own.Before, own.After, own.Detail = w.ID, alone, email, "before anybody came in"
	operator.Workspace, operator.Before, operator.After, operator.Detail = catalog.PlatformWorkspace, alone, email, w.ID
	return Answer{Body: w}, t.Transact(ctx, slices.Concat(writes, store.EventWrites(own), store.EventWrites(operator))...)
}

func (c *Call) foundWorkspace(ctx context.Context, t store.Table, w catalog.Workspace, email string) (Answer, error) {
	c.About(w.ID)
	first := catalog.Member{Workspace: w.ID, Kind: w.Kind, Email: email, Role: catalog.FirstRole(w.Kind), AddedAt: c.Now}
	// In its own history and in the operator's, who cannot read the former.
	own, operator := c.Event("create_workspace"), c.Event("create_workspace")
	own.Workspace, own.After, own.Detail = w.ID, string(w.Kind), email
	operator.Workspace, operator.After, operator.Detail = catalog.PlatformWorkspace, string(w.Kind), w.ID+", managed by "+email
	err := t.Transact(ctx, slices.Concat(store.FoundWorkspace(w, first), store.EventWrites(own), store.EventWrites(operator))...)
	if raced(err) {
		err = fault.New(fault.Conflict, "id_taken", "There is a workspace %q already; choose another id.", w.ID)
	}
	return Answer{Status: 201, Body: w, Headers: map[string]string{"Location": "/v1/workspaces/" + w.ID}}, err
}
