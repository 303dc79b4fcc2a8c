package catalog

import "slices"

// relation says how the workspace in which an actor has a role stands to the object.
type relation int

const (
	owns     relation = iota // it owns the mini program, or is the workspace itself
	hosts                    // it is among Object.AppWorkspaces
	removing                 // it is every one of Object.AppWorkspaces, and does not own the mini program
)

// grant is one line of the permission matrix: whoever has one of Roles in a workspace of that kind that stands in
// the relation may act, if they also have one of the mini program roles where the line asks for some.
type grant struct {
	action   Action
	relation relation
	kind     WorkspaceKind
	roles    []Role
	assigned []Role
}

var (
	anyOfMerchant = Roles[Merchant]
	anyOfPartner  = Roles[Partner]
	anyOfSuperApp = Roles[SuperApp]
	masters       = []Role{Owner, Master}
	adminOnly     = []Role{Admin}
	reviewing     = []Role{Admin, Reviewer}
	developing    = []Role{Admin, Developer}
)

// matrix is spec 2 as data, and the only place that knows it. What no line allows is forbidden. Mini program members
// count only while they are members of the workspace, whatever role they have there.
//
// The operator (CreateWorkspace) makes workspaces, sees which there are, and may name another first person while the
// only member has never come in. What is in a workspace, and who is from then on, is its own people's alone.
var matrix = []grant{
	{CreateMiniProgram, owns, Merchant, adminOnly, nil},
	{CreateMiniProgram, owns, Partner, masters, nil},
	{CreateMiniProgram, owns, SuperApp, developing, nil},

	{EditMiniProgram, owns, Merchant, adminOnly, nil},
	{EditMiniProgram, owns, Partner, masters, nil},
	{EditMiniProgram, owns, SuperApp, adminOnly, nil},
	{EditMiniProgram, owns, Merchant, anyOfMerchant, adminOnly},
	{EditMiniProgram, owns, Partner, anyOfPartner, adminOnly},
	{EditMiniProgram, owns, SuperApp, anyOfSuperApp, adminOnly},

	{UploadVersion, owns, Merchant, adminOnly, nil},
	{UploadVersion, owns, Partner, masters, nil},
	{UploadVersion, owns, SuperApp, adminOnly, nil},
	{UploadVersion, owns, Merchant, anyOfMerchant, developing},
	{UploadVersion, owns, Partner, anyOfPartner, developing},
	{UploadVersion, owns, SuperApp, anyOfSuperApp, developing},

	{ReleaseVersion, owns, Merchant, adminOnly, nil},
	{ReleaseVersion, owns, Partner, masters, nil},
	{ReleaseVersion, owns, SuperApp, adminOnly, nil},
	{ReleaseVersion, owns, Merchant, anyOfMerchant, adminOnly},
	{ReleaseVersion, owns, Partner, anyOfPartner, developing}, // developers assigned to the mini program
	{ReleaseVersion, owns, SuperApp, anyOfSuperApp, adminOnly},

	{DecideRequest, hosts, SuperApp, reviewing, nil},
	{DecideRequest, hosts, Platform, reviewing, nil},

	{ForceRemove, removing, SuperApp, adminOnly, nil},
	{DecideRemoval, hosts, SuperApp, reviewing, nil},

	{SeeMiniProgram, owns, Merchant, adminOnly, nil},
	{SeeMiniProgram, owns, Partner, masters, nil},
	{SeeMiniProgram, owns, SuperApp, adminOnly, nil},
	{SeeMiniProgram, owns, Merchant, anyOfMerchant, developing},
	{SeeMiniProgram, owns, Partner, anyOfPartner, developing},
	{SeeMiniProgram, owns, SuperApp, anyOfSuperApp, developing},
	{SeeMiniProgram, hosts, SuperApp, anyOfSuperApp, nil},
	{SeeMiniProgram, hosts, Platform, reviewing, nil},

	{ManageWorkspace, owns, Merchant, adminOnly, nil},
	{ManageWorkspace, owns, Partner, masters, nil},
	{ManageWorkspace, owns, SuperApp, adminOnly, nil},
	{ManageWorkspace, owns, Platform, adminOnly, nil},

	{CreateWorkspace, owns, Platform, adminOnly, nil},
}

// TokenActions are what CI tokens can be given. Deciding, removing and managing stay with people.
var TokenActions = []Action{CreateMiniProgram, EditMiniProgram, UploadVersion, ReleaseVersion, SeeMiniProgram}

// decisions are the actions that nobody may take on a request of their own.
var decisions = []Action{DecideRequest, DecideRemoval}

// May says whether the actor may take the action on the object. For an action on a mini program or request the
// caller fills in the object's relations; a missing one never grants anything.
func (a Actor) May(action Action, on Object) bool {
	if a.Token != nil {
		return a.Token.may(action, on)
	}
	if slices.Contains(decisions, action) && on.Submitter != "" && on.Submitter == a.Email {
		return false
	}
	for _, g := range matrix {
		if g.action == action && slices.ContainsFunc(a.Memberships, func(m Membership) bool { return g.holds(m, on) }) {
			return true
		}
	}
	return false
}

func (g grant) holds(m Membership, on Object) bool {
	return m.Kind == g.kind && slices.Contains(g.roles, m.Role) && g.relation.holds(m.Workspace, on) &&
		(g.assigned == nil || slices.Contains(g.assigned, on.MiniProgramRole))
}

func (r relation) holds(workspace string, on Object) bool {
	if workspace == "" {
		return false
	}
	switch r {
	case owns:
		return workspace == on.Workspace
	case hosts:
		return slices.Contains(on.AppWorkspaces, workspace)
	default:
		others := func(w string) bool { return w != workspace }
		return workspace != on.Workspace && len(on.AppWorkspaces) > 0 && !slices.ContainsFunc(on.AppWorkspaces, others)
	}
}

// may is the rule for CI tokens: their own workspace, their own set of actions, and nothing that people decide. One
// that releases sees what it releases too: it could not follow its own release otherwise.
func (t Token) may(action Action, on Object) bool {
	given := slices.Contains(t.Actions, action) || action == SeeMiniProgram && slices.Contains(t.Actions, ReleaseVersion)
	return t.Workspace != "" && t.Workspace == on.Workspace && given && TokenMay(t.Kind, action)
}

// TokenMay says whether a CI token of such a workspace can be given the action: one that people of its own could take
// on what it owns.
func TokenMay(kind WorkspaceKind, action Action) bool {
	return slices.Contains(TokenActions, action) &&
		slices.ContainsFunc(matrix, func(g grant) bool { return g.action == action && g.kind == kind && g.relation == owns })
}

// Why says who may take the action, for somebody who may not.
func (a Action) Why() string { return because[a] }

var because = map[Action]string{
	CreateMiniProgram: "Only an admin of a merchant, an owner or master of a partner, or an admin or developer of a super app may create mini programs there.",
	EditMiniProgram:   "Only an admin (owner, master) of the workspace or an admin of the mini program may change it.",
	UploadVersion:     "Only an admin (owner, master) of the workspace or a member of the mini program may upload versions.",
	ReleaseVersion:    "Only an admin (owner, master) of the workspace or an admin of the mini program may release; in a partner workspace its developers may too.",
	DecideRequest:     "Only an admin or reviewer of a party to the request may decide it, and nobody decides their own.",
	ForceRemove:       "Only an admin of the super app that owns every chosen target app may force remove, and only mini programs of other workspaces.",
	DecideRemoval:     "Only another admin or a reviewer of the super app may decide a force removal.",
	SeeMiniProgram:    "Only its own people and those it was released to see a mini program.",
	ManageWorkspace:   "Only an admin (owner, master) of the workspace may manage it.",
	CreateWorkspace:   "Only an admin of the platform may create workspaces.",
}
