package task

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
)

// Applied is what Apply tells the machine.
type Applied struct {
	To         release.Status `json:"to"`
	Request    string         `json:"request"`
	Parties    []string       `json:"parties"`
	Seconds    int64          `json:"seconds"`    // that the parties have to answer
	OnApproval release.Status `json:"onApproval"` // where the last approval leads
}

// Apply freezes what is applied for and asks for the release: a request when the target reviews, else the next
// status at once.
func Apply(t store.Table, w release.Answerer) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		s, refused, err := carry(ctx, t, in, "", func(s *store.Scene, out *release.Outcome) ([]store.Write, error) {
			return apply(ctx, t, s, out, in)
		})
		if err != nil {
			return nil, err
		}
		if refused {
			return nil, &named{Refused, fmt.Errorf("apply: %s", s.Release.Refusal.Detail)}
		}
		if err := endSuperseded(ctx, t, w, s.Release.Superseded); err != nil {
			return nil, err
		}
		return applied(ctx, t, s, in)
	})
}

// applied reads back what Apply made, so that a repeated Apply answers the same.
func applied(ctx context.Context, t store.Table, s *store.Scene, in Input) (Applied, error) {
	out := Applied{To: s.Release.Status, Parties: []string{}}
	if out.To != release.UnderReview {
		return out, nil
	}
	q, _, err := store.MustRequest(ctx, t, s.Release.Request)
	if err != nil {
		return out, err
	}
	for _, p := range q.Parties {
		out.Parties = append(out.Parties, p.ID)
	}
	out.Request, out.Seconds = q.ID, int64(q.ExpiresAt.Sub(q.CreatedAt)/time.Second)
	s.Settings.PilotTesting = q.PilotTesting
	out.OnApproval, err = release.Next(release.Approve, release.UnderReview, release.FactsOf(s.Release, s.Settings))
	return out, err
}

func apply(ctx context.Context, t store.Table, s *store.Scene, out *release.Outcome, in Input) ([]store.Write, error) {
	var writes []store.Write
	if in.Command.Information != nil {
		m := s.MiniProgram
		m.Information, m.UpdatedAt = in.Command.Information, in.Command.At
		s.EditMiniProgram(m)
	}
	r := &out.Release
	if r.Status.Open() {
		writes = append(writes, shown(s)...)
	}
	snapshot := snapshotOf(s, *r)
	r.Digest = digestOf(snapshot)
	r.Applicant = in.Command.Actor
	if r.Status != release.UnderReview {
		return writes, nil
	}
	if other, err := store.InReview(ctx, t, *r); err != nil {
		return nil, err
	} else if other != "" && other != r.ID {
		return nil, fault.New(fault.Conflict, "already_in_review",
			"Release %s of this mini program is already under review for this target. Withdraw it, or wait for the decision.", other)
	}
	q, err := requestOf(ctx, t, s, *r, in, snapshot)
	if err != nil {
		return nil, err
	}
	r.Request = q.ID
	return append(writes, store.CreateRequest(q)...), nil
}

// shown makes the writes by which the staff of the target app, and of the platform for a partner app, see the mini
// program from now on.
func shown(s *store.Scene) []store.Write {
	var writes []store.Write
	for _, workspace := range s.App.Reviewers() {
		if workspace != s.MiniProgram.Workspace {
			writes = append(writes, store.ShowMiniProgram(s.MiniProgram, workspace)...)
		}
	}
	return writes
}

func snapshotOf(s *store.Scene, r release.Release) approval.Snapshot {
	return approval.Snapshot{
		Information: s.MiniProgram.Information, Configuration: r.Configuration.Over(s.MiniProgram.Configuration),
		EntranceURL: r.EntranceURL, Notes: r.Notes, PackageSHA256: r.Package.SHA256, ReportRun: r.TestRuns, ReportVerdict: r.TestVerdict, ReportSummary: r.TestSummary,
	}
}

// digestOf is the SHA-256 of a snapshot's JSON, in hex; encoding/json writes the same bytes for the same value.
func digestOf(s approval.Snapshot) string {
	data, err := json.Marshal(s)
	if err != nil { // plain data: this cannot happen
		panic(err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func requestOf(ctx context.Context, t store.Table, s *store.Scene, r release.Release, in Input, snapshot approval.Snapshot) (store.RequestRecord, error) {
	q := store.RequestRecord{Execution: in.Execution, PilotTesting: s.Settings.PilotTesting, Request: approval.Request{
		ID: store.DerivedID("q", in.Command.ID), Category: approval.Release, MiniProgram: r.MiniProgram, MiniProgramName: s.MiniProgram.Name(),
		Workspace: r.Workspace, Version: r.Version, Release: r.ID, TargetName: s.App.Name,
		Targets:     []approval.Target{{TargetApp: r.TargetApp, Environment: r.Environment}},
		SubmittedBy: in.Command.Actor, CreatedAt: in.Command.At, ExpiresAt: in.Command.At.AddDate(0, 0, s.Settings.ApprovalDays),
		Status: approval.Pending, Snapshot: snapshot, Digest: r.Digest, SignIn: s.Settings.ApprovalSignIn,
	}}
	var err error
	q.Parties, err = review.PartiesOf(ctx, t, s.App, approval.Release, in.Command.Actor)
	return q, err
}
