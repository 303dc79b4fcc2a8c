package api

import (
	"context"
	"io"
	"strings"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/console"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// Scans answers GET /q/{code}, and counts.
type Scans struct {
	counts   *scanCounter
	patience time.Duration
	handle   Handler
}

// OpenQRCode answers GET /q/{code}, what a phone opens after it has scanned a code: it leads on to the page in the target
// app, or shows why there is nothing to open. random names this process among those that count scans.
//
// An answer that is ready waits for its count to be written for patience at most. That is nothing where the process
// goes on afterwards; a function is frozen, and might never come to write it.
func OpenQRCode(t store.Table, random io.Reader, patience time.Duration) *Scans {
	s := &Scans{counts: newScanCounter(t, random), patience: patience}
	s.handle = serve(t, Operations{"openQrCode": func(ctx context.Context, c *Call) (Answer, error) { return s.open(ctx, c, t) }}, codeProblem)
	return s
}

// codeProblem is an error as a page. What cannot be a code is as unknown as one that nobody has made.
func codeProblem(c *Call, err error) (Answer, error) {
	if fault.Is(err, fault.NotFound) {
		return page(404, console.CodeUnknown{})
	}
	return problemPage(c, err)
}

// Handle answers a request that has been decoded.
func (s *Scans) Handle(ctx context.Context, req Request) (Response, error) { return s.handle(ctx, req) }

// Settle waits until what was scanned is written or could not be; nothing may be scanned meanwhile.
func (s *Scans) Settle() { s.counts.writers.Wait() }

// linger waits for a count.
func (s *Scans) linger(written <-chan struct{}) {
	if s.patience <= 0 {
		return
	}
	late := time.NewTimer(s.patience)
	defer late.Stop()
	select {
	case <-written:
	case <-late.C:
	}
}

func rolloutTarget(q catalog.QRCode) rollout.Target {
	return rollout.Target{TargetApp: q.TargetApp, Environment: string(q.Environment)}
}

// open counts while it reads, and answers when it has read.
func (s *Scans) open(ctx context.Context, c *Call, t store.Table) (Answer, error) {
	q, rev, err := store.QRCode(ctx, t, c.Param("code"))
	if err != nil {
		return Answer{}, err
	}
	if rev == 0 {
		return Answer{}, fault.New(fault.NotFound, "no_such_qr_code", "This QR code is not known.")
	}
	if c.request.RequestContext.HTTP.Method == "GET" { // a laptop hands on HEAD too
		defer s.linger(s.counts.add(ctx, q.Code, c.Now))
	}
	return c.openCode(ctx, t, q)
}

func (c *Call) openCode(ctx context.Context, t store.Table, q catalog.QRCode) (Answer, error) {
	s, err := sceneOfCode(ctx, t, q)
	if err != nil {
		return Answer{}, err
	}
	if cause := s.cause(); cause != "" {
		return page(200, console.Unavailable{MiniProgram: s.program.Name(), App: s.app.Name, Cause: cause, Since: s.since()})
	}
	to, err := s.link(ctx, t)
	if err != nil {
		return Answer{}, err
	}
	return c.leadOn(to, console.OpenApp{MiniProgram: s.program.Name(), App: s.app.Name, URL: to})
}

// leadOn sends everybody to the deep link. A program, such as the scanner of the super app, gets a redirect. A browser
// would show its own error in place of anything of ours where the app is missing, so it gets a page that goes on by
// itself, and stays with its button where that comes to nothing. Both count as a redirect of the link that was opened,
// which is what Chrome on Android asks before it opens an app that nobody has tapped for.
func (c *Call) leadOn(to string, p console.OpenApp) (Answer, error) {
	status, header, value := 302, "Location", to
	if strings.Contains(c.Header("Accept"), "text/html") {
		status, header, value = 200, "Refresh", "0; url="+to
	}
	a, err := page(status, p)
	if err == nil {
		a.Headers[header], a.Headers["Vary"] = value, "Accept"
	}
	return a, err
}

// codeScene is everything that decides where a code leads.
type codeScene struct {
	code      catalog.QRCode
	program   catalog.MiniProgram
	app       catalog.TargetApp
	placement rollout.Placement
}

func sceneOfCode(ctx context.Context, t store.Table, q catalog.QRCode) (s codeScene, err error) {
	s.code = q
	s.program, s.app, s.placement, err = store.BehindQRCode(ctx, t, q, rolloutTarget(q))
	return s, err
}

// cause is why there is nothing to open, "" when there is something. It asks for somebody unknown, as scanners are.
func (s codeScene) cause() string {
	served, reason := rollout.Decide(&s.placement, "")
	switch {
	case reason == rollout.ReasonRemoved:
		return console.UnavailableRemoved
	case served == nil && s.placement.Grayscale.Release == "" && len(s.placement.Pilots) == 0:
		return console.UnavailableOffline // there was a full version when the code was made
	case served == nil || s.app.Settings.Scheme == "":
		return console.UnavailableNotYet
	}
	return ""
}

// since is when it was removed or taken offline: nothing else has changed the placement after that.
func (s codeScene) since() time.Time { return s.placement.UpdatedAt }

// link is the deep link. A page that a later version has dropped would open nothing, so the code leads to the start then.
func (s codeScene) link(ctx context.Context, t store.Table) (string, error) {
	to := s.code.Page
	if now := s.placement.Full.Version; now != s.code.Version && to != "" {
		v, err := store.Version(ctx, t, s.program.ID, now)
		if err != nil {
			return "", err
		}
		if (catalog.QRCode{Page: to}).Validate(s.program.Type, now, v.Pages) != nil {
			to = ""
		}
	}
	return s.code.DeepLink(s.app.Settings.Scheme, to), nil
}
