package api

import (
	"context"
	"fmt"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// maxUser is how long an opaque user id may be, in bytes.
const maxUser = 256

// Resolved is what a client is told to open.
type Resolved struct {
	Reason      rollout.Reason `json:"reason"`
	Version     string         `json:"version,omitempty"`
	PackageURL  string         `json:"packageUrl,omitempty"`  // dsl
	SHA256      string         `json:"sha256,omitempty"`      // dsl: of the package, hex
	Size        int64          `json:"size,omitempty"`        // dsl: bytes
	Signature   string         `json:"signature,omitempty"`   // dsl: Ed25519, base64
	KeyID       string         `json:"keyId,omitempty"`       // dsl: which key signed
	EntranceURL string         `json:"entranceUrl,omitempty"` // h5
	Withdrawn   []string       `json:"withdrawn"`             // versions that a client holding them must drop
}

// Resolve answers GET /v1/resolve/{targetApp}/{environment}/{miniProgram}: which version a user gets. It is public;
// the user id is opaque, and neither kept nor logged.
func Resolve(t store.Table, packages release.Packages) Handler {
	return Serve(t, Operations{"resolve": func(ctx context.Context, c *Call) (Answer, error) {
		p, err := c.placement(ctx, t)
		if err != nil {
			return Answer{}, err
		}
		served, reason := rollout.Decide(&p, c.Query("user"))
		out, err := resolved(ctx, packages, p, served, reason)
		return Answer{Body: out}, err
	}})
}

func resolved(ctx context.Context, packages release.Packages, p rollout.Placement, served *rollout.Served, reason rollout.Reason) (Resolved, error) {
	out := Resolved{Reason: reason, Withdrawn: p.Withdrawn}
	if out.Withdrawn == nil {
		out.Withdrawn = []string{}
	}
	if served == nil {
		return out, nil
	}
	out.Version, out.EntranceURL = served.Version, served.EntranceURL
	out.SHA256, out.Size, out.Signature, out.KeyID = served.SHA256, served.Size, served.Signature, served.KeyID
	if served.PackageKey == "" {
		return out, nil
	}
	var err error
	out.PackageURL, err = packages.URL(ctx, served.PackageKey)
	return out, err
}

// placement is the one in the path. A target or mini program that does not exist, and one that was never released
// there, are one and the same answer.
func (c *Call) placement(ctx context.Context, t store.Table) (rollout.Placement, error) {
	env := c.Param("environment")
	if user := c.Query("user"); len(user) > maxUser {
		return rollout.Placement{}, fault.Fields([]fault.Field{{Field: "user", Detail: fmt.Sprintf("has %d bytes; at most %d are possible", len(user), maxUser)}})
	}
	target := rollout.Target{TargetApp: c.Param("targetApp"), Environment: env}
	if !slices.Contains(catalog.Environments, catalog.Environment(env)) {
		return rollout.Placement{}, notPlaced()
	}
	p, rev, err := store.Placement(ctx, t, target, c.Param("miniProgram"))
	if err == nil && rev == 0 {
		err = notPlaced()
	}
	return p, err
}

func notPlaced() error {
	return fault.New(fault.NotFound, "not_available", "Nothing of that mini program is released to that target.")
}

// Explanation says why a user gets what they get.
type Explanation struct {
	Resolved
	User      string   `json:"user"`
	Removed   bool     `json:"removed"`
	Tester    bool     `json:"tester"`            // of a pilot release
	Bucket    *int     `json:"bucket,omitempty"`  // 0–9999, when a grayscale runs and there is a user
	Percent   int      `json:"percent,omitempty"` // of the grayscale that runs
	Grayscale string   `json:"grayscaleVersion,omitempty"`
	Full      string   `json:"fullVersion,omitempty"`
	Steps     []string `json:"steps"` // the rule, step by step, in words
}

// Explain answers GET /v1/explain/{targetApp}/{environment}/{miniProgram} for staff of either side.
func Explain(t store.Table, packages release.Packages) Handler {
	return Serve(t, Operations{"explain": func(ctx context.Context, c *Call) (Answer, error) {
		p, err := c.placement(ctx, t)
		if err != nil {
			return Answer{}, err
		}
		if err := c.maySeePlacement(ctx, t, p); err != nil {
			return Answer{}, err
		}
		user := c.Query("user")
		served, reason := rollout.Decide(&p, user)
		e := Explanation{User: user, Removed: p.Removed, Percent: p.Grayscale.Percent, Grayscale: p.Grayscale.Version, Full: p.Full.Version}
		if e.Resolved, err = resolved(ctx, packages, p, served, reason); err != nil {
			return Answer{}, err
		}
		e.Steps = rollout.Steps(&p, user)
		e.Tester = reason == rollout.ReasonPilot
		if user != "" && p.Grayscale.Percent > 0 {
			b := rollout.Bucket(p.Grayscale.Salt, user)
			e.Bucket = &b
		}
		return Answer{Body: e}, nil
	}})
}

func (c *Call) maySeePlacement(ctx context.Context, t store.Table, p rollout.Placement) error {
	m, _, err := store.Load[catalog.MiniProgram](ctx, t, store.MiniProgramKey(p.MiniProgram))
	if err != nil {
		return err
	}
	app, _, err := store.Load[catalog.TargetApp](ctx, t, store.TargetAppKey(p.Target.TargetApp))
	if err != nil {
		return err
	}
	o := objectOf(c.Actor, m)
	o.AppWorkspaces = app.Reviewers()
	if !c.Actor.May(catalog.SeeMiniProgram, o) {
		return notPlaced()
	}
	return nil
}
