package compat_test

import (
	"bytes"
	"context"
	"testing"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// TestTheDemoPasses runs what a laptop shows first through intake, build and test.
func TestTheDemoPasses(t *testing.T) {
	zip := demo.Archive("1.0.0")
	archive, err := intake.Unpack(bytes.NewReader(zip), int64(len(zip)), intake.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	p, _ := intake.Load(archive)
	result, err := build.Build(context.Background(), p, build.Options{Version: "1.0.0", MiniProgram: "coffee", TargetApp: "demo", Environment: "production", Limits: intake.DefaultLimits()})
	if err != nil {
		t.Fatal(err)
	}
	r := run(t, compat.Input{
		Project: p, Built: result.Files, PackageBytes: result.Size, Runtime: profile.Default(),
		ServerDomains: []string{"api.coffee.example.com"}, H5Domains: []string{},
	})
	for _, f := range r.Findings {
		if f.Severity != compat.Info {
			t.Errorf("%+v", f)
		}
	}
	if r.Verdict == string(compat.Fail) || len(r.Matrix) != len(p.Pages) {
		t.Errorf("verdict %s, %d rows", r.Verdict, len(r.Matrix))
	}
}
