package rollout

import (
	"slices"

	"slipway/functions/internal/catalog"
)

// maxHistory is how many versions are remembered one by one: the last that were withdrawn, and the last that were
// superseded. Records and answers stay small however long a mini program lives.
const maxHistory = 64

// History is what became of the versions that were served on a target and no longer are. A version that was served to
// everyone and gave way to a newer one is superseded: a client may keep it until it has the newer one. One that was
// canceled, reset, removed or taken offline is withdrawn: a client that holds it must drop it, however late it asks.
//
// Both lists are bounded. A version that leaves the list of the withdrawn is still withdrawn, because WithdrawnUpTo
// then reaches up to it. The price: beyond maxHistory withdrawals, a version below that line which gave way more than
// maxHistory superseded versions ago counts as withdrawn as well. Erring goes that way only, and never against what is
// served.
type History struct {
	Withdrawn     []string `json:"withdrawn,omitempty"`     // oldest first
	WithdrawnUpTo string   `json:"withdrawnUpTo,omitempty"` // every version up to this one, but those superseded or served
	Superseded    []string `json:"superseded,omitempty"`    // oldest first
	Highest       string   `json:"highest,omitempty"`       // that was ever served
}

// Dropped tells a client which of the versions that it holds it must drop. It is the same for every user.
type Dropped struct {
	Withdrawn     []string `json:"withdrawn,omitempty"`     // the last ones by name, oldest first, at most 64
	WithdrawnUpTo string   `json:"withdrawnUpTo,omitempty"` // and every version up to this one
	Kept          []string `json:"kept,omitempty"`          // but for these, at most 66
}

// Dropped is what clients of the placement are told.
func (p *Placement) Dropped() Dropped {
	d := Dropped{Withdrawn: p.Withdrawn, WithdrawnUpTo: p.WithdrawnUpTo}
	if d.WithdrawnUpTo == "" {
		return d
	}
	for _, v := range append(slices.Clone(p.Superseded), p.Full.Version, p.Grayscale.Version) {
		if v != "" && catalog.CompareVersions(v, d.WithdrawnUpTo) <= 0 {
			d.Kept = append(d.Kept, v)
		}
	}
	return d
}

// Has says whether a client that is served one version, "" for none, must drop another that it holds. The answer for
// a version that was never served, and so cannot be held, means nothing.
func (d *Dropped) Has(version, served string) bool {
	switch {
	case version == served:
		return false
	case slices.Contains(d.Withdrawn, version):
		return true
	}
	return d.WithdrawnUpTo != "" && catalog.CompareVersions(version, d.WithdrawnUpTo) <= 0 && !slices.Contains(d.Kept, version)
}

// served takes a version up again: whatever became of it before does not count any more.
func (h History) served(version string) History {
	h.Withdrawn, h.Superseded = drop(h.Withdrawn, version), drop(h.Superseded, version)
	h.Highest = higher(h.Highest, version)
	return h
}

func (h History) superseded(version string) History {
	h.Withdrawn = drop(h.Withdrawn, version)
	h.Superseded, _ = remember(h.Superseded, version)
	return h
}

func (h History) withdrawn(version string) History {
	h.Superseded = drop(h.Superseded, version)
	var forgotten string
	if h.Withdrawn, forgotten = remember(h.Withdrawn, version); forgotten != "" {
		h.WithdrawnUpTo = higher(h.WithdrawnUpTo, forgotten)
	}
	return h
}

// allWithdrawn is a removal: the mini program as such is to go, and with it what was superseded before.
func (h History) allWithdrawn() History {
	h.Superseded = nil
	h.WithdrawnUpTo = higher(h.WithdrawnUpTo, h.Highest)
	for _, v := range h.Withdrawn { // kept before versions were counted
		h.WithdrawnUpTo = higher(h.WithdrawnUpTo, v)
	}
	return h
}

// remember puts a version at the end of a bounded list, once; forgotten is the one that had to go, "" for none.
func remember(list []string, version string) (out []string, forgotten string) {
	out = append(drop(list, version), version)
	if len(out) > maxHistory {
		return slices.Clone(out[1:]), out[0]
	}
	return out, ""
}

func higher(a, b string) string {
	if catalog.CompareVersions(a, b) < 0 {
		return b
	}
	return a
}
