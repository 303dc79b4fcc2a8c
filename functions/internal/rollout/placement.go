// Package rollout decides which version a user is served: placements, the bucket, and the rule over both.
//
// It is the hot path: every launch of every mini program asks it. It knows nothing of statuses or requests; package
// release tells it what is full, in grayscale, in pilot or gone.
package rollout

import (
	"slices"
	"time"
)

// Target is the pair of a target app and an environment.
type Target struct {
	TargetApp   string `json:"targetApp"`
	Environment string `json:"environment"`
}

// Served is one version as it is handed to clients.
type Served struct {
	Release     string `json:"release"`
	Version     string `json:"version"`
	PackageKey  string `json:"packageKey,omitempty"` // dsl: in the package store
	SHA256      string `json:"sha256,omitempty"`     // dsl: of the package, hex
	Size        int64  `json:"size,omitempty"`       // dsl: bytes
	Signature   string `json:"signature,omitempty"`  // dsl: Ed25519 over the digest, base64
	KeyID       string `json:"keyId,omitempty"`
	EntranceURL string `json:"entranceUrl,omitempty"` // h5
}

// Share is a grayscale: a version and the part of the users that gets it.
type Share struct {
	Served
	Percent int  `json:"percent"` // 1–99
	Salt    Salt `json:"salt"`
}

// Pilot is a version that only its testers get.
type Pilot struct {
	Served
	Testers Testers `json:"testers"` // user ids of the super app, at most 100
}

// Placement is what users of one mini program on one target are served now. Methods return a changed copy.
type Placement struct {
	MiniProgram string    `json:"miniProgram"`
	Target      Target    `json:"target"`
	Full        Served    `json:"full,omitzero"`
	Grayscale   Share     `json:"grayscale,omitzero"`
	Pilots      []Pilot   `json:"pilots,omitempty"`
	Removed     bool      `json:"removed,omitempty"`
	UpdatedAt   time.Time `json:"updatedAt"`
	History

	// Edition counts the changes of what is served or withdrawn; it never goes back.
	Edition int64 `json:"edition,omitempty"`

	// Open are the releases between under_review and full_release on this target. Every transaction that lets one in
	// or out writes the placement, so whoever has read it knows them all.
	Open []string `json:"open,omitempty"`
	// Removing are those that a force removal found open and has not mapped yet: nothing else may move them.
	Removing []string `json:"removing,omitempty"`
	// Removals counts the force removals that were approved. An action that was taken under a lower count comes too
	// late; a count tells before from after where the clocks of two machines do not.
	Removals int `json:"removals,omitempty"`
}

// WithRemoved serves nothing any more, to anybody: clients drop every version that was served. What was open is to
// be mapped next.
func (p Placement) WithRemoved(at time.Time) Placement {
	for _, id := range slices.Concat([]string{p.Full.Release, p.Grayscale.Release}, releasesOf(p.Pilots)) {
		if version := p.versionOf(id); version != "" {
			p = p.Without(id, version)
		}
	}
	p.History = p.History.allWithdrawn()
	p.Removed, p.UpdatedAt = true, at
	p.Removals++
	p.Edition++
	p.Removing = union(p.Removing, p.Open)
	return p
}

// Mapped ends the removal of one release.
func (p Placement) Mapped(release string) Placement {
	p.Removing, p.Open = drop(p.Removing, release), drop(p.Open, release)
	return p
}

// WithOpen keeps account of a release that is between under_review and full_release, or no longer is.
func (p Placement) WithOpen(release string, open bool) Placement {
	if open {
		p.Open = union(p.Open, []string{release})
	} else {
		p.Open = drop(p.Open, release)
	}
	return p
}

func (p Placement) versionOf(release string) string {
	for _, s := range p.served() {
		if s.Release == release && release != "" {
			return s.Version
		}
	}
	return ""
}

func (p Placement) served() []Served {
	out := []Served{p.Full, p.Grayscale.Served}
	for _, q := range p.Pilots {
		out = append(out, q.Served)
	}
	return out
}

func releasesOf(pilots []Pilot) []string {
	var out []string
	for _, q := range pilots {
		out = append(out, q.Release)
	}
	return out
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// WithFull serves v to everyone, ends the grayscale of the same release, and clears the removed mark. The version
// served before is left to be: a client that holds it is told the new one, and may keep it until it has that.
func (p Placement) WithFull(v Served) Placement {
	if old := p.Full; old.Release != "" && old.Release != v.Release {
		p.History = p.History.superseded(old.Version)
	}
	p = p.letIn(v)
	p.Full = v
	return p
}

// WithGrayscale serves v to percent of the users in buckets made with salt, and clears the removed mark.
func (p Placement) WithGrayscale(v Served, percent int, salt string) Placement {
	p = p.letIn(v)
	p.Grayscale = Share{Served: v, Percent: percent, Salt: NewSalt(salt)}
	return p
}

// WithPilot serves v to its testers, and clears the removed mark: reviewers have let this version in.
func (p Placement) WithPilot(v Served, testers []string) Placement {
	p = p.letIn(v)
	p.Pilots = append(slices.Clone(p.Pilots), Pilot{Served: v, Testers: NewTesters(testers)})
	return p
}

// letIn is what comes before a version is served in whichever way.
func (p Placement) letIn(v Served) Placement {
	p = p.without(v.Release)
	p.Removed = false
	p.Edition++
	p.History = p.History.served(v.Version)
	return p
}

// Without stops serving a release; clients that hold its version are told to drop it.
func (p Placement) Without(release, version string) Placement {
	if release == "" || !p.serves(release) {
		return p
	}
	p = p.without(release)
	p.Edition++
	p.History = p.History.withdrawn(version)
	return p
}

func (p Placement) without(release string) Placement {
	if p.Full.Release == release {
		p.Full = Served{}
	}
	if p.Grayscale.Release == release {
		p.Grayscale = Share{}
	}
	p.Pilots = slices.DeleteFunc(slices.Clone(p.Pilots), func(q Pilot) bool { return q.Release == release })
	if len(p.Pilots) == 0 {
		p.Pilots = nil
	}
	return p
}

func (p Placement) serves(release string) bool {
	return p.Full.Release == release || p.Grayscale.Release == release ||
		slices.ContainsFunc(p.Pilots, func(q Pilot) bool { return q.Release == release })
}

func drop(list []string, v string) []string {
	out := slices.DeleteFunc(slices.Clone(list), func(w string) bool { return w == v })
	if len(out) == 0 {
		return nil
	}
	return out
}
