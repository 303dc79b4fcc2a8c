package compat

import (
	"fmt"
	"net/url"

	"slipway/functions/internal/compat/profile"
)

// RunH5 tests an h5 mini program. It has no package: what can be judged is its entrance against the domains that a web
// view may open, and the report says that the rest was not looked at.
func RunH5(entrance string, domains []string, r profile.Runtime) *Report {
	t := &test{in: Input{Runtime: r}, profiles: profilesOf(r), found: newFindings()}
	if u, err := url.Parse(entrance); err == nil && domains != nil && !listed(u, domains) {
		t.found.add(Finding{
			Severity: Fail, Rule: "h5-domain", Message: fmt.Sprintf("The entrance is on %s, which is not among the H5 domains.", u.Hostname()),
			Advice: "Add the host to the H5 domains of the configuration, or change the entrance URL.",
		})
	}
	verdict, failed := Pass, 0
	if len(t.found.list) > 0 {
		verdict, failed = string(Fail), 1
	}
	results := make([]string, len(t.profiles))
	for i := range results {
		results[i] = verdict
	}
	findings := append([]Finding{}, t.found.list...)
	return &Report{
		Verdict: verdict, Profiles: t.profiles, Findings: findings,
		Matrix:  []Row{{Page: entrance, Results: results}},
		Summary: Summary{Pages: 1, Profiles: len(t.profiles), Passed: 1 - failed, Failed: failed, Fails: len(findings)},
		NotDone: []string{"The pages behind the entrance are served by the merchant and change without a release: they were not loaded, rendered or tapped."},
	}
}
