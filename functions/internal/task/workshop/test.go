package workshop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// Test runs the compatibility test on the built package and keeps the report of the run. The outcome informs people;
// it blocks nothing by itself.
func Test(t store.Table, packages release.Keeper, smoke compat.Smoke) task.Handler {
	return task.Serve(func(ctx context.Context, in task.Input) (any, error) {
		s, refused, err := task.Carry(ctx, t, in)
		if err != nil || refused || s.Release.Compatibility != release.Testing {
			return task.Done{}, err
		}
		report, err := testPackage(ctx, t, packages, smoke, s)
		if err != nil {
			return nil, err
		}
		return task.Done{}, endTest(ctx, t, packages, in, report)
	})
}

func testPackage(ctx context.Context, t store.Table, packages release.Keeper, smoke compat.Smoke, s *store.Scene) (*compat.Report, error) {
	r := s.Release
	configuration := r.Configuration.Over(s.MiniProgram.Configuration)
	if r.Type == string(catalog.H5) {
		return compat.RunH5(r.EntranceURL, configuration.H5Domains, s.Settings.Runtime), nil
	}
	version, err := store.Version(ctx, t, r.MiniProgram, r.Version)
	if err != nil {
		return nil, err
	}
	archive, found, err := openArchive(ctx, packages, version)
	if err != nil {
		return nil, err
	}
	var project *intake.Project
	if archive != nil {
		project, found = intake.Load(archive)
	}
	if project == nil {
		return nil, fault.New(fault.Internal, "archive_changed", "The archive of version %s cannot be read any more: %s", r.Version, found[0].Message)
	}
	built, maps, err := readPackage(ctx, packages, r.Package)
	if err != nil {
		return nil, err
	}
	share(built, project.Files)
	return compat.Run(ctx, compat.Input{
		Project: project, Built: built, SourceMaps: maps, PackageBytes: r.Package.Size, Runtime: s.Settings.Runtime,
		ServerDomains: configuration.ServerDomains, H5Domains: configuration.H5Domains, Smoke: smoke,
	})
}

// readPackage reads a package that Slipway built itself, and the source maps beside it.
func readPackage(ctx context.Context, packages release.Reader, p release.Package) (files, maps map[string][]byte, err error) {
	object, err := packages.Open(ctx, p.Key)
	if err != nil {
		return nil, nil, err
	}
	defer object.Close()
	if files, err = build.ReadPackage(object, object.Size()); err != nil {
		return nil, nil, err
	}
	beside, err := packages.Open(ctx, mapsKey(p.Key))
	if err != nil {
		return nil, nil, err
	}
	defer beside.Close()
	err = json.NewDecoder(io.NewSectionReader(beside, 0, beside.Size())).Decode(&maps)
	return files, maps, err
}

// share lets the files of a package that are the project's own, which is most of what pictures weigh, lie in memory once.
func share(built, project map[string][]byte) {
	type mark struct {
		size int
		sum  uint32
	}
	own := map[mark][]byte{}
	markOf := func(b []byte) mark { return mark{len(b), crc32.ChecksumIEEE(b)} }
	for _, b := range project {
		own[markOf(b)] = b
	}
	for name, b := range built {
		if same := own[markOf(b)]; len(b) > 0 && bytes.Equal(same, b) {
			built[name] = same
		}
	}
}

func endTest(ctx context.Context, t store.Table, packages release.Keeper, in task.Input, report *compat.Report) error {
	return task.Again(ctx, func() error {
		s, err := store.LoadScene(ctx, t, in.Release)
		if err != nil {
			return err
		}
		if err := task.Mine(s, in); err != nil || s.Release.Compatibility != release.Testing {
			return err
		}
		r := s.Release
		if err := compareReport(ctx, packages, r, report); err != nil {
			return err
		}
		r.TestRuns++
		r.TestVerdict, r.TestSummary, r.UpdatedAt = report.Verdict, summaryLine(report), in.Now
		r.Compatibility = release.TestPassed
		if report.Verdict == string(compat.Fail) {
			r.Compatibility = release.TestFailed
		}
		if err := keepReport(ctx, packages, s.MiniProgram, s.App, r, report); err != nil {
			return err
		}
		e := store.Event{
			ID: store.DerivedID("e", fmt.Sprintf("test/%s/%d", r.ID, r.TestRuns)), At: in.Now, Action: "test-finished", Actor: task.System, Via: "system",
			MiniProgram: r.MiniProgram, Workspace: r.Workspace, Release: r.ID, Before: string(release.Testing), After: string(r.Compatibility), Detail: r.TestSummary,
		}
		return t.Transact(ctx, append(store.EventWrites(e), s.SaveRelease(r))...)
	})
}

// compareReport notes in a report what has changed since the last run of the release, if there was one.
func compareReport(ctx context.Context, packages release.Reader, r release.Release, report *compat.Report) error {
	if r.TestRuns == 0 {
		return nil
	}
	object, err := packages.Open(ctx, release.ReportKey(r.ID, r.TestRuns, "json"))
	if fault.KindOf(err) == fault.NotFound {
		return nil // kept no longer: nothing to compare with
	}
	if err != nil {
		return err
	}
	defer object.Close()
	var before compat.Report
	if err := json.NewDecoder(io.NewSectionReader(object, 0, object.Size())).Decode(&before); err != nil {
		return fmt.Errorf("read the report of run %d: %w", r.TestRuns, err)
	}
	compat.Compare(report, &before, r.TestRuns)
	return nil
}

func keepReport(ctx context.Context, packages release.Keeper, program catalog.MiniProgram, app catalog.TargetApp, r release.Release, report *compat.Report) error {
	data, err := json.Marshal(report)
	if err != nil {
		return err
	}
	if err := packages.Put(ctx, release.ReportKey(r.ID, r.TestRuns, "json"), "application/json", data); err != nil {
		return err
	}
	var page bytes.Buffer
	err = compat.WriteHTML(&page, compat.Heading{
		Title:    program.Name() + " " + r.Version,
		Subtitle: fmt.Sprintf("%s, %s, run %d on %s", app.Name, r.Environment, r.TestRuns, r.UpdatedAt.UTC().Format("2 January 2006")),
	}, report)
	if err != nil {
		return err
	}
	return packages.Put(ctx, release.ReportKey(r.ID, r.TestRuns, "html"), "text/html; charset=utf-8", page.Bytes())
}

// summaryLine says in one line what a test found; the verdict stands beside it.
func summaryLine(r *compat.Report) string {
	line := compat.Count(r.Summary.Pages, "page") + " on " + compat.Count(r.Summary.Profiles, "profile") + ", " +
		compat.Count(r.Summary.Fails, "failure") + ", " + compat.Count(r.Summary.Warns, "warning")
	if r.Since.Run > 0 {
		line += "; " + r.Since.String()
	}
	return line
}
