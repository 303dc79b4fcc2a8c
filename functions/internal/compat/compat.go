// Package compat tests whether a mini program fits the phones of a target app: package × profiles → report.
//
// What belongs here: the rules, the report and its page. What does not: the profiles (package profile), what is known of
// APIs and engines (package catalogue), reading scripts (package script) and templates (package axml), and what a verdict
// means for a release (package release). Nothing here reads a clock, a file or the network.
package compat

import (
	"context"
	"errors"
	"slices"
	"strings"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat/catalogue"
	"slipway/functions/internal/compat/profile"
)

// Input is what is tested. Project is required; what else is missing is not judged.
type Input struct {
	Project       *intake.Project
	Built         map[string][]byte // the built tree, by path from the mini program's root; nil: sizes are not judged
	SourceMaps    map[string][]byte // by built script, for places of what the smoke run sees; may be nil
	PackageBytes  int64             // the package as users fetch it, compressed; 0: unknown
	Runtime       profile.Runtime
	ServerDomains []string // hosts that may be requested; nil: not configured yet
	H5Domains     []string // hosts that a web-view may show; nil: not configured yet
	Smoke         Smoke    // runs the package; nil: it is not run, and the report says so

	// Watch is told what is about to be judged, a file or a step, so that whoever runs the rules apart knows what never
	// ended. May be nil.
	Watch func(what string)
	// Endless are the files and steps that did not end before: they are reported, and not judged again.
	Endless []string
}

// Smoke runs a mini program and reports what it saw. Its scripts are hostile until proven otherwise, so an
// implementation runs them in a child process with limits on memory, processor time and wall time.
//
// The error is for what stops a run altogether; whatever a mini program does is a finding.
type Smoke interface {
	Run(ctx context.Context, in Input) ([]Finding, error)
}

// Apart is a Smoke that runs the rules in a process of its own too. Their parsers read what strangers wrote: there is
// always a script that costs one of them minutes, or more memory than the machine has.
type Apart interface {
	Smoke
	// Rules gives what Run gives for in, with the findings of a smoke run that goes on meanwhile: seen waits for its end,
	// and gives the same whenever it is asked.
	Rules(ctx context.Context, in Input, seen func() (Seen, error)) (*Report, error)
}

// Seen is a smoke run that was made already.
type Seen []Finding

// Run implements Smoke.
func (s Seen) Run(context.Context, Input) ([]Finding, error) { return s, nil }

// Run tests in against every profile of its runtime. The same input gives the same report. The error is ctx's, or the
// smoke run's; anything wrong with the mini program is a finding.
func Run(ctx context.Context, in Input) (*Report, error) {
	if apart, ok := in.Smoke.(Apart); ok {
		return runApart(ctx, in, apart)
	}
	t := newTest(ctx, in)
	for _, s := range steps {
		if t.begin(s.name) {
			s.do(t)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
	}
	if in.Smoke != nil {
		more, err := in.Smoke.Run(ctx, in)
		if err != nil {
			return nil, err
		}
		told := t.found.lines()
		for _, f := range more {
			if told[f.line()] <= weight[f.Severity] {
				t.found.add(f)
			}
		}
	}
	return t.report(), nil
}

// runApart runs the mini program and the rules side by side. When one of them cannot go on, it ends the other.
func runApart(ctx context.Context, in Input, apart Apart) (*Report, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var seen Seen
	var failed error
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		run, wrong := in.withFixtures()
		found, err := apart.Run(ctx, run)
		if seen, failed = append(found, wrong...), err; err != nil {
			cancel()
		}
	}()
	report, err := apart.Rules(ctx, in, func() (Seen, error) { <-ran; return seen, failed })
	cancel() // nothing is under way when it went well
	if <-ran; failed != nil && !errors.Is(failed, context.Canceled) {
		return nil, failed // which is why the rules ended
	}
	return report, err
}

// Incomplete is the report when the rules could not be run to their end: it holds what the smoke run saw, and fails,
// because nothing else is known of the mini program.
func Incomplete(in Input, seen Seen) *Report {
	t := newTest(context.Background(), in)
	t.found.add(Finding{
		Severity: Fail, Rule: "rules-incomplete", Message: "Reading the project took more time or memory than any real project needs, so that no rule was applied.",
		Advice: "Look for generated code, and leave it out or split it.",
	})
	for _, f := range seen {
		t.found.add(f)
	}
	return t.report()
}

// Unbuilt is the report of what does not build: its faults, and nothing about pages.
func Unbuilt(faults []intake.Diagnostic) *Report {
	t := newTest(context.Background(), Input{Project: &intake.Project{}})
	for _, d := range faults {
		severity := Warn
		if d.Severity == "error" {
			severity = Fail
		}
		t.found.add(Finding{Severity: severity, Rule: d.Rule, File: d.File, Line: d.Line, Column: d.Column, Message: d.Message, Advice: d.Advice})
	}
	r := t.report()
	r.NotDone = []string{"The build failed: what does not build cannot be tested, so that nothing is known of its pages."}
	return r
}

func newTest(ctx context.Context, in Input) *test {
	return &test{
		ctx: ctx, in: in, p: in.Project, features: catalogue.AllFeatures(), catalogue: catalogue.For(in.Runtime.APIs),
		profiles: profilesOf(in.Runtime), found: newFindings(), named: map[string]bool{},
	}
}

// steps are what Run does, in this order. Their names are never those of files.
var steps = []struct {
	name string
	do   func(*test)
}{
	{"/reading", func(t *test) { t.project = readProject(t) }},
	{"/scripts", (*test).scripts},
	{"/templates", (*test).templates},
	{"/styles", (*test).styles},
	{"/configuration", (*test).configuration},
	{"/sizes", (*test).sizes},
	{"/images", (*test).images},
	{"/networks", (*test).networks},
}

// begin says whether to go on with a file or a step: not after the context's end, and not when it never ended before,
// which is reported.
func (t *test) begin(what string) bool {
	if t.ctx.Err() != nil {
		return false
	}
	if t.in.Watch != nil {
		t.in.Watch(what)
	}
	if !slices.Contains(t.in.Endless, what) {
		return true
	}
	f := Finding{Severity: Warn, Rule: "not-analysed", File: what, Message: "Judging this file took more time or memory than any real file needs.", Advice: "Nothing more is known of it: test it by hand, or split it."}
	if strings.HasPrefix(what, "/") {
		f.File, f.Message = "", "Judging the project's "+what[1:]+" took more time or memory than any real project needs."
	}
	t.found.add(f)
	return false
}

// test is one run: its input, what is known, and what was found so far.
type test struct {
	ctx       context.Context // of Run, which is all the life of a test
	in        Input
	p         *intake.Project
	project   *project
	features  *catalogue.Features
	catalogue *catalogue.Catalogue
	profiles  []Profile
	found     *findings
	named     map[string]bool // hosts that were reported as not listed
	provided  map[string]bool // members of "my" that the program sets itself
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
		list = append(list, Profile{ID: profile.LibraryID(v), Name: "Base library " + v, Kind: KindLibrary})
	}
	return list
}

// libraries are the base library versions tested: the oldest and the newest in the field.
func libraries(r profile.Runtime) []string {
	return slices.Compact([]string{r.MinBaseLibrary, r.BaseLibrary})
}

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
