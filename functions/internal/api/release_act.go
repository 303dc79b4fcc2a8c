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
func act(ctx context.Context, c *Call, t store.Table, w release.Workflow, action release.Action, fill func(*release.Command, *store.Scene) error) (Answer, error) {
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
	if s, err = untilParked(ctx, t, s); err != nil {
		return Answer{}, err
	}
	if err := c.MatchRev(s.Rev()); err != nil { // while we waited, somebody else's action may have been carried out
		return Answer{}, err
	}
	cmd.From, cmd.Removals = s.Release.Status, s.Placement.Removals
	if cmd.To, err = release.Check(s.Scene, cmd); err != nil {
		return Answer{}, err
	}
	if !s.Release.Parked() {
		return Answer{}, busy(s)
	}
	data, err := json.Marshal(cmd)
	if err != nil {
		return Answer{}, err
	}
	if err := w.Succeed(ctx, s.Release.Token, data); err != nil {
		return Answer{}, overtaken(ctx, t, s.Release.ID, err)
	}
	return untilCarried(ctx, t, s.Release.ID, cmd.ID)
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

func untilCarried(ctx context.Context, t store.Table, id, command string) (Answer, error) {
	s, err := look(ctx, t, id, func(r release.Release) bool { return r.LastCommand == command })
	if err != nil {
		return Answer{}, err
	}
	if s.Release.LastCommand != command {
		return answerScene(202, s), nil
	}
	if why := s.Release.Refusal; why != nil {
		e := fault.New(fault.Conflict, why.Code, "%s", why.Detail)
		return Answer{}, withState(e, s)
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
func overtaken(ctx context.Context, t store.Table, id string, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != "token_used" {
		return err
	}
	s, loadErr := store.LoadScene(ctx, t, id)
	if loadErr != nil {
		return loadErr
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

// seenRelease is a release that the caller may see; any other is the same NotFound.
func (c *Call) seenRelease(ctx context.Context, t store.Table, id string) (*store.Scene, error) {
	s, err := store.LoadScene(ctx, t, id)
	if err != nil {
		return nil, err
	}
	o := objectOf(c.Actor, s.MiniProgram)
	o.AppWorkspaces = reviewingWorkspaces(s.App)
	if !c.Actor.May(catalog.SeeMiniProgram, o) {
		return nil, fault.New(fault.NotFound, "no_such_release", "There is no release %q.", id)
	}
	return s, nil
}
