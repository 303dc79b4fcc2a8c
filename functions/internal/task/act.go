package task

import (
	"context"
	"encoding/json"
	"fmt"

	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
)

// Act carries out a command that ends the machine: everyone, or cancel.
func Act(t store.Table, w release.Workflow) Handler {
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

// startInput is what a release machine is started with.
type startInput struct {
	Release   string `json:"release"`
	Execution int    `json:"execution"`
	StartAt   string `json:"startAt"`
	Command   struct {
		Action string `json:"action"`
		From   string `json:"from"`
		To     string `json:"to"`
		ID     string `json:"id"`
	} `json:"command"`
}

// StartNotice is the outbox row that makes sure the machine of a release runs.
func StartNotice(r release.Release, startAt string) store.Notice {
	in := startInput{Release: r.ID, Execution: r.Execution, StartAt: startAt}
	data, err := json.Marshal(in)
	if err != nil { // plain strings: this cannot happen
		panic(err)
	}
	name := executionName(r)
	return store.Notice{ID: "start-" + name, Kind: store.NoticeStart, Start: &store.StartNotice{Machine: "release", Name: name, Input: data}}
}

// executionName is the name under which the machine of a release runs now.
func executionName(r release.Release) string { return fmt.Sprintf("%s-%d", r.ID, r.Execution) }

// HandOver gives the release to its next execution.
func HandOver(t store.Table, w release.Workflow) Handler {
	return Serve(func(ctx context.Context, in Input) (any, error) {
		var notice store.Notice
		err := again(ctx, func() error {
			s, err := store.LoadScene(ctx, t, in.Release)
			if err != nil {
				return err
			}
			r := s.Release
			if r.Execution == in.Execution {
				r.Execution++
				r.Rounds, r.Token = 0, ""
			}
			notice = StartNotice(r, startState[r.Status])
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
