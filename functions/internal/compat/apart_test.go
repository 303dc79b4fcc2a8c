package compat_test

import (
	"context"
	"errors"
	"testing"

	"slipway/functions/internal/compat"
)

// sides are a run and rules that tests give.
type sides struct {
	run   func(context.Context) ([]compat.Finding, error)
	rules func(context.Context, func() (compat.Seen, error)) (*compat.Report, error)
}

func (s sides) Run(ctx context.Context, _ compat.Input) ([]compat.Finding, error) { return s.run(ctx) }

func (s sides) Rules(ctx context.Context, _ compat.Input, seen func() (compat.Seen, error)) (*compat.Report, error) {
	return s.rules(ctx, seen)
}

// TestTheRunAndTheRulesGoOnSideBySide: each waits here until the other one has begun.
func TestTheRunAndTheRulesGoOnSideBySide(t *testing.T) {
	running, judging := make(chan struct{}), make(chan struct{})
	in := compat.Input{Project: project(t, nil)}
	in.Smoke = sides{
		run: func(context.Context) ([]compat.Finding, error) {
			close(running)
			<-judging
			return []compat.Finding{{Rule: "seen"}}, nil
		},
		rules: func(_ context.Context, seen func() (compat.Seen, error)) (*compat.Report, error) {
			close(judging)
			<-running
			found, err := seen()
			again, _ := seen()
			if len(found) != 1 || len(again) != 1 || err != nil {
				t.Errorf("%v, %v, %v", found, again, err)
			}
			return &compat.Report{Findings: found}, err
		},
	}
	if r, err := compat.Run(context.Background(), in); err != nil || len(r.Findings) != 1 {
		t.Error(r, err)
	}
}

// TestOneSideThatFailsEndsTheOther: nothing goes on after an error, which is the one that came first.
func TestOneSideThatFailsEndsTheOther(t *testing.T) {
	broken := errors.New("broken")
	in := compat.Input{Project: project(t, nil)}
	in.Smoke = sides{
		run: func(context.Context) ([]compat.Finding, error) { return nil, broken },
		rules: func(ctx context.Context, _ func() (compat.Seen, error)) (*compat.Report, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	}
	if _, err := compat.Run(context.Background(), in); !errors.Is(err, broken) {
		t.Error("the run failed:", err)
	}
	ended := false
	in.Smoke = sides{
		run: func(ctx context.Context) ([]compat.Finding, error) {
			<-ctx.Done()
			ended = true
			return nil, ctx.Err()
		},
		rules: func(context.Context, func() (compat.Seen, error)) (*compat.Report, error) { return nil, broken },
	}
	if _, err := compat.Run(context.Background(), in); !errors.Is(err, broken) || !ended {
		t.Error("the rules failed:", err, ended)
	}
}
