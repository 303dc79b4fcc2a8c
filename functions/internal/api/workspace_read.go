package api

import (
	"context"
	"slices"
	"strings"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// MeView is who asks, as the API answers it.
type MeView struct {
	Subject    string           `json:"subject"`
	Email      string           `json:"email,omitempty"`
	Name       string           `json:"name,omitempty"`
	Workspaces []MembershipView `json:"workspaces"`
	Token      *catalog.Token   `json:"token,omitempty"` // when a CI token asks
}

// MembershipView is a workspace with the role that somebody has in it.
type MembershipView struct {
	ID   string                `json:"id"`
	Name string                `json:"name"`
	Kind catalog.WorkspaceKind `json:"kind"`
	Role catalog.Role          `json:"role,omitempty"`
}

// ReadWorkspaces answers GET /v1/me and everything that is read of workspaces and target apps.
func ReadWorkspaces(t store.Table) Handler {
	with := func(read func(context.Context, *Call, store.Table) (Answer, error)) Operation {
		return func(ctx context.Context, c *Call) (Answer, error) { return read(ctx, c, t) }
	}
	return Serve(t, Operations{
		"readMe": with(readMe), "readWorkspace": with(readWorkspace), "listMembers": with(listMembers),
		"listWorkspaceTargetApps": with(listWorkspaceTargetApps), "listTokens": with(listTokens),
		"listWorkspaceEvents": with(listWorkspaceEvents), "listTargetApps": with(listTargetApps),
		"listWorkspaces": with(listWorkspaces), "readTargetApp": with(readTargetApp),
	})
}

func readMe(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	me := MeView{Subject: c.Actor.Subject, Email: c.Actor.Email, Name: c.Actor.Name, Workspaces: []MembershipView{}, Token: c.Actor.Token}
	memberships := c.Actor.Memberships
	if c.Actor.Token != nil {
		memberships = []catalog.Membership{{Workspace: c.Actor.Token.Workspace, Kind: c.Actor.Token.Kind}}
	}
	var keys []store.Key
	for _, m := range memberships {
		keys = append(keys, store.WorkspaceKey(m.Workspace))
	}
	workspaces, _, err := store.LoadAll[catalog.Workspace](ctx, t, keys)
	if err != nil {
		return Answer{}, err
	}
	for i, m := range memberships {
		me.Workspaces = append(me.Workspaces, MembershipView{ID: m.Workspace, Name: workspaces[i].Name, Kind: m.Kind, Role: m.Role})
	}
	return Answer{Body: me}, nil
}

func readWorkspace(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	w, err := c.workspace(ctx, t, c.Param("workspace"), "")
	return Answer{Body: w}, err
}

// listWorkspaces answers all workspaces to the operator, who makes them.
func listWorkspaces(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	if !c.Actor.May(catalog.CreateWorkspace, catalog.Object{Workspace: catalog.PlatformWorkspace, Kind: catalog.Platform}) {
		return Answer{}, fault.New(fault.Forbidden, "forbidden", "Only an admin of the platform sees all workspaces; GET /v1/me has your own.")
	}
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	workspaces, err := store.AllWorkspaces(ctx, t, after, size)
	return Answer{Body: NewList(workspaces.Items, c.next(workspaces.Next))}, err
}

// listMembers answers everybody in a workspace. It is for those who manage it; the others are not told who they are.
func listMembers(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
	if err != nil {
		return Answer{}, err
	}
	members, err := store.Members(ctx, t, w.ID)
	if err != nil {
		return Answer{}, err
	}
	return paged(c, members, func(m catalog.Member) string { return m.Email })
}

// paged answers one page of a list that is bounded and already in the order of its keys.
func paged[T any](c *Call, all []T, key func(T) string) (Answer, error) {
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	from, _ := slices.BinarySearchFunc(all, after, func(v T, after string) int {
		if strings.Compare(key(v), after) > 0 {
			return 1
		}
		return -1
	})
	next := ""
	if all = all[from:]; len(all) > size {
		all = all[:size]
		next = c.NextPage(key(all[size-1]))
	}
	return Answer{Body: NewList(all, next)}, nil
}

func listWorkspaceTargetApps(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	w, err := c.workspace(ctx, t, c.Param("workspace"), "")
	if err != nil {
		return Answer{}, err
	}
	apps, err := store.TargetApps(ctx, t, w.ID)
	if err != nil {
		return Answer{}, err
	}
	return paged(c, apps, func(a catalog.TargetApp) string { return a.ID })
}

func listTokens(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
	if err != nil {
		return Answer{}, err
	}
	records, err := store.Tokens(ctx, t, w.ID)
	if err != nil {
		return Answer{}, err
	}
	tokens := make([]catalog.Token, len(records))
	for i, r := range records {
		tokens[i] = r.Token
	}
	return paged(c, tokens, func(k catalog.Token) string { return k.ID })
}

func listWorkspaceEvents(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
	if err != nil {
		return Answer{}, err
	}
	return c.listEvents(ctx, t, store.EventsOfWorkspace(w.ID), allEvents)
}

// listTargetApps answers all target apps: everybody who is a member somewhere may know where one can release to.
func listTargetApps(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	if !c.known() {
		return Answer{Body: NewList[catalog.TargetApp](nil, "")}, nil
	}
	apps, err := store.AllTargetApps(ctx, t, after, size)
	if err != nil {
		return Answer{}, err
	}
	return Answer{Body: NewList(apps.Items, c.next(apps.Next))}, nil
}

func (c *Call) known() bool { return c.Actor.Token != nil || len(c.Actor.Memberships) > 0 }

func readTargetApp(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	a, rev, err := c.targetApp(ctx, t)
	return Answer{Body: a, ETag: ETag(rev)}, err
}

func (c *Call) targetApp(ctx context.Context, t store.Table) (catalog.TargetApp, int64, error) {
	id := c.Param("targetApp")
	a, rev, err := store.TargetApp(ctx, t, id)
	if err == nil && (rev == 0 || !c.known()) {
		err = fault.New(fault.NotFound, "no_such_target_app", "There is no target app %.80q; GET /v1/target-apps lists them.", id)
	}
	return a, rev, err
}
