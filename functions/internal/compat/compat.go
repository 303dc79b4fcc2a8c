// Package compat tests whether a mini program fits the phones of a target app: package × profiles → report.
//
// What belongs here: the rules, the report and its page. What does not: the profiles (package profile), what is known of
// APIs and engines (package catalogue), reading scripts (package script) and templates (package axml), and what a verdict
// means for a release (package release). Nothing here reads a clock, a file or the network.
package compat

import (
	"context"
	"slices"

	"slipway/functions/internal/build"
	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
)

// Input is what is tested. Project is required; what else is missing is not judged.
type Input struct {
	Project       *build.Project
	Built         map[string][]byte // the built tree, by path from the mini program's root; nil: sizes are not judged
	SourceMaps    map[string][]byte // by built script, for places of what the smoke run sees; may be nil
	PackageBytes  int64             // the package as users fetch it, compressed; 0: unknown
	Runtime       profile.Runtime
	ServerDomains []string // hosts that may be requested; nil: not configured yet
	H5Domains     []string // hosts that a web-view may show; nil: not configured yet
	Smoke         Smoke    // runs the package; nil: it is not run, and the report says so
}

// Smoke runs a mini program and reports what it saw. Its scripts are hostile until proven otherwise, so an
// implementation runs them in a child process with limits on memory, processor time and wall time.
//
// The error is for what stops a run altogether; whatever a mini program does is a finding.
type Smoke interface {
	Run(ctx context.Context, in Input) ([]Finding, error)
}

// Run tests in against every profile of its runtime. The same input gives the same report. The error is ctx's, or the
// smoke run's; anything wrong with the mini program is a finding.
func Run(ctx context.Context, in Input) (*Report, error) {
	t := &test{
		in: in, p: in.Project, features: catalogue.AllFeatures(), catalogue: catalogue.For(in.Runtime.APIs),
		profiles: profilesOf(in.Runtime), found: newFindings(), named: map[string]bool{},
	}
	t.project = readProject(t.p, t.found)
	steps := []func(){t.scripts, t.templates, t.styles, t.configuration, t.sizes, t.images, t.networks}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		step()
	}
	if in.Smoke != nil {
		more, err := in.Smoke.Run(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, f := range more {
			t.found.add(f)
		}
	}
	return t.report(), nil
}

// test is one run: its input, what is known, and what was found so far.
type test struct {
	in        Input
	p         *build.Project
	project   *project
	features  *catalogue.Features
	catalogue *catalogue.Catalogue
	profiles  []Profile
	found     *findings
	named     map[string]bool // hosts that were reported as not listed
}

// profilesOf lists the columns of the matrix: systems, devices, networks, then base libraries.
func profilesOf(r profile.Runtime) []Profile {
	var list []Profile
	for _, s := range r.Systems {
		list = append(list, Profile{ID: s.ID, Name: s.Name, Kind: KindSystem})
	}
	for _, d := range r.Devices {
		list = append(list, Profile{ID: d.ID, Name: d.Name, Kind: KindDevice})
	}
	for _, n := range r.Networks {
		list = append(list, Profile{ID: n.ID, Name: n.Name, Kind: KindNetwork})
	}
	for _, v := range libraries(r) {
		list = append(list, Profile{ID: libraryID(v), Name: "Base library " + v, Kind: KindLibrary})
	}
	return list
}

// libraries are the base library versions tested: the oldest and the newest in the field.
func libraries(r profile.Runtime) []string {
	return slices.Compact([]string{r.MinBaseLibrary, r.BaseLibrary})
}

func libraryID(version string) string { return "library-" + version }

// systemsWithout lists the systems for which lacks holds.
func (t *test) systemsWithout(lacks func(profile.System) bool) []string {
	var ids []string
	for _, s := range t.in.Runtime.Systems {
		if lacks(s) {
			ids = append(ids, s.ID)
		}
	}
	return ids
}
