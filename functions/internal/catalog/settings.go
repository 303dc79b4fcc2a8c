package catalog

import (
	"slices"

	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/fault"
)

// DefaultSettings are those of a target app that has set nothing.
func DefaultSettings() Settings {
	return Settings{PilotTesting: []Environment{}, ApprovalDays: 7, Runtime: profile.Default()}
}

// Validate names everything wrong with the settings of an app that has these environments.
func (s Settings) Validate(path string, environments []Environment) []fault.Field {
	var out []fault.Field
	for i, e := range s.PilotTesting {
		switch {
		case e != Production && e != Sandbox:
			out = append(out, wrong(path+".pilotTesting", "has %s; pilot testing exists in production and sandbox only", show(string(e)))...)
		case !slices.Contains(environments, e):
			out = append(out, wrong(path+".pilotTesting", "has %s, an environment that the app does not have", e)...)
		case slices.Contains(s.PilotTesting[:i], e):
			out = append(out, wrong(path+".pilotTesting", "has %s twice; list it once", e)...)
		}
	}
	if s.ApprovalDays < leastDays || s.ApprovalDays > mostDays {
		out = append(out, wrong(path+".approvalDays", "is %d; %d to %d days are allowed", s.ApprovalDays, leastDays, mostDays)...)
	}
	out = append(out, validateScheme(path+".scheme", s.Scheme)...)
	for _, f := range s.Runtime.Validate() {
		f.Field = path + ".runtime." + f.Field
		out = append(out, f)
	}
	return out
}

// ValidateEnvironments names everything wrong with the environments of a target app: production is always there.
func ValidateEnvironments(path string, list []Environment) []fault.Field {
	if !slices.Contains(list, Production) {
		return wrong(path, "has no production; every target app has one")
	}
	var out []fault.Field
	for i, e := range list {
		switch {
		case !slices.Contains(Environments, e):
			out = append(out, wrong(path, "has %s; there are %s, %s, %s and %s", show(string(e)), Production, Sandbox, Test, Development)...)
		case slices.Contains(list[:i], e):
			out = append(out, wrong(path, "has %s twice; list it once", e)...)
		}
	}
	return out
}

// creatable are the kinds of workspaces that an operator makes. There is one platform, made with the deployment.
var creatable = []WorkspaceKind{SuperApp, Merchant, Partner}

// ValidateNewWorkspace names everything wrong with a workspace that is to be made.
func ValidateNewWorkspace(w Workspace) []fault.Field {
	out := append(Slug("id", w.ID), Title("name", w.Name)...)
	if !slices.Contains(creatable, w.Kind) {
		out = append(out, wrong("kind", "is %s; one of %v is expected", show(string(w.Kind)), creatable)...)
	}
	return out
}

// FirstRole is what the first member of a workspace is: somebody who can add all others.
func FirstRole(kind WorkspaceKind) Role {
	if kind == Partner {
		return Owner
	}
	return Admin
}

// ValidateRole names what is wrong with a role in a workspace of that kind.
func ValidateRole(path string, kind WorkspaceKind, role Role) []fault.Field {
	return oneOf(path, role, Roles[kind])
}

// ValidateMiniProgramRole names what is wrong with a role in a mini program.
func ValidateMiniProgramRole(path string, role Role) []fault.Field {
	return oneOf(path, role, []Role{Admin, Developer})
}

func oneOf(path string, role Role, known []Role) []fault.Field {
	if slices.Contains(known, role) {
		return nil
	}
	return wrong(path, "is %s; one of %v is expected", show(string(role)), known)
}
