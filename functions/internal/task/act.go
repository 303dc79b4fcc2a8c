package task

import (
	"context"
	"fmt"

	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// Act carries out a command that ends the machine: everyone, or cancel.
func Act(t store.Table, w release.Answerer) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		s, refused, err := carry(ctx, t, in, "", nil)
		if err != nil {
			return nil, err
		}
		if refused {
			return nil, &named{Refused, fmt.Errorf("%s: %s", in.Command.Action, s.Release.Refusal.Detail)}
		}
		return Done{}, endSuperseded(ctx, t, w, s.Release.Superseded)
	})
}

// HandOver gives the release to its next execution.
func HandOver(t store.Table, w release.Starter) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		var notice store.Notice
		err := Again(ctx, func() error {
			s, err := store.LoadScene(ctx, t, in.Release)
			if err != nil {
				return err
			}
			r := s.Release
			if r.Execution == in.Execution {
				r.Execution++
				r.Rounds, r.Token = 0, ""
			}
			notice = store.StartRelease(r, startState[r.Status])
			return t.Transact(ctx, s.SaveRelease(r), store.NoticeWrite(notice))
		})
		if err != nil {
			return nil, err
		}
		return Done{}, w.Start(ctx, notice.Start.Machine, notice.Start.Name, notice.Start.Input)
	})
}

// startState is where a new execution takes a release up.
var startState = map[release.Status]string{
	release.NewVersionCreated: "AwaitMerchant", release.PilotTesting: "AwaitPilot",
	release.ReleasePreparation: "AwaitRollout", release.GrayscaleRelease: "AwaitRollout",
}
