package api

import (
	"context"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// SetMember answers PUT /v1/workspaces/{workspace}/members/{email}: a new member, or another role.
func SetMember(t store.Table) Handler {
	return Serve(t, Operations{"setMember": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			Role catalog.Role `json:"role"`
			Name string       `json:"name"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
		if err != nil {
			return Answer{}, err
		}
		wrong := slices.Concat(catalog.ValidateEmail("email", c.email()), catalog.ValidateRole("role", w.Kind, in.Role))
		if in.Name != "" {
			wrong = append(wrong, catalog.Title("name", in.Name)...)
		}
		if err := fault.Fields(wrong); err != nil {
			return Answer{}, err
		}
		email, _ := catalog.NormalEmail(c.email())
		m := catalog.Member{Workspace: w.ID, Kind: w.Kind, Email: email, Name: in.Name, Role: in.Role, AddedAt: c.Now}
		return repeated(func() (Answer, error) { return c.saveMember(ctx, t, m) })
	}})
}

func (c *Call) saveMember(ctx context.Context, t store.Table, m catalog.Member) (Answer, error) {
	old, rev, err := store.Member(ctx, t, m.Workspace, m.Email)
	if err != nil {
		return Answer{}, err
	}
	var guard []store.Write
	status := 201
	if rev > 0 {
		status, m.AddedAt = 200, old.AddedAt
		if m.Name == "" {
			m.Name = old.Name
		}
		if guard, err = c.anotherManager(ctx, t, old, m.Role); err != nil {
			return Answer{}, err
		}
	}
	event := c.Event("set_member")
	event.Workspace, event.Before, event.After, event.Detail = m.Workspace, string(old.Role), string(m.Role), m.Email
	err = t.Transact(ctx, slices.Concat(store.SaveMember(m, rev), guard, store.EventWrites(event))...)
	return Answer{Status: status, Body: m}, err
}

// anotherManager makes sure that somebody can still manage the workspace when the member loses the role for it: it
// checks, in the same transaction, one of the others who can.
func (c *Call) anotherManager(ctx context.Context, t store.Table, leaving catalog.Member, becomes catalog.Role) ([]store.Write, error) {
	if !manages(leaving.Workspace, leaving.Kind, leaving.Role) || manages(leaving.Workspace, leaving.Kind, becomes) {
		return nil, nil
	}
	members, err := store.Members(ctx, t, leaving.Workspace)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.Email == leaving.Email || !manages(m.Workspace, m.Kind, m.Role) {
			continue
		}
		other, rev, err := store.Member(ctx, t, m.Workspace, m.Email)
		if err != nil {
			return nil, err
		}
		if rev == 0 || !manages(other.Workspace, other.Kind, other.Role) { // stepped down since the list was read
			continue
		}
		return []store.Write{store.StillMember(other, rev)}, nil
	}
	return nil, fault.New(fault.Conflict, "last_manager", "%s is the last who can manage this workspace; give somebody else the role first.", leaving.Email)
}

func manages(workspace string, kind catalog.WorkspaceKind, role catalog.Role) bool {
	a := catalog.Actor{Memberships: []catalog.Membership{{Workspace: workspace, Kind: kind, Role: role}}}
	return a.May(catalog.ManageWorkspace, catalog.Object{Workspace: workspace, Kind: kind})
}

// RemoveMember answers DELETE /v1/workspaces/{workspace}/members/{email}. The person's roles in the workspace's mini
// programs end with the membership.
func RemoveMember(t store.Table) Handler {
	return Serve(t, Operations{"removeMember": func(ctx context.Context, c *Call) (Answer, error) {
		w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
		if err != nil {
			return Answer{}, err
		}
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		email, _ := catalog.NormalEmail(c.email())
		none := fault.New(fault.NotFound, "no_such_member", "%.80q is not a member of %s.", c.email(), w.ID)
		if email == "" {
			return Answer{}, none
		}
		_, err = repeated(func() (Answer, error) { return Answer{}, c.deleteMember(ctx, t, w, email, none) })
		if err != nil && !fault.Is(err, fault.NotFound) {
			return Answer{}, err
		}
		// From the commit above the roles left in mini programs are worth nothing, because they need the membership. They
		// are cleared so that they do not come back with it, also by repeating a call that broke off here.
		if cleared := c.clearPrograms(ctx, t, w.ID, email); cleared != nil {
			return Answer{}, cleared
		}
		return Answer{Status: 204}, err
	}})
}

func (c *Call) deleteMember(ctx context.Context, t store.Table, w catalog.Workspace, email string, none error) error {
	m, rev, err := store.Member(ctx, t, w.ID, email)
	if err != nil {
		return err
	}
	if rev == 0 {
		return none
	}
	guard, err := c.anotherManager(ctx, t, m, "")
	if err != nil {
		return err
	}
	left, err := store.Memberships(ctx, t, email)
	if err != nil {
		return err
	}
	if len(left) == 1 { // an address that belongs nowhere may be given to another person
		guard = append(guard, store.UnbindIdentity(email))
	}
	event := c.Event("remove_member")
	event.Workspace, event.Before, event.Detail = w.ID, string(m.Role), email
	return t.Transact(ctx, slices.Concat(store.RemoveMember(m, rev), guard, store.EventWrites(event))...)
}

func (c *Call) clearPrograms(ctx context.Context, t store.Table, workspace, email string) error {
	for after := ""; ; {
		ids, err := store.Merge(ctx, t, []store.Range{store.MemberIn(email)}, after, 100)
		if err != nil {
			return err
		}
		for _, id := range ids.Items {
			_, err := repeated(func() (Answer, error) {
				m, rev, err := store.MiniProgram(ctx, t, id)
				if err != nil || rev == 0 || m.Workspace != workspace {
					return Answer{}, err
				}
				return c.dropProgramMember(ctx, t, m, rev, email)
			})
			if err != nil {
				return err
			}
		}
		if after = ids.Next; after == "" {
			return nil
		}
	}
}
