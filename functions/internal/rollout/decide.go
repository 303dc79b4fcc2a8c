package rollout

import (
	"github.com/cespare/xxhash/v2"
)

// Reason says which part of the rule decided.
type Reason string

// The reasons (spec 7).
const (
	ReasonPilot        Reason = "PILOT"
	ReasonGrayscale    Reason = "GRAYSCALE"
	ReasonFull         Reason = "FULL"
	ReasonRemoved      Reason = "REMOVED"
	ReasonNotAvailable Reason = "NOT_AVAILABLE"
	ReasonNoUser       Reason = "NO_USER"
)

// Buckets is how many equal parts the users of a mini program are divided into.
const Buckets = 10_000

// Bucket is the part that a user falls into: xxhash64 of salt, a zero byte and the user, modulo Buckets. The salt is
// a release's own, so the shares of two mini programs are independent, and a raised percentage only adds users.
func Bucket(salt, user string) int {
	var stack [512]byte
	buf := append(stack[:0], salt...)
	buf = append(buf, 0)
	buf = append(buf, user...)
	return int(xxhash.Sum64(buf) % Buckets)
}

// InShare says whether a bucket belongs to a percentage.
func InShare(bucket, percent int) bool { return bucket < 100*percent }

// Decide is the rule of spec 7: removed, then the pilot of a tester, then the grayscale share, then the full version.
// An empty user gets the full version with reason NO_USER. The pointer is nil when nothing is served.
func Decide(p *Placement, user string) (*Served, Reason) {
	switch {
	case p.Removed:
		return nil, ReasonRemoved
	case user == "":
		if p.Full.Release == "" {
			return nil, ReasonNotAvailable
		}
		return &p.Full, ReasonNoUser
	}
	for i := len(p.Pilots) - 1; i >= 0; i-- { // a tester of several pilots gets the latest
		if p.Pilots[i].Testers.Has(user) {
			return &p.Pilots[i].Served, ReasonPilot
		}
	}
	if p.Grayscale.Percent > 0 && InShare(p.Grayscale.Salt.Bucket(user), p.Grayscale.Percent) {
		return &p.Grayscale.Served, ReasonGrayscale
	}
	if p.Full.Release != "" {
		return &p.Full, ReasonFull
	}
	return nil, ReasonNotAvailable
}
