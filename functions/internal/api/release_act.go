package api

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// patience is how long an action waits for the machine to move before it answers 202.
const patience = 2 * time.Second

// watch reads something again and again until it is as wanted, or patience is at its end: often at first, because a
// machine moves within milliseconds, then less and less, because every look costs a read.
func watch[T any](ctx context.Context, read func() (T, error), wanted func(T) bool) (T, error) {
	pause := 4 * time.Millisecond
	for waited := time.Duration(0); ; waited += pause {
		v, err := read()
		if err != nil || wanted(v) || waited >= patience {
			return v, err
		}
		pause = min(pause*3/2, 200*time.Millisecond)
		select {
		case <-ctx.Done():
			return v, ctx.Err()
		case <-time.After(pause):
		}
	}
}

// act is what all actions on a release have in common: who may, whether the lifecycle allows it, and the answer to
// the task token that the release is parked on. Of two concurrent actions exactly one finds the token unused.
func act(ctx context.Context, c *Call, t store.Table, w release.Answerer, action release.Action, fill func(*release.Command, *store.Scene) error) (Answer, error) {
	s, err := c.ownRelease(ctx, t, c.Param("id"))
	if err != nil {
		return Answer{}, err
	}
	if err := c.MatchRev(s.Rev()); err != nil {
		return Answer{}, err
	}
	cmd := release.Command{ID: c.NewID("cmd"), Action: action, From: s.Release.Status, Actor: c.person(), Via: c.Via, IP: c.IP, At: c.Now}
	if err := fill(&cmd, s); err != nil {
		return Answer{}, err
	}
	for {
		if s, err = untilParked(ctx, t, s); err != nil {
			return Answer{}, err
		}
		if err := c.MatchRev(s.Rev()); err != nil { // while we waited, somebody else's action may have been carried out
			return Answer{}, err
		}
		err := hand(ctx, w, s, cmd)
		if err == nil {
			return untilCarried(ctx, t, s.Release, cmd)
		}
		next, renewed, lookErr := renewal(ctx, t, s, err)
		if lookErr != nil {
			return Answer{}, lookErr
		}
		mine, lookErr := carried(ctx, t, next.Release, cmd)
		if lookErr != nil {
			return Answer{}, lookErr
		}
		if mine { // only the answer to it was lost
			return untilCarried(ctx, t, s.Release, cmd)
		}
		if !renewed {
			return Answer{}, overtaken(next, err)
		}
		s = next
	}
}

// hand gives the command to the machine that the release is parked in, if the lifecycle allows it there.
func hand(ctx context.Context, w release.Answerer, s *store.Scene, cmd release.Command) (err error) {
	cmd.From, cmd.Removals = s.Release.Status, s.Placement.Removals
	if cmd.To, err = release.Check(s.Scene, cmd); err != nil {
		return err
	}
	if !s.Release.Parked() {
		return busy(s)
	}
	data, err := json.Marshal(cmd)
	if err != nil {
		return err
	}
	return w.Succeed(ctx, s.Release.Token, data)
}

// renewal tells, after a token turned out to be used, whether the machine has only taken a fresh one: nobody's command
// was carried out, and it waits again.
func renewal(ctx context.Context, t store.Table, was *store.Scene, err error) (now *store.Scene, renewed bool, lookErr error) {
	if !tokenUsed(err) {
		return was, false, nil
	}
	same := func(r release.Release) bool { return r.LastCommand == was.Release.LastCommand }
	now, lookErr = look(ctx, t, was.Release.ID, func(r release.Release) bool {
		return !same(r) || r.Parked() && r.Token != was.Release.Token
	})
	if lookErr != nil {
		return nil, false, lookErr
	}
	return now, same(now.Release) && now.Release.Parked() && now.Release.Token != was.Release.Token, nil
}

func tokenUsed(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Code == "token_used"
}

// untilParked gives a machine that is between two steps, builds or tests a moment to wait for somebody again.
func untilParked(ctx context.Context, t store.Table, s *store.Scene) (*store.Scene, error) {
	r := s.Release
	if r.Parked() || r.Status == release.UnderReview || r.Status == release.FullRelease || r.Status.Final() {
		return s, nil
	}
	return look(ctx, t, r.ID, func(r release.Release) bool { return r.Parked() })
}

// look reads the release until it is as wanted, and then all that an answer shows of it.
func look(ctx context.Context, t store.Table, id string, wanted func(release.Release) bool) (*store.Scene, error) {
	_, err := watch(ctx, func() (release.Release, error) {
		r, _, err := store.Release(ctx, t, id)
		return r, err
	}, wanted)
	if err != nil {
		return nil, err
	}
	return store.LoadScene(ctx, t, id)
}

// carried says whether a command has been carried out, or refused by the machine: it is the last one, or in the history.
func carried(ctx context.Context, t store.Table, r release.Release, cmd release.Command) (bool, error) {
	if r.LastCommand == cmd.ID {
		return true, nil
	}
	return store.Happened(ctx, t, r.MiniProgram, cmd.At, cmd.ID)
}

// untilCarried gives the machine a moment for a command that it has taken, and answers what became of it. Another may
// follow within that moment: then the history tells.
func untilCarried(ctx context.Context, t store.Table, was release.Release, cmd release.Command) (Answer, error) {
	s, err := look(ctx, t, was.ID, func(r release.Release) bool { return r.LastCommand != was.LastCommand })
	if err != nil {
		return Answer{}, err
	}
	if s.Release.LastCommand == was.LastCommand {
		return answerScene(202, s), nil
	}
	done, err := carried(ctx, t, s.Release, cmd)
	switch why := s.Release.Refusal; {
	case err != nil:
		return Answer{}, err
	case !done:
		return Answer{}, withState(fault.New(fault.Conflict, "overtaken", "Somebody else acted on this release a moment earlier; it is %s now.", s.Release.Status), s)
	case why != nil && s.Release.LastCommand == cmd.ID:
		return Answer{}, withState(fault.New(fault.Conflict, why.Code, "%s", why.Detail), s)
	}
	return answerScene(200, s), nil
}

func busy(s *store.Scene) error {
	what := "The machine is between two steps"
	switch {
	case s.Release.Build == release.Building:
		what = "The build is running"
	case s.Release.Compatibility == release.Testing:
		what = "The compatibility test is running"
	}
	return withState(fault.New(fault.Conflict, "busy", "%s; try again in a moment.", what), s)
}

// overtaken says what came of a token that somebody else answered first.
func overtaken(s *store.Scene, err error) error {
	if !tokenUsed(err) {
		return err
	}
	return withState(fault.New(fault.Conflict, "overtaken", "Somebody else acted on this release a moment earlier; it is %s now.", s.Release.Status), s)
}

func withState(e *fault.Error, s *store.Scene) error {
	e.Status, e.Actions = string(s.Release.Status), []string{}
	for _, a := range possible(s.Release, s.Settings) {
		e.Actions = append(e.Actions, string(a))
	}
	return e
}

// ownRelease is a release of a mini program that the caller may release.
func (c *Call) ownRelease(ctx context.Context, t store.Table, id string) (*store.Scene, error) {
	s, err := c.seenRelease(ctx, t, id)
	if err != nil {
		return nil, err
	}
	if !c.Actor.May(catalog.ReleaseVersion, objectOf(c.Actor, s.MiniProgram)) {
		return nil, fault.New(fault.Forbidden, "forbidden", "Only an admin of the workspace or of the mini program may do this.")
	}
	return s, nil
}

// maySee says whether somebody sees a release: its maker's people always, a super app's staff once it was applied for.
func maySee(a catalog.Actor, o catalog.Object, r release.Release) bool {
	if draft := r.Status == release.NewVersionCreated && r.Request == ""; draft {
		o.AppWorkspaces = nil
	}
	return a.May(catalog.SeeMiniProgram, o)
}

// seenRelease is a release that the caller may see; any other is the same NotFound.
func (c *Call) seenRelease(ctx context.Context, t store.Table, id string) (*store.Scene, error) {
	s, err := store.LoadScene(ctx, t, id)
	if err != nil {
		return nil, err
	}
	o := objectOf(c.Actor, s.MiniProgram)
	o.AppWorkspaces = s.App.Reviewers()
	if !maySee(c.Actor, o, s.Release) {
		return nil, fault.New(fault.NotFound, "no_such_release", "There is no release %q.", id)
	}
	return s, nil
}
