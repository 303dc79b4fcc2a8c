package task

import (
	"context"
	"time"

	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// A machine is handed over to a new execution before Step Functions' limits of one year and 25 000 events are near.
const (
	handOverAge    = 300 * 24 * time.Hour
	handOverRounds = 1000
)

// Await carries out the command that led here, if any, and parks the release on the task token until somebody acts.
// When there is nothing to wait for it answers the token itself.
func Await(t store.Table, w release.Answerer) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		s, err := awaitCommand(ctx, t, in)
		if err != nil && ErrorName(err) == Refused { // an execution that could not be stopped ends here
			return Done{}, end(ctx, w, in.Token)
		}
		if err != nil {
			return nil, err
		}
		if err := endSuperseded(ctx, t, w, s.Release.Superseded); err != nil {
			return nil, err
		}
		switch r := s.Release; {
		case !waits(r.Status):
			return Done{}, end(ctx, w, in.Token)
		case in.Now.Sub(in.StartedAt) > handOverAge || r.Rounds > handOverRounds:
			return Done{}, answer(ctx, w, in.Token, map[string]string{"action": "hand-over", "to": "", "from": ""})
		}
		return Done{}, nil
	})
}

// waits says whether a release in that status waits for whoever may release.
func waits(s release.Status) bool {
	switch s {
	case release.NewVersionCreated, release.PilotTesting, release.ReleasePreparation, release.GrayscaleRelease:
		return true
	}
	return false
}

// carriedBefore are the actions that another task has carried out before the release is parked.
var carriedBefore = map[release.Action]bool{
	release.Create: true, release.Configure: true, release.TestAction: true, release.Apply: true, release.Full: true,
	release.Cancel: true, "": true,
}

func awaitCommand(ctx context.Context, t store.Table, in Input) (*store.Scene, error) {
	if !carriedBefore[in.Command.Action] && in.Command.To != release.FullRelease {
		s, _, err := carry(ctx, t, in, in.Token, nil)
		return s, err
	}
	var s *store.Scene
	err := Again(ctx, func() (err error) {
		if s, err = store.LoadScene(ctx, t, in.Release); err != nil {
			return err
		}
		if err = Mine(s, in); err != nil {
			return err
		}
		r := s.Release
		r.Token = in.Token
		settle(&r)
		if err = t.Transact(ctx, s.SaveRelease(r)); err == nil {
			s.Release = r
		}
		return err
	})
	return s, err
}

// settle ends what a task that broke down has left half done: the machine only comes here when it does not run.
func settle(r *release.Release) {
	if r.Status != release.NewVersionCreated {
		return
	}
	if r.Build == release.Building {
		r.Build = release.BuildFailed
		r.BuildFaults = []string{"The build broke down on our side. Configure the release again to build it again."}
	}
	if r.Compatibility == release.Testing {
		r.Compatibility = release.TestStale
	}
}
