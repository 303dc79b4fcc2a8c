package review

import (
	"context"
	"slices"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// PartiesOf makes the parties of a request about a target app, and refuses a request that they could not decide:
// nobody decides for two of them.
func PartiesOf(ctx context.Context, t store.Table, app catalog.TargetApp, category approval.Category, submitter catalog.Person) ([]approval.Party, error) {
	parties := []approval.Party{}
	people := map[string]bool{}
	for i, workspace := range app.Reviewers() {
		party, eligible, err := PartyOf(ctx, t, partyIDs[i], workspace, category, submitter)
		if err != nil {
			return nil, err
		}
		for _, m := range eligible {
			people[m.Email] = true
		}
		parties = append(parties, party)
	}
	if len(people) < len(parties) {
		return nil, fault.New(fault.Conflict, "nobody_to_review",
			"%s and %s have only one person between them who could decide, and nobody decides for both. Ask their admins to add a reviewer.", parties[0].Name, parties[1].Name)
	}
	return parties, nil
}

// partyIDs name the parties in the order of catalog.TargetApp.Reviewers.
var partyIDs = []string{"app", "platform"}

// PartyOf makes a party of a request, with its members who may decide, and refuses a request that nobody could decide.
func PartyOf(ctx context.Context, t store.Table, id, workspace string, category approval.Category, submitter catalog.Person) (approval.Party, []catalog.Member, error) {
	ws, _, err := store.Load[catalog.Workspace](ctx, t, store.WorkspaceKey(workspace))
	if err != nil {
		return approval.Party{}, nil, err
	}
	eligible, err := Reviewers(ctx, t, workspace, category, submitter)
	if err != nil {
		return approval.Party{}, nil, err
	}
	if len(eligible) == 0 {
		return approval.Party{}, nil, fault.New(fault.Conflict, "nobody_to_review",
			"Workspace %s has no admin or reviewer other than you who could decide this. Ask its admins to add one.", workspace)
	}
	return approval.Party{ID: id, Workspace: workspace, Name: ws.Name, Decision: approval.Pending}, eligible, nil
}

// Reviewers are the members of a workspace who may decide a request of the submitter's.
func Reviewers(ctx context.Context, t store.Table, workspace string, category approval.Category, submitter catalog.Person) ([]catalog.Member, error) {
	members, err := store.Members(ctx, t, workspace)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(members, func(m catalog.Member) bool {
		a := catalog.Actor{Person: catalog.Person{Email: m.Email}, Memberships: []catalog.Membership{{Workspace: m.Workspace, Kind: m.Kind, Role: m.Role}}}
		return !a.May(category.Action(), catalog.Object{AppWorkspaces: []string{workspace}, Submitter: submitter.Email})
	}), nil
}
