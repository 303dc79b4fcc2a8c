package compat_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// mostAnswered is how large an answer of ours may become, of the 6 MB that a Lambda function may answer.
const mostAnswered = 5 << 20

// answer is how many bytes a text takes as the body of a function's answer.
func answer(t *testing.T, body []byte) int {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(string(body)); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// largest is a project of as many pages as can be submitted with names as long as they can be, and a target app with as
// many profiles as its settings can have.
func largest(t *testing.T, text string) (in compat.Input, pages, profiles []string) {
	t.Helper()
	in = compat.Input{Project: &intake.Project{Files: map[string][]byte{}}, Runtime: profile.Default()}
	for i := range 1000 {
		part := fmt.Sprintf("%s%03d", strings.Repeat("p", 200), i)
		in.Project.Pages = append(in.Project.Pages, intake.Page{Path: part + "/" + strings.Repeat("q", 36), SubPackage: part})
		pages = append(pages, in.Project.Pages[i].Path)
	}
	r := &in.Runtime
	name := func(kind string, i int) (id, called string) {
		id = fmt.Sprintf("%s-%s%02d", kind, strings.Repeat("a", 27), i)
		profiles = append(profiles, id)
		return id, strings.Repeat(text, 64)
	}
	r.Systems, r.Devices, r.Networks = slices.Repeat(r.Systems[:1], 64), slices.Repeat(r.Devices[:1], 64), slices.Repeat(r.Networks[:1], 64)
	for i := range 64 {
		r.Systems[i].ID, r.Systems[i].Name = name("s", i)
		r.Devices[i].ID, r.Devices[i].Name = name("d", i)
		r.Networks[i].ID, r.Networks[i].Name = name("n", i)
	}
	if err := r.Validate(); len(err) > 0 {
		t.Fatal(err)
	}
	return in, pages, profiles
}

// TestTheLargestReportIsAnswered: whatever is found, the report and its page fit into an answer, and say what they leave out.
func TestTheLargestReportIsAnswered(t *testing.T) {
	for _, text := range []string{"\"", "😀"} {
		t.Run(text, func(t *testing.T) {
			in, pages, profiles := largest(t, text)
			var found smoke
			for i := range 1500 {
				f := compat.Finding{
					Severity: []compat.Severity{compat.Fail, compat.Warn, compat.Info}[i%3], Rule: "smoke-throws", Line: i, Column: i,
					File: fmt.Sprintf("%s%04d.js", strings.Repeat("f", 230), i), Message: strings.Repeat(text, 500), Advice: strings.Repeat(text, 500),
					Pages: pages[i%941:][:60], Profiles: profiles,
				}
				found.found = append(found.found, f)
			}
			in.Smoke = found
			r := run(t, in)
			compat.Compare(r, run(t, withOther(in, found)), 1)
			data, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			var page bytes.Buffer
			if err := compat.WriteHTML(&page, compat.Heading{Title: strings.Repeat(text, 64), Subtitle: strings.Repeat(text, 64)}, r); err != nil {
				t.Fatal(err)
			}
			asJSON, asPage := answer(t, data), answer(t, page.Bytes())
			t.Logf("JSON %d KB, page %d KB: %d findings with %d pages each", asJSON>>10, asPage>>10, len(r.Findings), len(r.Findings[0].Pages))
			if asJSON > mostAnswered || asPage > mostAnswered {
				t.Errorf("the report takes %d bytes, its page %d", asJSON, asPage)
			}
			f, s := r.Findings[0], r.Summary
			if len(r.Findings) == 0 || len(r.Findings)+s.LeftOut != 1500 || s.TooLarge == 0 || s.Passed != 0 || len(r.Matrix) != 1000 {
				t.Errorf("%d findings, %+v", len(r.Findings), s)
			}
			if len(f.Pages)+f.MorePages != 60 || len(f.Profiles)+f.MoreProfiles != len(profiles) {
				t.Errorf("of 60 pages %d and %d more; of %d profiles %d and %d more", len(f.Pages), f.MorePages, len(profiles), len(f.Profiles), f.MoreProfiles)
			}
			if !strings.Contains(page.String(), "more pages would make this page too large") {
				t.Error("the page does not say that pages are left out")
			}
		})
	}
}

// withOther is a run that found other things.
func withOther(in compat.Input, found smoke) compat.Input {
	other := smoke{found: slices.Clone(found.found)}
	for i := range other.found {
		other.found[i].Rule = "smoke-rejects"
	}
	in.Smoke = other
	return in
}

// TestWhatWasTooLarge is taken neither for new in the next run nor for fixed.
func TestWhatWasTooLarge(t *testing.T) {
	of := func(rules ...string) *compat.Report {
		r := &compat.Report{}
		for _, rule := range rules {
			r.Findings = append(r.Findings, compat.Finding{Severity: compat.Fail, Rule: rule})
		}
		return r
	}
	cut, whole := of("a"), of("a", "b")
	cut.Summary.LeftOut, cut.Summary.TooLarge = 1, 1
	if compat.Compare(whole, cut, 1); whole.Since.New != 0 {
		t.Errorf("after a report that was cut: %+v", whole.Since)
	}
	if compat.Compare(cut, whole, 1); cut.Since.Fixed != 0 {
		t.Errorf("in a report that was cut: %+v", cut.Since)
	}
}
