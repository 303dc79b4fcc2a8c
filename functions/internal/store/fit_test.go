package store_test

import (
	"fmt"
	"strings"
	"testing"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/limits"
)

// large is as much text as is allowed, of a sign that takes six bytes as JSON.
func large(n int) string { return strings.Repeat("<", n) }

func longName(i int) string { return fmt.Sprintf("%s%03d", strings.Repeat("a", 57), i) }

// host is a server as long as one can be.
func host(i int) string {
	return longName(i) + "." + longName(i) + "." + longName(i) + "." + longName(i)[:50] + ".com"
}

func email(i int) string { return longName(i) + "@" + host(i)[:180] + ".com" }

// largest is a mini program as large as its rules allow, and a configuration of a release.
func largest(t *testing.T) (catalog.MiniProgram, catalog.Configuration) {
	m := catalog.MiniProgram{ID: "p", Workspace: "w", DefaultLanguage: "en", Information: map[string]catalog.Information{}}
	languages := []string{"en"}
	for i := range 29 {
		languages = append(languages, fmt.Sprintf("de-%c%c", 'A'+i/26, 'A'+i%26))
	}
	for i, l := range languages {
		m.Information[l] = catalog.Information{
			Name: large(30), Tagline: large(30), Description: large(200), Category: large(64), Logo: strings.Repeat("a", 64), ServicePhone: "+65 6123 4567", ServiceEmail: email(i),
		}
	}
	for i := range 100 {
		m.Configuration.ServerDomains = append(m.Configuration.ServerDomains, host(i))
		m.Configuration.H5Domains = append(m.Configuration.H5Domains, host(i))
		m.Configuration.Testers = append(m.Configuration.Testers, longName(i)+longName(i))
	}
	for i := range 200 {
		m.Members = append(m.Members, catalog.MiniProgramMember{Email: email(i), Role: catalog.Developer})
	}
	for i := range 100 {
		m = m.Removed(catalog.RemovalNote{Request: "q", TargetApp: longName(i), Environments: catalog.Environments, Reason: large(1000), Workspace: "w", By: large(64), At: begin})
	}
	c := m.Configuration
	c.EnvironmentVariables = map[string]string{}
	for i := range 32 {
		c.EnvironmentVariables[fmt.Sprintf("V_%s_%d", strings.Repeat("A", 50), i)] = large(1024 / 6)
	}
	wrong := append(catalog.ValidateInformation("information", m.Information, "en"), c.Validate("configuration", true)...)
	if err := fault.Fields(wrong); err != nil {
		t.Fatalf("the largest is larger than allowed: %v", err)
	}
	return m, c
}

// largestPlacement has as many pilots as may be open, a full version and a grayscale beside them, and a long history.
func largestPlacement(testers []string) rollout.Placement {
	p := rollout.Placement{MiniProgram: "p", Target: rollout.Target{TargetApp: longName(0), Environment: "production"}}
	served := func(i int) rollout.Served {
		return rollout.Served{
			Release: fmt.Sprintf("rel_%022d", i), Version: strings.Repeat("9", 60) + fmt.Sprintf("%04d", i), PackageKey: "releases/" + longName(i) + "/package.zip",
			SHA256: strings.Repeat("a", 64), Size: 1 << 30, Signature: strings.Repeat("s", 88), KeyID: strings.Repeat("k", 16), EntranceURL: "https://" + host(i) + "/" + large(1000),
		}
	}
	const gone = 200 // more than a history remembers one by one
	for i := range gone {
		s := served(i)
		p = p.WithOpen(s.Release, true).WithFull(s)
		if i%2 == 0 {
			p = p.Without(s.Release, s.Version)
		}
		p = p.WithOpen(s.Release, false)
	}
	for i := range release.MostOpen {
		s := served(gone + i)
		p = p.WithOpen(s.Release, true).WithPilot(s, testers)
	}
	return p.WithFull(served(gone+20)).WithGrayscale(served(gone+21), 99, longName(0))
}

// TestTheLargestRecordsFit: nothing that people may set adds up to more than a record can hold.
func TestTheLargestRecordsFit(t *testing.T) {
	m, c := largest(t)
	r := release.Release{ID: "r", MiniProgram: "p", Configuration: c, Testers: c.Testers, Status: release.NewVersionCreated, Notes: large(2000)}
	q := store.RequestRecord{}
	q.ID, q.Reason, q.EndReason = "q", large(1000), large(1000)
	q.Snapshot = approval.Snapshot{Information: m.Information, Configuration: c, Notes: r.Notes}
	q.Parties = []approval.Party{{Reason: large(1000)}, {Reason: large(1000)}}
	v := catalog.Version{MiniProgram: "p", Number: "1", Notes: large(2000)}
	for i := range 1000 { // mostPages of package api
		v.Pages = append(v.Pages, strings.Repeat("p", 236)+fmt.Sprintf("%04d", i))
	}
	for name, w := range map[string]store.Write{
		"mini program": store.SaveMiniProgram(m, 1),
		"release":      store.CreateRelease(r)[0],
		"request":      store.SaveRequest(q, 1),
		"version":      store.SaveVersion(v, 1),
		"placement":    store.SavePlacements([]rollout.Placement{largestPlacement(c.Testers)}, []int64{1})[0],
	} {
		t.Logf("the largest %s has %d bytes", name, len(w.Data))
		if err := limits.Writes([]store.Write{w}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
