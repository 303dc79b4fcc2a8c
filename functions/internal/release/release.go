// Package release holds the life of a release: its nouns, the one lifecycle table, and what each action does.
//
// Everything here is a rule over values; loading and saving are package store's, asking and answering are packages
// api's and task's. A rule takes the time as data and never looks at a clock.
package release

import (
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/rollout"
)

// Status is where a release is in its life.
type Status string

// The statuses (spec 3.1). Canceled and Archived are final.
const (
	None               Status = "" // before it exists
	NewVersionCreated  Status = "new_version_created"
	UnderReview        Status = "under_review"
	ReleasePreparation Status = "release_preparation"
	PilotTesting       Status = "pilot_testing"
	GrayscaleRelease   Status = "grayscale_release"
	FullRelease        Status = "full_release"
	Canceled           Status = "canceled"
	Archived           Status = "archived"
)

// Statuses in the order of a release's life.
var Statuses = []Status{
	NewVersionCreated, UnderReview, ReleasePreparation, PilotTesting, GrayscaleRelease, FullRelease, Canceled, Archived,
}

// Open says whether a release in this status is on its way to users, or with them.
func (s Status) Open() bool {
	return s != None && s != NewVersionCreated && !s.Final()
}

// Final says whether nothing can follow.
func (s Status) Final() bool { return s == Canceled || s == Archived }

// BuildState says how the package of a release stands.
type BuildState string

// The states of a build. An h5 release has nothing to build and is Built from the start.
const (
	Building    BuildState = "building"
	Built       BuildState = "built"
	BuildFailed BuildState = "failed"
	BuildStale  BuildState = "stale"
)

// TestState says how the compatibility test of a release stands.
type TestState string

// The states of a compatibility test.
const (
	Untested   TestState = "none"
	Testing    TestState = "testing"
	TestPassed TestState = "passed"
	TestFailed TestState = "failed"
	TestStale  TestState = "stale"
)

// Package is a built package in the package store.
type Package struct {
	Key       string `json:"key"`
	SHA256    string `json:"sha256"` // hex
	Size      int64  `json:"size"`   // bytes
	Signature string `json:"signature"`
	KeyID     string `json:"keyId"`
}

// Refusal is why the machine did not carry out a command that it had taken.
type Refusal struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Release is one version on its way to one target.
type Release struct {
	ID            string                `json:"id"`
	MiniProgram   string                `json:"miniProgram"`
	Workspace     string                `json:"workspace"` // that owns the mini program
	Type          string                `json:"type"`      // dsl or h5
	Version       string                `json:"version"`
	TargetApp     string                `json:"targetApp"`
	Environment   catalog.Environment   `json:"environment"`
	Status        Status                `json:"status"`
	Build         BuildState            `json:"build"`
	BuildLog      string                `json:"buildLog,omitempty"` // key in the package store
	BuildFaults   []string              `json:"buildFaults,omitempty"`
	Compatibility TestState             `json:"compatibility"`
	TestRuns      int                   `json:"testRuns"`              // finished runs; reports are kept by number
	TestSummary   string                `json:"testSummary,omitempty"` // of the last run
	TestVerdict   string                `json:"testVerdict,omitempty"`
	Configuration catalog.Configuration `json:"configuration"` // release-specific only
	Package       Package               `json:"package,omitzero"`
	EntranceURL   string                `json:"entranceUrl,omitempty"` // h5
	Notes         string                `json:"notes,omitempty"`       // of the version, for whoever decides
	Percent       int                   `json:"percent"`               // of the grayscale
	Salt          string                `json:"salt"`
	Testers       []string              `json:"testers,omitempty"`
	Request       string                `json:"request,omitempty"` // the pending or last request
	Digest        string                `json:"digest,omitempty"`  // of the snapshot that was applied for
	Applicant     catalog.Person        `json:"applicant,omitzero"`
	CreatedBy     catalog.Person        `json:"createdBy"`
	CreatedAt     time.Time             `json:"createdAt"`
	UpdatedAt     time.Time             `json:"updatedAt"`

	Execution   int      `json:"execution"`             // number of the execution that runs it, from 1
	Rounds      int      `json:"rounds"`                // commands carried out by this execution
	Token       string   `json:"token,omitempty"`       // task token it is parked on, "" while the machine works
	LastCommand string   `json:"lastCommand,omitempty"` // id of the last command carried out or refused
	Refusal     *Refusal `json:"refusal,omitempty"`     // set when the last command was refused
	Superseded  []string `json:"superseded,omitempty"`  // releases that the last command canceled; their machines are to end
}

// Target is the pair that the release goes to.
func (r Release) Target() rollout.Target {
	return rollout.Target{TargetApp: r.TargetApp, Environment: string(r.Environment)}
}

// Parked says whether the release waits for somebody, so that an action can be taken.
func (r Release) Parked() bool { return r.Token != "" }

// Command is an action on its way into the state machine, with who takes it and when.
type Command struct {
	ID     string         `json:"id"` // the request's id; carried out at most once
	Action Action         `json:"action"`
	From   Status         `json:"from"` // status when it was taken
	To     Status         `json:"to"`   // status it leads to, as the machine's choices read it
	Actor  catalog.Person `json:"actor"`
	Via    string         `json:"via"` // "api", "ci", "link" or "system"
	IP     string         `json:"ip"`
	At     time.Time      `json:"at"`

	Removals      int                            `json:"removals,omitempty"` // of the placement, when a person took it
	Percent       int                            `json:"percent,omitempty"`
	Supersede     bool                           `json:"supersede,omitempty"`
	Testers       []string                       `json:"testers,omitempty"`
	Reason        string                         `json:"reason,omitempty"`
	Configuration *catalog.Configuration         `json:"configuration,omitempty"`
	Information   map[string]catalog.Information `json:"information,omitempty"`
}
