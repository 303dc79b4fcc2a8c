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

// placement is the one in the path, as the table has it now. A target or mini program that does not exist, and one that was never released
// there, are one and the same answer.
func (c *Call) placement(ctx context.Context, t store.Table) (rollout.Placement, error) {
	env := c.Param("environment")
	if err := checkUser(c.Query("user")); err != nil {
		return rollout.Placement{}, err
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

func checkUser(user string) error {
	if len(user) <= maxUser {
		return nil
	}
	return fault.Fields([]fault.Field{{Field: "user", Detail: fmt.Sprintf("has %d bytes; at most %d are possible", len(user), maxUser)}})
}

func notPlaced() error {
	return fault.New(fault.NotFound, "not_available", "Nothing of that mini program is released to that target.")
}

// Explanation says why a user gets what they get.
type Explanation struct {
	Opened
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
func Explain(t store.Table, packages release.Addresses) Handler {
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
		if e.Opened, err = open(ctx, packages, &p, served, reason); err != nil {
			return Answer{}, err
		}
		e.Steps = rollout.Steps(&p, user)
		e.Tester = reason == rollout.ReasonPilot
		if user != "" && p.Grayscale.Percent > 0 {
			b := p.Grayscale.Salt.Bucket(user)
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
