package api

import (
	"context"
	"slices"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// action makes the handler of an action on a release; fill reads what the action needs from the body.
func action(t store.Table, w release.Answerer, operation string, a release.Action, fill func(*Call, *release.Command, *store.Scene) error) Handler {
	return Serve(t, Operations{operation: func(ctx context.Context, c *Call) (Answer, error) {
		return act(ctx, c, t, w, a, func(cmd *release.Command, s *store.Scene) error { return fill(c, cmd, s) })
	}})
}

func noBody(c *Call, _ *release.Command, _ *store.Scene) error { return c.NoBody() }

// ConfigureRelease answers POST /v1/releases/{id}/configure: the release-specific configuration, as a whole. Build
// and test become stale, and a dsl mini program is built again.
func ConfigureRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "configureRelease", release.Configure, func(c *Call, cmd *release.Command, _ *store.Scene) error {
		var in struct {
			Configuration *catalog.Configuration `json:"configuration"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return err
		}
		if in.Configuration == nil {
			return fault.Fields([]fault.Field{{Field: "configuration", Detail: "is required; send {} to go back to the mini program's own"}})
		}
		cmd.Configuration = in.Configuration
		return fault.Fields(in.Configuration.Validate("configuration", true))
	})
}

// TestRelease answers POST /v1/releases/{id}/test: a compatibility test of the built package.
func TestRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "testRelease", release.TestAction, noBody)
}

// ApplyRelease answers POST /v1/releases/{id}/apply. Basic information may be changed in the same call; the two
// domain lists cannot, and are part of the snapshot that reviewers see.
func ApplyRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "applyRelease", release.Apply, func(c *Call, cmd *release.Command, s *store.Scene) error {
		var in struct {
			Information map[string]catalog.Information `json:"information"`
		}
		if err := c.DecodeOptional(&in); err != nil {
			return err
		}
		information := s.MiniProgram.Information
		if in.Information != nil {
			information = mergedInformation(information, in.Information)
			cmd.Information = information
		}
		return fault.Fields(catalog.ValidateInformation("information", information, s.MiniProgram.DefaultLanguage))
	})
}

func mergedInformation(base, over map[string]catalog.Information) map[string]catalog.Information {
	out := map[string]catalog.Information{}
	for language, i := range base {
		out[language] = i
	}
	for language, i := range over {
		out[language] = i
	}
	return out
}

// SetReleaseTesters answers POST /v1/releases/{id}/testers: who gets the version in pilot testing.
func SetReleaseTesters(t store.Table, w release.Answerer) Handler {
	return action(t, w, "setReleaseTesters", release.SetTesters, func(c *Call, cmd *release.Command, _ *store.Scene) error {
		var in struct {
			Users []string `json:"users"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return err
		}
		if in.Users == nil {
			return fault.Fields([]fault.Field{{Field: "users", Detail: "is required: the testers' user ids in the super app, at most 100; [] for none"}})
		}
		cmd.Testers = slices.Compact(slices.Sorted(slices.Values(in.Users)))
		return fault.Fields(catalog.ValidateTesters("users", in.Users))
	})
}

// CompleteTesting answers POST /v1/releases/{id}/complete-testing.
func CompleteTesting(t store.Table, w release.Answerer) Handler {
	return action(t, w, "completeTesting", release.CompleteTesting, noBody)
}

// GrayscaleRelease answers POST /v1/releases/{id}/grayscale: a whole percent of the users, only upward.
func GrayscaleRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "grayscaleRelease", release.Grayscale, func(c *Call, cmd *release.Command, _ *store.Scene) error {
		var in struct {
			Percent   *int `json:"percent"`
			Supersede bool `json:"supersede"`
		}
		if err := c.DecodeBody(&in); err != nil {
			return err
		}
		if in.Percent == nil || *in.Percent < 1 || *in.Percent > 100 {
			return fault.Fields([]fault.Field{{Field: "percent", Detail: "must be a whole number from 1 to 100"}})
		}
		cmd.Percent, cmd.Supersede = *in.Percent, in.Supersede
		return nil
	})
}

// FullRelease answers POST /v1/releases/{id}/full: everyone, at once.
func FullRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "fullRelease", release.Full, func(c *Call, cmd *release.Command, _ *store.Scene) error {
		var in struct {
			Supersede bool `json:"supersede"`
		}
		err := c.DecodeOptional(&in)
		cmd.Supersede = in.Supersede
		return err
	})
}

// ResetRelease answers POST /v1/releases/{id}/reset: the grayscale back to nobody.
func ResetRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "resetRelease", release.Reset, noBody)
}

// CancelRelease answers POST /v1/releases/{id}/cancel: the end of the release.
func CancelRelease(t store.Table, w release.Answerer) Handler {
	return action(t, w, "cancelRelease", release.Cancel, noBody)
}
