// Package approval holds requests that reviewers decide, their parties, decisions and the rules of link tokens.
//
// It knows nothing of how a decision is carried out: packages release and removal say what follows from one.
package approval

import (
	"time"

	"slipway/functions/internal/catalog"
)

// Category says what is asked for.
type Category string

// The categories (spec 1).
const (
	Release      Category = "release"
	Offline      Category = "offline"
	ForceRemoval Category = "force_removal"
)

// Categories in the order in which people are shown them.
var Categories = []Category{Release, Offline, ForceRemoval}

// Status is how far a request has come; all but Pending are final.
type Status string

// The statuses (spec 4).
const (
	Pending   Status = "pending"
	Approved  Status = "approved"
	Rejected  Status = "rejected"
	Withdrawn Status = "withdrawn"
	Expired   Status = "expired"
)

// Statuses in the order in which people are shown them.
var Statuses = []Status{Pending, Approved, Rejected, Withdrawn, Expired}

// Target is the pair of a target app and its environment.
type Target struct {
	TargetApp   string              `json:"targetApp"`
	Environment catalog.Environment `json:"environment,omitempty"` // "" means every environment
}

// Party is one side whose approval a request needs.
type Party struct {
	ID        string         `json:"id"` // "app" or "platform"
	Workspace string         `json:"workspace"`
	Name      string         `json:"name"`     // the workspace's, as people are shown it
	Decision  Status         `json:"decision"` // pending, approved or rejected
	By        catalog.Person `json:"by,omitzero"`
	At        time.Time      `json:"at,omitzero"`
	Reason    string         `json:"reason,omitempty"`
}

// Snapshot is what a reviewer decides about, frozen when the request was submitted.
type Snapshot struct {
	Information   map[string]catalog.Information `json:"information"`
	Configuration catalog.Configuration          `json:"configuration"`
	EntranceURL   string                         `json:"entranceUrl,omitempty"`
	Notes         string                         `json:"notes,omitempty"` // on the version
	PackageSHA256 string                         `json:"packageSha256,omitempty"`
	ReportRun     int                            `json:"reportRun,omitempty"`     // number of the last compatibility test
	ReportVerdict string                         `json:"reportVerdict,omitempty"` // of the last compatibility test: pass, warn, fail
	ReportSummary string                         `json:"reportSummary,omitempty"`
}

// Image supports a force removal. It lies in the package store.
type Image struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	ContentType string `json:"contentType"` // image/png, image/jpeg or image/webp, by content
	Size        int64  `json:"size"`        // bytes
	Key         string `json:"key"`
}

// Change is what a removal did to one release.
type Change struct {
	Release     string              `json:"release"`
	Version     string              `json:"version"`
	TargetApp   string              `json:"targetApp"`
	Environment catalog.Environment `json:"environment"`
	From        string              `json:"from"` // statuses of the release
	To          string              `json:"to"`
}

// Request is something that reviewers decide.
type Request struct {
	ID              string         `json:"id"`
	Category        Category       `json:"category"`
	MiniProgram     string         `json:"miniProgram"`
	MiniProgramName string         `json:"miniProgramName"`
	Workspace       string         `json:"workspace"` // that owns the mini program
	Version         string         `json:"version,omitempty"`
	Release         string         `json:"release,omitempty"`
	Targets         []Target       `json:"targets"`
	TargetName      string         `json:"targetName"` // the target app's name, as people are shown it
	SubmittedBy     catalog.Person `json:"submittedBy"`
	CreatedAt       time.Time      `json:"createdAt"`
	ExpiresAt       time.Time      `json:"expiresAt"`
	CompletedOn     time.Time      `json:"completedOn,omitzero"`
	Status          Status         `json:"status"`
	Parties         []Party        `json:"parties"`
	Reason          string         `json:"reason,omitempty"`    // of the submitter, for offline and force removal
	EndReason       string         `json:"endReason,omitempty"` // why it was rejected or withdrawn
	Images          []Image        `json:"images,omitempty"`
	Changes         []Change       `json:"changes,omitempty"` // what a removal did to each release
	Outcome         string         `json:"outcome,omitempty"` // how it was carried out, when that needs words
	Snapshot        Snapshot       `json:"snapshot,omitzero"`
	Digest          string         `json:"digest"` // SHA-256 of the snapshot, hex
	SignIn          bool           `json:"signIn"` // the link decides nothing by itself (approvalSignIn)
}
