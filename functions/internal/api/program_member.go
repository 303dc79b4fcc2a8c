package api

import (
	"context"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// mostMembers bounds the members of one mini program, which are kept in its record.
const mostMembers = 200

// SetMiniProgramMember answers PUT /v1/mini-programs/{id}/members/{email}: a member of the workspace becomes admin or
// developer of the mini program.
func SetMiniProgramMember(t store.Table) Handler {
	return Serve(t, Operations{"setMiniProgramMember": func(ctx context.Context, c *Call) (Answer, error) {
		var in struct {
			Role catalog.Role `json:"role"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		email, _ := catalog.NormalEmail(c.email())
		wrong := append(catalog.ValidateEmail("email", c.email()), catalog.ValidateMiniProgramRole("role", in.Role)...)
		return c.change(ctx, t, "set_mini_program_member", func(m *catalog.MiniProgram) (store.Event, []store.Write, error) {
			if err := fault.Fields(wrong); err != nil {
				return store.Event{}, nil, err
			}
			member, rev, err := store.Member(ctx, t, m.Workspace, email)
			if err != nil {
				return store.Event{}, nil, err
			}
			if rev == 0 {
				return store.Event{}, nil, fault.New(fault.Unprocessable, "not_a_member", "%s is not a member of %s; add the person to the workspace first.", email, m.Workspace)
			}
			said := store.Event{Before: string(m.RoleOf(email)), After: string(in.Role), Detail: email}
			m.Members = slices.DeleteFunc(slices.Clone(m.Members), func(p catalog.MiniProgramMember) bool { return p.Email == email })
			if len(m.Members) >= mostMembers {
				return said, nil, fault.New(fault.Conflict, "too_many_members", "A mini program has at most %d members.", mostMembers)
			}
			m.Members = append(m.Members, catalog.MiniProgramMember{Email: email, Role: in.Role})
			// The check keeps a role from being given to somebody who leaves the workspace at the same moment.
			return said, []store.Write{store.AddMiniProgramMember(*m, email), store.StillMember(member, rev)}, nil
		})
	}})
}

// RemoveMiniProgramMember answers DELETE /v1/mini-programs/{id}/members/{email}.
func RemoveMiniProgramMember(t store.Table) Handler {
	return Serve(t, Operations{"removeMiniProgramMember": func(ctx context.Context, c *Call) (Answer, error) {
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		email, _ := catalog.NormalEmail(c.email())
		return repeated(func() (Answer, error) {
			m, rev, err := c.miniProgramRev(ctx, t, catalog.EditMiniProgram)
			if err != nil {
				return Answer{}, err
			}
			if err := c.MatchRev(rev); err != nil {
				return Answer{}, err
			}
			if email == "" || m.RoleOf(email) == "" {
				return Answer{}, fault.New(fault.NotFound, "no_such_member", "%.80q is not a member of %s.", c.email(), m.ID)
			}
			return c.dropProgramMember(ctx, t, m, rev, email)
		})
	}})
}

func (c *Call) dropProgramMember(ctx context.Context, t store.Table, m catalog.MiniProgram, rev int64, email string) (Answer, error) {
	event := c.Event("remove_mini_program_member")
	event.MiniProgram, event.Workspace, event.Before, event.Detail = m.ID, m.Workspace, string(m.RoleOf(email)), email
	m.Members = slices.DeleteFunc(slices.Clone(m.Members), func(p catalog.MiniProgramMember) bool { return p.Email == email })
	m.UpdatedAt = c.Now
	writes := append(store.EventWrites(event), store.SaveMiniProgram(m, rev), store.RemoveMiniProgramMember(m, email))
	return c.answerProgram(200, m, rev+1), t.Transact(ctx, writes...)
}
