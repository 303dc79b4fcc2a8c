package catalog

import "time"

// Membership is one workspace role of an actor.
type Membership struct {
	Workspace string        `json:"workspace"`
	Kind      WorkspaceKind `json:"kind"`
	Role      Role          `json:"role"`
}

// Actor is who asks: a signed-in person with their memberships, or a CI token with its scope.
type Actor struct {
	Person
	Memberships []Membership
	Token       *Token // set when a CI token asks; then Memberships is empty
}

// Token is a CI token: it acts in one workspace, for a set of actions, until it expires. Only its SHA-256 is kept.
type Token struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Workspace string        `json:"workspace"`
	Kind      WorkspaceKind `json:"kind"`
	Actions   []Action      `json:"actions"`
	CreatedBy Person        `json:"createdBy"`
	CreatedAt time.Time     `json:"createdAt"`
	ExpiresAt time.Time     `json:"expiresAt"`
}

// Action is something that the permission matrix of spec 2 speaks of.
type Action string

// The rows of the matrix.
const (
	CreateMiniProgram Action = "create_mini_program" // in a workspace
	EditMiniProgram   Action = "edit_mini_program"   // information, configuration, its members
	UploadVersion     Action = "upload_version"
	ReleaseVersion    Action = "release" // create a release, test, apply, withdraw, pilot, grayscale, full, cancel, reset, request offline
	DecideRequest     Action = "decide_request"
	ForceRemove       Action = "force_remove"
	DecideRemoval     Action = "decide_removal"
	SeeMiniProgram    Action = "see_mini_program"
	ManageWorkspace   Action = "manage_workspace" // members, target apps, settings, CI tokens
	CreateWorkspace   Action = "create_workspace" // an organisation's account, by the operator
)

// Object is what an action is about, as far as the matrix asks.
type Object struct {
	// Workspace owns the mini program, or is the workspace itself for create_mini_program and manage_workspace; for
	// create_workspace it is the operator's.
	Workspace string
	Kind      WorkspaceKind
	// MiniProgramRole is the actor's role in the mini program, "" for none.
	MiniProgramRole Role
	// AppWorkspaces own the target apps concerned: the chosen ones for force_remove, the request's party for
	// decide_request and decide_removal, those it was released to for see_mini_program.
	AppWorkspaces []string
	// Submitter is the email of who submitted the request that is to be decided.
	Submitter string
}
