package api

import (
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// ReleaseView is a release as the API answers it.
type ReleaseView struct {
	ID            string                `json:"id"`
	MiniProgram   string                `json:"miniProgram"`
	Version       string                `json:"version"`
	TargetApp     string                `json:"targetApp"`
	Environment   catalog.Environment   `json:"environment"`
	Status        release.Status        `json:"status"`
	Build         release.BuildState    `json:"build"`
	BuildFaults   []string              `json:"buildFaults,omitempty"` // what the merchant has to mend
	Compatibility release.TestState     `json:"compatibility"`
	Test          *TestView             `json:"test,omitempty"` // the last finished run
	Grayscale     GrayscaleView         `json:"grayscale"`
	Testers       []string              `json:"testers,omitempty"`
	Configuration catalog.Configuration `json:"configuration"` // release-specific; wins over the mini program's
	Package       *PackageView          `json:"package,omitempty"`
	EntranceURL   string                `json:"entranceUrl,omitempty"`
	Request       string                `json:"request,omitempty"` // the pending or last request
	Labels        map[string]string     `json:"labels,omitempty"`  // other words for an action, for partner apps
	Actions       []release.Action      `json:"actions"`           // what the status allows now, to who may act
	CreatedBy     catalog.Person        `json:"createdBy"`
	CreatedAt     time.Time             `json:"createdAt"`
	UpdatedAt     time.Time             `json:"updatedAt"`
}

// GrayscaleView is the share of users that gets the version.
type GrayscaleView struct {
	Percent int `json:"percent"`
}

// TestView sums a finished compatibility test up; the report is at /v1/releases/{id}/compatibility.
type TestView struct {
	Run     int    `json:"run"`
	Verdict string `json:"verdict"`
	Summary string `json:"summary"`
}

// PackageView is a built package.
type PackageView struct {
	SHA256    string `json:"sha256"`
	Size      int64  `json:"size"`
	Signature string `json:"signature"`
	KeyID     string `json:"keyId"`
}

func releaseView(r release.Release, settings catalog.Settings) ReleaseView {
	v := ReleaseView{
		ID: r.ID, MiniProgram: r.MiniProgram, Version: r.Version, TargetApp: r.TargetApp, Environment: r.Environment,
		Status: r.Status, Build: r.Build, BuildFaults: r.BuildFaults, Compatibility: r.Compatibility,
		Grayscale: GrayscaleView{r.Percent}, Testers: r.Testers, Configuration: r.Configuration, EntranceURL: r.EntranceURL,
		Request: r.Request, Actions: possible(r, settings), CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt,
	}
	if r.TestRuns > 0 {
		v.Test = &TestView{Run: r.TestRuns, Verdict: r.TestVerdict, Summary: r.TestSummary}
	}
	if r.Package.SHA256 != "" {
		v.Package = &PackageView{r.Package.SHA256, r.Package.Size, r.Package.Signature, r.Package.KeyID}
	}
	if settings.Partner {
		v.Labels = map[string]string{string(release.Full): "Final Release"}
	}
	return v
}

// possible is what the lifecycle allows now. While a build or a test runs nothing can be asked, because the machine
// is not waiting for anybody.
func possible(r release.Release, settings catalog.Settings) []release.Action {
	if r.Build == release.Building || r.Compatibility == release.Testing {
		return []release.Action{}
	}
	return release.Possible(r.Status, release.FactsOf(r, settings))
}

func sceneView(s *store.Scene) ReleaseView { return releaseView(s.Release, s.Settings) }

func answerScene(status int, s *store.Scene) Answer {
	return Answer{Status: status, Body: sceneView(s), ETag: ETag(s.Rev())}
}
