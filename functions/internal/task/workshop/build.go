// Package workshop is the two tasks that work on a merchant's project: Build and Test.
//
// They are apart from package task because they link compilers and a script engine, which no other function should carry.
// What belongs here: what those two record about a release. What does not: building (package build), testing (package
// compat), and every other task.
package workshop

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"slipway/functions/internal/build"
	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/signature"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// Build builds the package of a release from the uploaded project, keeps it with its log, and says on the release how
// it went. After a configuration change it first takes that over. A build that fails over the project is a result,
// not an error; the machine waits for the merchant either way.
func Build(t store.Table, packages release.Keeper, signer signature.Signer, builder Builder) task.Handler {
	return task.Serve(func(ctx context.Context, in task.Input) (any, error) {
		s, err := beginBuild(ctx, t, in)
		if err != nil || s.Release.Build != release.Building {
			return task.Done{}, err
		}
		version, err := store.Version(ctx, t, s.Release.MiniProgram, s.Release.Version)
		if err != nil {
			return nil, err
		}
		result, err := buildPackage(ctx, packages, signer, builder, s, version)
		if err != nil {
			return nil, err
		}
		return task.Done{}, endBuild(ctx, t, packages, in, result)
	})
}

// Builder builds the project of an archive. What is wrong with the project is in the result; an error is about us.
type Builder func(ctx context.Context, a *intake.Archive, o build.Options) (*build.Result, error)

// InProcess is the Builder for where nothing else could be harmed by a hostile project; package isolate has the other.
func InProcess(ctx context.Context, a *intake.Archive, o build.Options) (*build.Result, error) {
	project, found := intake.Load(a)
	if project == nil {
		return build.Unusable(found), nil
	}
	return build.Build(ctx, project, o)
}

// beginBuild takes over a new configuration, once, and marks the release as building.
func beginBuild(ctx context.Context, t store.Table, in task.Input) (*store.Scene, error) {
	if in.Command.Action == release.Configure {
		s, _, err := task.Carry(ctx, t, in)
		return s, err
	}
	s, err := store.LoadScene(ctx, t, in.Release)
	if err != nil {
		return nil, err
	}
	return s, task.Mine(s, in)
}

func buildPackage(ctx context.Context, packages release.Reader, signer signature.Signer, builder Builder, s *store.Scene, v catalog.Version) (*build.Result, error) {
	archive, found, err := openArchive(ctx, packages, v)
	if err != nil {
		return nil, err
	}
	if archive == nil {
		return build.Unusable(found), nil
	}
	r := s.Release
	return builder(ctx, archive, build.Options{
		Version: r.Version, MiniProgram: r.MiniProgram, TargetApp: r.TargetApp, Environment: string(r.Environment),
		EnvironmentVariables: r.Configuration.Over(s.MiniProgram.Configuration).EnvironmentVariables,
		AllowUnresolved:      s.Settings.Runtime.AllowUnresolved, Signer: signer,
	})
}

// openArchive takes the uploaded archive in again. It was accepted when the version was submitted, so a refusal now
// is about the object having changed, and is told as a fault of the project.
func openArchive(ctx context.Context, packages release.Reader, v catalog.Version) (*intake.Archive, []intake.Diagnostic, error) {
	object, err := packages.Open(ctx, v.ArchiveKey)
	if err != nil {
		return nil, nil, err
	}
	defer object.Close()
	archive, err := intake.Unpack(object, object.Size(), intake.Limits{})
	var refused *fault.Error
	if errors.As(err, &refused) && refused.Kind != fault.Unavailable {
		return nil, []intake.Diagnostic{{Severity: "error", Rule: refused.CodeOrKind(), Message: refused.Detail}}, nil
	}
	return archive, nil, err
}

func endBuild(ctx context.Context, t store.Table, packages release.Keeper, in task.Input, result *build.Result) error {
	prefix := "releases/" + in.Release + "/"
	logKey := prefix + "build.log"
	if err := packages.Put(ctx, logKey, "text/plain; charset=utf-8", []byte(result.Log)); err != nil {
		return err
	}
	pkg := release.Package{SHA256: result.SHA256, Size: result.Size, Signature: base64.StdEncoding.EncodeToString(result.Signature), KeyID: result.KeyID}
	if !result.Failed {
		pkg.Key = prefix + result.SHA256 + ".zip"
		if err := packages.Put(ctx, pkg.Key, "application/zip", result.Package); err != nil {
			return err
		}
		maps, err := json.Marshal(result.SourceMaps)
		if err != nil {
			return err
		}
		if err := packages.Put(ctx, mapsKey(pkg.Key), "application/json", maps); err != nil {
			return err
		}
	}
	return task.Again(ctx, func() error {
		s, err := store.LoadScene(ctx, t, in.Release)
		if err != nil {
			return err
		}
		if err := task.Mine(s, in); err != nil || s.Release.Build != release.Building {
			return err
		}
		r := s.Release
		r.BuildLog, r.Token, r.UpdatedAt = logKey, "", in.Now
		r.Build, r.Package, r.BuildFaults = release.Built, pkg, nil
		if result.Failed {
			r.Build, r.Package, r.BuildFaults = release.BuildFailed, release.Package{}, faultLines(result.Diagnostics)
		}
		writes := []store.Write{s.SaveRelease(r)}
		writes = append(writes, store.EventWrites(buildEvent(r, in))...)
		notice, err := buildFailedNotice(s, r, in, result)
		if err != nil {
			return err
		}
		if notice != nil {
			writes = append(writes, store.NoticeWrite(*notice))
		}
		return t.Transact(ctx, writes...)
	})
}

// mapsKey is where the source maps of a package are kept, beside it and never in it.
func mapsKey(packageKey string) string { return strings.TrimSuffix(packageKey, ".zip") + ".maps.json" }

func buildEvent(r release.Release, in task.Input) store.Event {
	detail := r.Package.SHA256
	if len(r.BuildFaults) > 0 {
		detail = r.BuildFaults[0]
	}
	return store.Event{
		ID: store.DerivedID("e", fmt.Sprintf("build/%s/%d", r.ID, in.Now.UnixNano())), At: in.Now, Action: "build", Actor: task.System, Via: "system",
		MiniProgram: r.MiniProgram, Workspace: r.Workspace, Release: r.ID, Before: string(release.Building), After: string(r.Build), Detail: detail,
	}
}

// maxFaults is how many faults of a build the release itself carries; the log has them all.
const maxFaults = 20

func faultLines(found []intake.Diagnostic) []string {
	var out []string
	for _, d := range found {
		if d.Severity != "error" || len(out) == maxFaults {
			continue
		}
		line := d.Message
		switch {
		case d.File != "" && d.Line > 0:
			line = fmt.Sprintf("%s:%d: %s", d.File, d.Line, d.Message)
		case d.File != "":
			line = d.File + ": " + d.Message
		}
		out = append(out, line)
	}
	return out
}

func buildFailedNotice(s *store.Scene, r release.Release, in task.Input, result *build.Result) (*store.Notice, error) {
	if !result.Failed {
		return nil, nil
	}
	starter := r.CreatedBy
	if in.Command.Action == release.Configure {
		starter = in.Command.Actor
	}
	c := mail.BuildFailed{
		Subject: mail.Subject{MiniProgram: s.MiniProgram.Name(), MiniProgramID: r.MiniProgram, Version: r.Version,
			Targets: []mail.Target{{App: s.App.Name, Environment: string(r.Environment)}}},
		StartedBy: starter.Name, FailedAt: in.Now,
	}
	for _, d := range result.Diagnostics {
		if d.Severity == "error" {
			c.Faults = append(c.Faults, mail.Fault{File: d.File, Line: d.Line, Message: d.Message})
		}
	}
	n, err := task.MailTo(starter.Email, r.ID, fmt.Sprintf("build-failed-%d", in.Now.UnixNano()), c)
	if n != nil {
		n.Mail.Request = "" // it is about a release, not about a request
	}
	return n, err
}
