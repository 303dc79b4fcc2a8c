package api

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// mostLooked bounds how many mini programs one search reads; the page is shorter then, and its token goes on.
const mostLooked = 1000

// ReadMiniPrograms answers GET /v1/mini-programs, one mini program, and its history.
func ReadMiniPrograms(t store.Table) Handler {
	return Serve(t, Operations{
		"listMiniPrograms": func(ctx context.Context, c *Call) (Answer, error) { return c.listPrograms(ctx, t) },
		"readMiniProgram": func(ctx context.Context, c *Call) (Answer, error) {
			m, rev, err := c.miniProgramRev(ctx, t, catalog.SeeMiniProgram)
			return c.answerProgram(200, m, rev), err
		},
		"listMiniProgramEvents": func(ctx context.Context, c *Call) (Answer, error) {
			m, err := c.miniProgram(ctx, t, catalog.SeeMiniProgram)
			if err != nil {
				return Answer{}, err
			}
			// The history tells who does what inside the merchant's house; those it was released to have their requests.
			if !c.Actor.May(catalog.SeeMiniProgram, objectOf(c.Actor, m)) {
				return Answer{}, fault.New(fault.Forbidden, "forbidden", "The history is for the people of the mini program's own workspace.")
			}
			return c.listEvents(ctx, t, store.EventsOfMiniProgram(m.ID), c.knownEvents)
		},
	})
}

// knownEvents keeps those events of a mini program that its people may know of.
func (c *Call) knownEvents(ctx context.Context, t store.Table, events []store.Event) ([]store.Event, error) {
	var removals []string
	for _, e := range events {
		if strings.HasPrefix(e.Action, string(approval.ForceRemoval)) && !slices.Contains(removals, e.Request) {
			removals = append(removals, e.Request)
		}
	}
	found, err := store.RequestsByID(ctx, t, removals)
	if err != nil {
		return nil, err
	}
	secret := map[string]bool{}
	for i, q := range found {
		secret[removals[i]] = !q.Known() && !c.staffFor(q)
	}
	return slices.DeleteFunc(events, func(e store.Event) bool { return secret[e.Request] }), nil
}

// mostListed ends a page of large mini programs, in bytes: a Lambda function answers at most 6 MB.
const mostListed = 4 << 20

// maxSearch is how many characters one can look for.
const (
	maxSearch       = 100
	tooLongToSearch = "is longer than 100 characters"
)

// listPrograms answers the mini programs that the caller sees, newest first, found by a part of a name or by id.
func (c *Call) listPrograms(ctx context.Context, t store.Table) (Answer, error) {
	size, after, err := c.Page(maxPage)
	if err != nil {
		return Answer{}, err
	}
	q := strings.ToLower(strings.TrimSpace(c.Query("q")))
	if utf8.RuneCountInString(q) > maxSearch {
		return Answer{}, fault.Fields([]fault.Field{{Field: "q", Detail: tooLongToSearch}})
	}
	ranges := c.programRanges()
	out, bytes := []ProgramView{}, 0
	for looked := 0; looked < mostLooked; looked += size {
		ids, err := store.Merge(ctx, t, ranges, after, size)
		if err != nil {
			return Answer{}, err
		}
		found, err := c.pick(ctx, t, ids.Items, q)
		if err != nil {
			return Answer{}, err
		}
		for _, m := range found {
			view := c.programView(m)
			encoded, err := json.Marshal(view)
			if err != nil {
				return Answer{}, err
			}
			out, bytes = append(out, view), bytes+len(encoded)
			if len(out) == size || bytes > mostListed { // what is left of ids comes again on the next page
				return Answer{Body: NewList(out, c.nextProgram(m, ids))}, nil
			}
		}
		if after = ids.Next; after == "" {
			break
		}
	}
	return Answer{Body: NewList(out, c.next(after))}, nil
}

// nextProgram is where to go on after m, unless m was the last of all.
func (c *Call) nextProgram(m catalog.MiniProgram, ids store.Slice[string]) string {
	if ids.Next == "" && ids.Items[len(ids.Items)-1] == m.ID {
		return ""
	}
	return c.NextPage(store.PlaceOf(m))
}

// pick reads the mini programs and keeps those that match and that the caller may see.
func (c *Call) pick(ctx context.Context, t store.Table, ids []string, q string) ([]catalog.MiniProgram, error) {
	all, err := store.MiniPrograms(ctx, t, ids)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(m catalog.MiniProgram) bool {
		w := c.Query("workspace")
		return m.ID == "" || !matchesQuery(m, q) || w != "" && m.Workspace != w
	})
	return c.seen(ctx, t, all)
}

func matchesQuery(m catalog.MiniProgram, q string) bool {
	if q == "" || strings.ToLower(m.ID) == q {
		return true
	}
	for _, i := range m.Information {
		if strings.Contains(strings.ToLower(i.Name), q) {
			return true
		}
	}
	return false
}

// programRanges is where the mini programs that the caller may see are listed.
func (c *Call) programRanges() []store.Range {
	if c.Actor.Token != nil {
		return []store.Range{store.OwnedBy(c.Actor.Token.Workspace)}
	}
	out := []store.Range{store.MemberIn(c.Actor.Email)}
	for _, m := range c.Actor.Memberships {
		if c.Actor.May(catalog.SeeMiniProgram, catalog.Object{Workspace: m.Workspace, Kind: m.Kind}) {
			out = append(out, store.OwnedBy(m.Workspace))
		}
		if slices.Contains([]catalog.WorkspaceKind{catalog.SuperApp, catalog.Platform}, m.Kind) {
			out = append(out, store.ShownTo(m.Workspace))
		}
	}
	return out
}
