package api

import (
	"context"
	"maps"
	"slices"
	"strings"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/console"
	"slipway/functions/internal/release"
)

// typedBack compares what a person typed with what they were shown: blanks around it and the case of letters are not
// what the question is about.
func typedBack(typed, want string) bool {
	fold := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
	return want != "" && fold(typed) == fold(want)
}

func (v *linkView) facts() console.Facts {
	f := RequestFacts(v.request.Request)
	f.Compatibility.ReportURL, f.Images = v.files.report, v.files.images
	for i, p := range v.request.Parties {
		f.Parties[i].You = p.ID == v.party.ID
	}
	return f
}

func (v *linkView) form(f console.Form) console.ApprovalPage {
	return console.ApprovalPage{Facts: v.facts(), Form: f, Party: v.party.Name, Reviewer: v.link.Reviewer}
}

func (v *linkView) done(decision string) console.ApprovalDone {
	d := console.ApprovalDone{Facts: v.facts(), Party: v.party.Name, At: v.party.At, Decision: console.Approved}
	if decision == console.Reject {
		d.Decision = console.Rejected
	}
	for _, p := range v.request.Parties {
		if v.request.Status == approval.Pending && p.Decision == approval.Pending {
			d.Waiting = append(d.Waiting, p.Name)
		}
	}
	return d
}

// closedPage says which end the request, or this party's part of it, has come to.
func (v *linkView) closedPage() console.ApprovalClosed {
	out := console.ApprovalClosed{Facts: v.facts(), Party: v.party.Name, At: v.request.CompletedOn}
	switch {
	case v.party.Decision != approval.Pending:
		out.Cause, out.Decision, out.By, out.At = console.ClosedOvertaken, string(v.party.Decision), v.party.By.Label(), v.party.At
		if v.party.By.Email == v.link.Reviewer {
			out.Cause = console.ClosedUsed
		}
		out.Note = v.party.Reason
	case v.request.Status == approval.Expired:
		out.Cause = console.ClosedExpired
	case v.request.Status == approval.Withdrawn:
		out.Cause, out.By, out.Party, out.Note = console.ClosedWithdrawn, v.request.SubmittedBy.Label(), "", v.request.EndReason
		switch v.request.Outcome { // the system did it, and says why
		case "force_removed":
			out.Cause, out.By = console.ClosedForceRemoved, ""
		case "superseded":
			out.Cause, out.By = console.ClosedSuperseded, ""
		}
	case v.request.Status != approval.Pending:
		out.Cause, out.Decision, out.Note = console.ClosedOvertaken, string(v.request.Status), v.request.EndReason
		for _, p := range v.request.Parties {
			if p.Decision == v.request.Status {
				out.By, out.Party = p.By.Label(), p.Name
			}
		}
	default:
		out.Cause = console.ClosedDigestChanged
	}
	return out
}

// fileURLs are the addresses of what a page about a request shows beside its text.
type fileURLs struct {
	report string
	images []console.Image
}

// filesOf makes addresses that last long enough to read the page.
func filesOf(ctx context.Context, packages release.Addresses, q approval.Request) (out fileURLs, err error) {
	if run := q.Snapshot.ReportRun; run > 0 {
		if out.report, err = packages.URL(ctx, release.ReportKey(q.Release, run, "html")); err != nil {
			return out, err
		}
	}
	for _, i := range q.Images {
		address, err := packages.URL(ctx, i.Key)
		if err != nil {
			return out, err
		}
		out.images = append(out.images, console.Image{URL: address, Name: i.Name})
	}
	return out, nil
}

// RequestFacts is a request as pages show it.
func RequestFacts(q approval.Request) console.Facts {
	f := console.Facts{
		Category: string(q.Category), RequestID: q.ID, MiniProgram: q.MiniProgramName, MiniProgramID: q.MiniProgram, Version: q.Version,
		SubmittedBy: q.SubmittedBy.Label(), SubmittedAt: q.CreatedAt, ExpiresAt: q.ExpiresAt, Digest: q.Digest, Notes: q.Snapshot.Notes,
		Package: console.Package{SHA256: q.Snapshot.PackageSHA256, EntranceURL: q.Snapshot.EntranceURL},
	}
	if q.Category != approval.Release {
		f.Reason = q.Reason
	}
	for _, t := range q.Targets {
		name := t.TargetApp
		if q.TargetName != "" && len(q.Targets) == 1 {
			name = q.TargetName
		}
		f.Targets = append(f.Targets, console.Target{App: name, Environment: string(t.Environment)})
	}
	for _, p := range q.Parties {
		state := console.Waiting
		if p.Decision != approval.Pending {
			state = string(p.Decision)
		}
		f.Parties = append(f.Parties, console.Party{Name: p.Name, State: state, By: p.By.Label(), At: p.At})
	}
	if q.Snapshot.ReportVerdict != "" {
		f.Compatibility = console.Compatibility{State: verdictState(q.Snapshot.ReportVerdict), Summary: q.Snapshot.ReportSummary}
	}
	for _, language := range slices.Sorted(maps.Keys(q.Snapshot.Information)) {
		i := q.Snapshot.Information[language]
		f.Information = append(f.Information, console.Information{
			Language: language, Name: i.Name, Tagline: i.Tagline, Description: i.Description,
			Category: i.Category, ServicePhone: i.ServicePhone, ServiceEmail: i.ServiceEmail,
		})
	}
	if q.Category == approval.Release {
		f.Configuration = configurationFacts(q)
	}
	return f
}

func configurationFacts(q approval.Request) console.Configuration {
	c := q.Snapshot.Configuration
	out := console.Configuration{
		Frozen: true, ServerDomains: c.ServerDomains, H5Domains: c.H5Domains, ClientID: c.ClientID, MerchantID: c.MerchantID, Testers: len(c.Testers),
	}
	for _, name := range slices.Sorted(maps.Keys(c.EnvironmentVariables)) {
		out.Variables = append(out.Variables, console.Variable{Name: name, Value: c.EnvironmentVariables[name]})
	}
	return out
}

func verdictState(verdict string) string {
	if verdict == "fail" {
		return "failed"
	}
	return "passed"
}
