package api

import (
	"context"
	"errors"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// maxPage is the largest page of a list.
const maxPage = 100

// maxTries bounds how often a change is repeated because somebody else changed the same record at the same moment.
const maxTries = 6

// repeated runs a change (load, decide, write under the revision that was read) again while another change wins the
// race, so that people only hear of real conflicts.
func repeated(change func() (Answer, error)) (a Answer, err error) {
	for range maxTries {
		if a, err = change(); !raced(err) {
			return a, err
		}
	}
	return a, err
}

func raced(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == "write_conflict"
}

// workspace is the workspace id, for an action that the caller may take there. To somebody who has nothing to do with
// it, a workspace that exists and one that does not are the same NotFound.
func (c *Call) workspace(ctx context.Context, t store.Table, id string, action catalog.Action) (catalog.Workspace, error) {
	none := fault.New(fault.NotFound, "no_such_workspace", "There is no workspace %.80q.", id)
	if !c.belongs(id) {
		return catalog.Workspace{}, none
	}
	w, rev, err := store.Workspace(ctx, t, id)
	if err == nil && rev == 0 {
		err = none
	}
	if err != nil {
		return w, err
	}
	if action != "" && !c.Actor.May(action, catalog.Object{Workspace: w.ID, Kind: w.Kind}) {
		return w, forbidden(action)
	}
	return w, nil
}

func forbidden(action catalog.Action) error {
	return fault.New(fault.Forbidden, "forbidden", "%s", action.Why())
}

// belongs says whether the caller is a member of the workspace, or a CI token of it.
func (c *Call) belongs(workspace string) bool {
	if c.Actor.Token != nil {
		return c.Actor.Token.Workspace == workspace
	}
	return slices.ContainsFunc(c.Actor.Memberships, func(m catalog.Membership) bool { return m.Workspace == workspace })
}

// objectOf is a mini program as the permission matrix asks about it.
func objectOf(a catalog.Actor, m catalog.MiniProgram) catalog.Object {
	return catalog.Object{Workspace: m.Workspace, Kind: m.WorkspaceKind, MiniProgramRole: m.RoleOf(a.Email)}
}

// miniProgram is the mini program {id} of the path, for an action that the caller may take on it.
func (c *Call) miniProgram(ctx context.Context, t store.Table, action catalog.Action) (catalog.MiniProgram, error) {
	m, _, err := c.miniProgramRev(ctx, t, action)
	return m, err
}

// miniProgramRev is miniProgram with the revision that was read. To those who may not see it, a mini program that
// exists and one that does not are the same NotFound.
func (c *Call) miniProgramRev(ctx context.Context, t store.Table, action catalog.Action) (catalog.MiniProgram, int64, error) {
	id := c.Param("id")
	m, rev, err := store.MiniProgram(ctx, t, id)
	if err != nil {
		return m, 0, err
	}
	if rev > 0 && c.Actor.May(action, objectOf(c.Actor, m)) {
		return m, rev, nil
	}
	var seen []catalog.MiniProgram
	if rev > 0 {
		if seen, err = c.seen(ctx, t, []catalog.MiniProgram{m}); err != nil {
			return m, 0, err
		}
	}
	switch {
	case len(seen) == 0:
		return catalog.MiniProgram{}, 0, fault.New(fault.NotFound, "no_such_mini_program", "There is no mini program %.80q.", id)
	case action != catalog.SeeMiniProgram:
		return catalog.MiniProgram{}, 0, forbidden(action)
	}
	return m, rev, nil
}

// seen keeps those of the mini programs that the caller sees, as one of their people or as staff of whom they were
// released to.
func (c *Call) seen(ctx context.Context, t store.Table, all []catalog.MiniProgram) ([]catalog.MiniProgram, error) {
	var asked, mine []string
	for _, s := range c.Actor.Memberships {
		if s.Kind == catalog.SuperApp || s.Kind == catalog.Platform {
			mine = append(mine, s.Workspace)
		}
	}
	for _, m := range all {
		if len(mine) > 0 && !c.Actor.May(catalog.SeeMiniProgram, objectOf(c.Actor, m)) {
			asked = append(asked, m.ID)
		}
	}
	hosts, err := store.SeenBy(ctx, t, asked, mine)
	if err != nil {
		return nil, err
	}
	var out []catalog.MiniProgram
	for _, m := range all {
		o := objectOf(c.Actor, m)
		o.AppWorkspaces = hosts[m.ID]
		if c.Actor.May(catalog.SeeMiniProgram, o) {
			out = append(out, m)
		}
	}
	return out, nil
}

// listEvents answers a history, newest first, without what keep leaves out: a page is as long then as it would be if that
// had never been.
func (c *Call) listEvents(ctx context.Context, t store.Table, of store.Range, keep keepEvents) (Answer, error) {
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	var out []store.Event
	for want := size; want > 0; want = size - len(out) {
		events, err := store.ReadSlice[store.Event](ctx, t, of, after, want, true)
		if err != nil {
			return Answer{}, err
		}
		read := len(events.Items)
		if events.Items, err = keep(ctx, t, events.Items); err != nil {
			return Answer{}, err
		}
		out, after = append(out, events.Items...), events.Next
		if after == "" || read < want { // the end, or as much as an answer may hold
			break
		}
	}
	return Answer{Body: NewList(out, c.next(after))}, nil
}

// keepEvents leaves out the events that are not for the caller.
type keepEvents func(context.Context, store.Table, []store.Event) ([]store.Event, error)

func allEvents(_ context.Context, _ store.Table, events []store.Event) ([]store.Event, error) {
	return events, nil
}

// next is the token of the following page, "" when there is none.
func (c *Call) next(after string) string {
	if after == "" {
		return ""
	}
	return c.NextPage(after)
}
