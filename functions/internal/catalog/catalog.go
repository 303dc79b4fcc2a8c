// Package catalog holds who takes part and what is released: workspaces, members, target apps, mini programs,
// versions and configuration, with the one table of who may do what.
//
// It holds no release, no request and no storage. Times are given to it, never taken from a clock.
package catalog

import (
	"slices"
	"time"

	"slipway/functions/internal/compat/profile"
)

// WorkspaceKind says what an organisation is to the platform.
type WorkspaceKind string

// The kinds of workspaces (spec 1).
const (
	SuperApp WorkspaceKind = "superapp" // owns target apps
	Merchant WorkspaceKind = "merchant" // owns mini programs
	Partner  WorkspaceKind = "partner"  // a merchant that releases to partner apps
	Platform WorkspaceKind = "platform" // the operator; co-reviews partner releases
)

// Workspace is an organisation's account.
type Workspace struct {
	ID        string        `json:"id"`
	Name      string        `json:"name"`
	Kind      WorkspaceKind `json:"kind"`
	CreatedAt time.Time     `json:"createdAt"`
}

// Role is what a member is in a workspace, or in one mini program.
type Role string

// Roles of workspaces and mini programs (spec 2). Which kind of workspace knows which is in Roles.
const (
	Admin     Role = "admin"
	Reviewer  Role = "reviewer"
	Developer Role = "developer"
	Operator  Role = "operator"
	Owner     Role = "owner"
	Master    Role = "master"
)

// Roles lists the workspace roles that each kind of workspace knows.
var Roles = map[WorkspaceKind][]Role{
	SuperApp: {Admin, Reviewer, Developer},
	Merchant: {Admin, Developer, Operator},
	Partner:  {Owner, Master, Developer},
	Platform: {Admin, Reviewer},
}

// Member is a person in a workspace. The email is lower case and names the row; the subject is bound by the
// authorizer when the person first signs in.
type Member struct {
	Workspace string        `json:"workspace"`
	Kind      WorkspaceKind `json:"kind"`
	Email     string        `json:"email"`
	Name      string        `json:"name,omitempty"`
	Role      Role          `json:"role"`
	AddedAt   time.Time     `json:"addedAt"`
}

// Person is who did something, as it is kept in records.
type Person struct {
	Subject string `json:"subject,omitempty"`
	Email   string `json:"email,omitempty"`
	Name    string `json:"name,omitempty"`
}

// Label is how people are told who it was.
func (p Person) Label() string {
	if p.Name != "" {
		return p.Name
	}
	return p.Email
}

// Environment is an isolated instance of a target app.
type Environment string

// The environments; production always exists.
const (
	Production  Environment = "production"
	Sandbox     Environment = "sandbox"
	Test        Environment = "test"
	Development Environment = "development"
)

// Environments in the order in which people are shown them.
var Environments = []Environment{Production, Sandbox, Test, Development}

// TargetApp is a host mobile app into which mini programs are released.
type TargetApp struct {
	ID           string        `json:"id"`
	Name         string        `json:"name"`
	Workspace    string        `json:"workspace"` // of kind superapp
	Environments []Environment `json:"environments"`
	Settings     Settings      `json:"settings"`
	CreatedAt    time.Time     `json:"createdAt"`
}

// Settings of a target app (spec 1.1).
type Settings struct {
	SandboxReview  bool            `json:"sandboxReview"`  // sandbox releases are reviewed too
	PilotTesting   []Environment   `json:"pilotTesting"`   // subset of production, sandbox
	Partner        bool            `json:"partner"`        // platform co-reviews, compatibility test required, production only
	ApprovalDays   int             `json:"approvalDays"`   // 1–30, default 7
	ApprovalSignIn bool            `json:"approvalSignIn"` // the emailed link decides nothing by itself
	Scheme         string          `json:"scheme"`         // deep link scheme, for example "demowallet"
	Runtime        profile.Runtime `json:"runtime"`        // what the compatibility test tests against
}

// Pilots says whether releases to env go through pilot testing.
func (s Settings) Pilots(env Environment) bool {
	for _, e := range s.PilotTesting {
		if e == env {
			return true
		}
	}
	return false
}

// PlatformWorkspace is the id of the operator's one workspace.
const PlatformWorkspace = "platform"

// Reviewers are the workspaces whose staff decides about releases to the app, in the order of a request's parties.
func (a TargetApp) Reviewers() []string {
	if a.Settings.Partner {
		return []string{a.Workspace, PlatformWorkspace}
	}
	return []string{a.Workspace}
}

// MiniProgramType says how a mini program comes about; it never changes.
type MiniProgramType string

// The types.
const (
	DSL MiniProgramType = "dsl" // built from an uploaded project
	H5  MiniProgramType = "h5"  // an entrance URL, no package
)

// Information is what users of a super app are told about a mini program, in one language.
type Information struct {
	Name         string `json:"name"`         // 3–30 characters
	Tagline      string `json:"tagline"`      // 10–30
	Description  string `json:"description"`  // 20–200
	Logo         string `json:"logo"`         // id of an uploaded image, may be empty until the first release
	Category     string `json:"category"`     // 1–64
	ServicePhone string `json:"servicePhone"` // digits, spaces, + ( ) -
	ServiceEmail string `json:"serviceEmail"`
}

// Configuration is how a mini program is set up, globally or for one release. A nil list or map and an empty string
// mean "not set here"; an empty list that is not nil means "none".
type Configuration struct {
	ServerDomains        []string          `json:"serverDomains,omitzero"` // https hosts it may call, at most 100
	H5Domains            []string          `json:"h5Domains,omitzero"`     // hosts it may open in a web view, at most 100
	ClientID             string            `json:"clientId,omitempty"`
	MerchantID           string            `json:"merchantId,omitempty"`
	Testers              []string          `json:"testers,omitzero"`              // user ids of the super app, at most 100
	EnvironmentVariables map[string]string `json:"environmentVariables,omitzero"` // release-specific only
}

// Over is c where c is set and base elsewhere, field by field.
func (c Configuration) Over(base Configuration) Configuration {
	if c.ServerDomains == nil {
		c.ServerDomains = base.ServerDomains
	}
	if c.H5Domains == nil {
		c.H5Domains = base.H5Domains
	}
	if c.ClientID == "" {
		c.ClientID = base.ClientID
	}
	if c.MerchantID == "" {
		c.MerchantID = base.MerchantID
	}
	if c.Testers == nil {
		c.Testers = base.Testers
	}
	if c.EnvironmentVariables == nil {
		c.EnvironmentVariables = base.EnvironmentVariables
	}
	return c
}

// MiniProgramMember is a person with a role in one mini program: admin or developer.
type MiniProgramMember struct {
	Email string `json:"email"`
	Role  Role   `json:"role"`
}

// MiniProgram is what a merchant releases.
type MiniProgram struct {
	ID              string                 `json:"id"`
	Workspace       string                 `json:"workspace"`
	WorkspaceKind   WorkspaceKind          `json:"workspaceKind"`
	Type            MiniProgramType        `json:"type"`
	DefaultLanguage string                 `json:"defaultLanguage"` // BCP 47, for example "en"
	EntranceURL     string                 `json:"entranceUrl,omitempty"`
	Information     map[string]Information `json:"information"` // by language
	Configuration   Configuration          `json:"configuration"`
	Members         []MiniProgramMember    `json:"members"`
	HighestVersion  string                 `json:"highestVersion,omitempty"` // greatest number ever uploaded
	Removals        []RemovalNote          `json:"removals,omitempty"`       // force removals that no later release has cleared
	Creator         Person                 `json:"creator"`
	CreatedAt       time.Time              `json:"createdAt"`
	UpdatedAt       time.Time              `json:"updatedAt"`
}

// RemovalNote tells the people of a mini program that a super app has removed it from an app, and where it still is.
type RemovalNote struct {
	Request      string        `json:"request"`
	TargetApp    string        `json:"targetApp"`
	Environments []Environment `json:"environments"` // in which nothing was released since
	Reason       string        `json:"reason"`
	Workspace    string        `json:"workspace"` // the super app's
	By           string        `json:"by"`        // its name, as people are told
	At           time.Time     `json:"at"`
}

// mostNotes bounds the notes of a mini program, which are kept in its record; older ones are in its history.
const mostNotes = 12

// Removed adds a note of a force removal; an older one of the same targets gives way.
func (m MiniProgram) Removed(note RemovalNote) MiniProgram {
	for _, env := range note.Environments {
		m = m.Released(note.TargetApp, env)
	}
	m.Removals = append(slices.Clone(m.Removals), note)
	m.Removals = m.Removals[max(0, len(m.Removals)-mostNotes):]
	return m
}

// Released clears the note of a target into which the mini program was released again.
func (m MiniProgram) Released(app string, env Environment) MiniProgram {
	var left []RemovalNote
	for _, n := range m.Removals {
		if n.TargetApp == app {
			n.Environments = slices.DeleteFunc(slices.Clone(n.Environments), func(e Environment) bool { return e == env })
		}
		if len(n.Environments) > 0 {
			left = append(left, n)
		}
	}
	m.Removals = left
	return m
}

// Name is the mini program's name in its default language.
func (m MiniProgram) Name() string { return m.Information[m.DefaultLanguage].Name }

// RoleOf is the person's role in this mini program, "" for none.
func (m MiniProgram) RoleOf(email string) Role {
	for _, p := range m.Members {
		if p.Email == email {
			return p.Role
		}
	}
	return ""
}

// VersionStatus says how far a version has come.
type VersionStatus string

// The states of a version. An h5 version is submitted from the start.
const (
	AwaitingUpload VersionStatus = "awaiting_upload"
	Submitted      VersionStatus = "submitted"
)

// Version is a numbered snapshot of a mini program.
type Version struct {
	MiniProgram   string        `json:"miniProgram"`
	Number        string        `json:"number"` // dotted numbers, greater than every earlier one
	Notes         string        `json:"notes"`
	Status        VersionStatus `json:"status"`
	EntranceURL   string        `json:"entranceUrl,omitempty"` // h5: as it was when the version was made
	ArchiveKey    string        `json:"archiveKey,omitempty"`  // dsl: where the uploaded project is kept
	Announced     string        `json:"announced,omitempty"`   // SHA-256 of the project as the last upload address was asked for, "" for any
	ArchiveSHA256 string        `json:"archiveSha256,omitempty"`
	ArchiveSize   int64         `json:"archiveSize,omitempty"`
	Pages         []string      `json:"pages,omitempty"`
	CreatedBy     Person        `json:"createdBy"`
	CreatedAt     time.Time     `json:"createdAt"`
	SubmittedAt   time.Time     `json:"submittedAt,omitzero"`
}
