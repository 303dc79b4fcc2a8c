package api

import (
	"context"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// ProgramView is a mini program as the API answers it.
type ProgramView struct {
	catalog.MiniProgram
	Name string `json:"name"` // in the default language
}

func (c *Call) answerProgram(status int, m catalog.MiniProgram, rev int64) Answer {
	return Answer{Status: status, Body: c.programView(m), ETag: ETag(rev)}
}

// programView leaves out who works on the mini program for those it was only released to.
func (c *Call) programView(m catalog.MiniProgram) ProgramView {
	if m.Members == nil || !c.Actor.May(catalog.SeeMiniProgram, objectOf(c.Actor, m)) && !c.belongs(m.Workspace) {
		m.Members = []catalog.MiniProgramMember{}
		m.Creator = catalog.Person{}
	}
	if !c.Actor.May(catalog.SeeMiniProgram, objectOf(c.Actor, m)) { // a super app's reasons are not another's to read
		m.Removals = slices.DeleteFunc(slices.Clone(m.Removals), func(n catalog.RemovalNote) bool { return !c.belongs(n.Workspace) })
	}
	return ProgramView{MiniProgram: m, Name: m.Name()}
}

// CreateMiniProgram answers POST /v1/mini-programs. Whoever makes it is its first admin.
func CreateMiniProgram(t store.Table) Handler {
	return Serve(t, Operations{"createMiniProgram": func(ctx context.Context, c *Call) (Answer, error) {
		var in newProgram
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		if in.Workspace == "" {
			return Answer{}, fault.Fields([]fault.Field{{Field: "workspace", Detail: "is required: the id of the workspace that owns the mini program; GET /v1/me lists yours"}})
		}
		w, err := c.workspace(ctx, t, in.Workspace, catalog.CreateMiniProgram)
		if err != nil {
			return Answer{}, err
		}
		if err := fault.Fields(in.validate()); err != nil {
			return Answer{}, err
		}
		m := catalog.MiniProgram{
			ID: c.NewID("mp"), Workspace: w.ID, WorkspaceKind: w.Kind, Type: in.Type, DefaultLanguage: in.DefaultLanguage,
			EntranceURL: in.EntranceURL, Information: in.Information, Configuration: in.Configuration,
			Creator: c.Actor.Person, CreatedAt: c.Now, UpdatedAt: c.Now,
		}
		return c.startProgram(ctx, t, m)
	}})
}

type newProgram struct {
	Workspace       string                         `json:"workspace"`
	Type            catalog.MiniProgramType        `json:"type"`
	DefaultLanguage string                         `json:"defaultLanguage"`
	Information     map[string]catalog.Information `json:"information"`
	Configuration   catalog.Configuration          `json:"configuration"`
	EntranceURL     string                         `json:"entranceUrl"`
}

func (in newProgram) validate() []fault.Field {
	var wrong []fault.Field
	if in.Type != catalog.DSL && in.Type != catalog.H5 {
		wrong = append(wrong, fault.Field{Field: "type", Detail: "must be dsl (built from an uploaded project) or h5 (an entrance URL)"})
	}
	return slices.Concat(wrong,
		catalog.Language("defaultLanguage", in.DefaultLanguage),
		catalog.ValidateInformation("information", in.Information, in.DefaultLanguage),
		entrance(in.Type, in.EntranceURL),
		in.Configuration.Validate("configuration", false))
}

// entrance holds the entrance URL against the type: h5 needs one, dsl starts at its first page.
func entrance(kind catalog.MiniProgramType, url string) []fault.Field {
	if kind == catalog.H5 {
		return catalog.ValidateEntranceURL("entranceUrl", url)
	}
	if url != "" {
		return []fault.Field{{Field: "entranceUrl", Detail: "belongs to h5 mini programs; a dsl one starts at the first page of its app.json"}}
	}
	return nil
}

func (c *Call) startProgram(ctx context.Context, t store.Table, m catalog.MiniProgram) (Answer, error) {
	first := c.Actor.Email
	if c.Actor.Token != nil {
		first = c.Actor.Token.CreatedBy.Email
	}
	m.Members = []catalog.MiniProgramMember{{Email: first, Role: catalog.Admin}}
	c.About(m.ID)
	event := c.Event("create_mini_program")
	event.MiniProgram, event.Workspace, event.After, event.Detail = m.ID, m.Workspace, string(m.Type), m.Name()
	err := t.Transact(ctx, append(store.CreateMiniProgram(m), store.EventWrites(event)...)...)
	a := c.answerProgram(201, m, 1)
	a.Headers = map[string]string{"Location": "/v1/mini-programs/" + m.ID}
	return a, err
}

// change is how all changes of a mini program go: who may, If-Match, the change, the history, and the write under the
// revision that was read. edit says what changed, for the history; more are writes that belong to it.
func (c *Call) change(ctx context.Context, t store.Table, action string, edit func(m *catalog.MiniProgram) (store.Event, []store.Write, error)) (Answer, error) {
	return repeated(func() (Answer, error) {
		m, rev, err := c.miniProgramRev(ctx, t, catalog.EditMiniProgram)
		if err != nil {
			return Answer{}, err
		}
		if err := c.MatchRev(rev); err != nil {
			return Answer{}, err
		}
		said, more, err := edit(&m)
		if err != nil {
			return Answer{}, err
		}
		m.UpdatedAt = c.Now
		event := c.Event(action)
		event.MiniProgram, event.Workspace = m.ID, m.Workspace
		event.Before, event.After, event.Detail = said.Before, said.After, said.Detail
		writes := slices.Concat([]store.Write{store.SaveMiniProgram(m, rev)}, more, store.EventWrites(event))
		return c.answerProgram(200, m, rev+1), t.Transact(ctx, writes...)
	})
}
