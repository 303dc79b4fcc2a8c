package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/fresh"
)

// maxUser is how long an opaque user id may be, in bytes.
const maxUser = 256

// Opened is what a client is told to open.
type Opened struct {
	Reason      rollout.Reason `json:"reason"`
	Version     string         `json:"version,omitempty"`
	PackageURL  string         `json:"packageUrl,omitempty"`  // dsl
	SHA256      string         `json:"sha256,omitempty"`      // dsl: of the package, hex
	Size        int64          `json:"size,omitempty"`        // dsl: bytes
	Signature   string         `json:"signature,omitempty"`   // dsl: Ed25519, base64
	KeyID       string         `json:"keyId,omitempty"`       // dsl: which key signed
	EntranceURL string         `json:"entranceUrl,omitempty"` // h5

	Withdrawn     []string `json:"withdrawn"`               // versions that a client holding them must drop
	WithdrawnUpTo string   `json:"withdrawnUpTo,omitempty"` // and all up to this one
	Kept          []string `json:"kept,omitempty"`          // but for these
}

// Resolved is what a client is told to open, and how sure that is.
type Resolved struct {
	Opened
	Stale    bool `json:"stale,omitempty"`    // the table did not answer: this is the last that was known
	Outdated bool `json:"outdated,omitempty"` // and it is older than the operator thinks good, or nothing was known
}

// AgeHeader says how many seconds ago a stale answer was known to be right.
const AgeHeader = "Slipway-Age"

// Resolver answers which version a user gets, from placements that are kept in memory (package fresh). It is public;
// the user id is opaque, and neither kept nor logged.
type Resolver struct {
	packages release.Addresses
	now      func() time.Time
	outdated time.Duration
	cache    *fresh.Cache[*answers]
	handle   Handler
}

// Resolve answers GET /v1/resolve/{targetApp}/{environment}/{miniProgram} and POST /v1/resolve. While the table does
// not answer, so do the last good answers: marked stale, and once they are older than outdated, that too.
func Resolve(t store.Table, packages release.Addresses, now func() time.Time, outdated time.Duration) *Resolver {
	r := &Resolver{packages: packages, now: now, outdated: outdated}
	r.cache = fresh.New(t, now, newAnswers)
	r.handle = Serve(nil, Operations{"resolve": r.one, "resolveMany": r.many})
	return r
}

// Handle answers a request that has been decoded; Invoke, what came over the wire.
func (r *Resolver) Handle(ctx context.Context, req Request) (Response, error) {
	if res, ok := r.typed(ctx, &req, r.now()); ok {
		return res, nil
	}
	return r.handle(ctx, req)
}

// Changing has every answer look for changes until done, for a process that is about to make one.
func (r *Resolver) Changing() (done func()) { return r.cache.Changing() }

func (r *Resolver) one(ctx context.Context, c *Call) (Answer, error) {
	user := c.Query("user")
	if err := checkUser(user); err != nil {
		return Answer{}, err
	}
	target := rollout.Target{TargetApp: c.Param("targetApp"), Environment: c.Param("environment")}
	if !slices.Contains(catalog.Environments, catalog.Environment(target.Environment)) {
		return Answer{}, notPlaced()
	}
	f := r.cache.Get(ctx, target, c.Param("miniProgram"))[0]
	out, err := r.answer(ctx, f, user)
	a := Answer{Body: out}
	if f.Known && f.Stale {
		a.Headers = map[string]string{AgeHeader: inSeconds(f.Age)}
	}
	return a, err
}

func inSeconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

// answer is what one user is told of one mini program. When nothing is known of it and nothing can be, a client goes
// on with what it holds: that is said as NOT_AVAILABLE that is stale and outdated, and withdraws nothing.
func (r *Resolver) answer(ctx context.Context, f fresh.Found[*answers], user string) (Resolved, error) {
	switch {
	case f.Err != nil:
		return Resolved{}, f.Err
	case !f.Known:
		return Resolved{Opened{Reason: rollout.ReasonNotAvailable, Withdrawn: []string{}}, true, true}, nil
	case !f.Placed || !f.View.placement.Says():
		// That something is only under review is not for strangers. When stale, it may have come since; still it is the
		// last that was known.
		return Resolved{}, notPlaced()
	}
	p := &f.View.placement
	served, reason := rollout.Decide(p, user)
	opened, err := open(ctx, r.packages, p, served, reason)
	return Resolved{opened, f.Stale, f.Stale && f.Age > r.outdated}, err
}

func open(ctx context.Context, packages release.Addresses, p *rollout.Placement, served *rollout.Served, reason rollout.Reason) (Opened, error) {
	dropped := p.Dropped()
	out := Opened{Reason: reason, Withdrawn: dropped.Withdrawn, WithdrawnUpTo: dropped.WithdrawnUpTo, Kept: dropped.Kept}
	if out.Withdrawn == nil {
		out.Withdrawn = []string{}
	}
	if served == nil {
		return out, nil
	}
	out.Version, out.EntranceURL = served.Version, served.EntranceURL
	out.SHA256, out.Size, out.Signature, out.KeyID = served.SHA256, served.Size, served.Signature, served.KeyID
	if served.PackageKey == "" {
		return out, nil
	}
	var err error
	out.PackageURL, err = packages.URL(ctx, served.PackageKey)
	return out, err
}
