package smoke

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime/debug"
	"sync/atomic"
	"time"

	"slipway/functions/internal/build/intake"
	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/profile"
)

// rulesMarker is the only argument of a child that runs the rules.
const rulesMarker = "slipway:rules-run"

// Bounds of the rules of one project.
const (
	ruleRestarts = 4                 // files and steps that may turn out to be endless
	ruleTime     = 100 * time.Second // of the processor, for all children together; the slowest real project takes a few
)

var _ compat.Apart = Runner{}

// small is the part of the input that is no file.
type small struct {
	Root       string
	App        intake.AppConfig
	Pages      []intake.Page
	Components []intake.Component
	Package    int64
	Unbuilt    bool
	Runtime    profile.Runtime
	Server, H5 []string
	Endless    []string
	Memory     uint64
	CPU        uint64        // seconds
	Limit      time.Duration // of the processor, to judge one file
}

// rulesLine is one line that a child writes. When it says that it waits, it reads what the smoke run saw.
type rulesLine struct {
	Watch  string         `json:"watch,omitempty"`
	Waits  bool           `json:"waits,omitempty"`
	Report *compat.Report `json:"report,omitempty"`
}

// Rules runs the rules in a child. A file that ends the child, or does not end itself, is a finding; then another child
// judges the rest. The error is about this side: the context's end, or a child that does not work.
func (r Runner) Rules(ctx context.Context, in compat.Input, seen func() (compat.Seen, error)) (*compat.Report, error) {
	r, err := r.orDefault()
	if err != nil {
		return nil, err
	}
	stalled := ""
	left := ruleTime
	for len(in.Endless) < ruleRestarts && left >= time.Second {
		end, err := r.rulesChild(ctx, in, seen, left)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || end.report != nil {
			return end.report, err
		}
		left -= end.used
		if end.late && end.used < r.Limit {
			if stalled == end.last {
				return nil, fmt.Errorf("the rules stood still twice at %s", end.last)
			}
			stalled = end.last // the machine's fault, most likely: once more
			continue
		}
		if end.last == "/reading" {
			break
		}
		in.Endless = append(in.Endless[:len(in.Endless):len(in.Endless)], end.last)
	}
	ran, err := seen()
	if err != nil {
		return nil, err
	}
	return compat.Incomplete(in, ran), nil
}

// rulesEnd is how a child ended: with a report, or with what it was judging last.
type rulesEnd struct {
	report *compat.Report
	last   string
	late   bool          // it was silent for too long
	used   time.Duration // of the processor
}

// rulesChild runs one child that may use so much processor time. An error is about this side.
func (r Runner) rulesChild(ctx context.Context, in compat.Input, seen func() (compat.Seen, error), left time.Duration) (end rulesEnd, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, rulesMarker)
	p := in.Project
	t, err := start(cmd, small{
		Root: p.Root, App: p.App, Pages: p.Pages, Components: p.Components, Package: in.PackageBytes, Unbuilt: in.Built == nil, Runtime: in.Runtime,
		Server: in.ServerDomains, H5: in.H5Domains, Endless: in.Endless, Memory: 2 * r.Memory, CPU: uint64(left / time.Second), Limit: 4 * r.Limit,
	}, p.Files, in.Built)
	if err != nil {
		return end, fmt.Errorf("start the rules: %w", err)
	}
	end, waited := r.followRules(t.out, cancel, func(pause func() bool) error {
		t.sending.Wait()
		pause() // the child waits, and so it may be silent
		ran, err := seen()
		if err == nil {
			err = json.NewEncoder(t.in).Encode(ran)
		}
		return err
	})
	err = t.end()
	end.used = processorTimeOf(cmd)
	var died *exec.ExitError
	switch {
	case end.report != nil:
		return end, nil
	case waited != nil:
		return end, waited
	case end.last != "" && errors.As(err, &died):
		return end, nil
	}
	return end, fmt.Errorf("the rules said nothing: %w", err)
}

// followRules reads what a child says, gives it what it waits for, and ends one that says nothing for too long.
func (r Runner) followRules(out io.Reader, kill func(), give func(pause func() bool) error) (end rulesEnd, waited error) {
	var silent atomic.Bool
	timer := time.AfterFunc(r.Silence, func() { silent.Store(true); kill() })
	defer timer.Stop()
	for d := json.NewDecoder(out); ; {
		var l rulesLine
		if d.Decode(&l) != nil {
			end.late = silent.Load()
			return end, nil
		}
		timer.Reset(r.Silence)
		switch {
		case l.Report != nil:
			end.report = l.Report
		case l.Waits:
			if waited = give(timer.Stop); waited != nil {
				kill()
				return end, waited
			}
			timer.Reset(r.Silence)
		default:
			end.last = l.Watch
			r.tell("judging %s", end.last)
		}
	}
}

// serveRules is the child's side.
func serveRules(in io.Reader, out io.Writer) error {
	from := bufio.NewReaderSize(in, 1<<16)
	var s small
	sets, err := readOrder(from, &s, 2)
	if err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	if err := isolate.Limit(s.CPU, s.Memory); err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	debug.SetMemoryLimit(int64(s.Memory / 2))
	lines := json.NewEncoder(out)
	m := startMeter(s.Limit, s.Limit)
	input := compat.Input{
		Project:      &intake.Project{Files: sets[0], Root: s.Root, App: s.App, Pages: s.Pages, Components: s.Components},
		PackageBytes: s.Package, Runtime: s.Runtime, ServerDomains: s.Server, H5Domains: s.H5, Smoke: awaited{from, lines}, Endless: s.Endless,
		Watch: func(what string) {
			_ = lines.Encode(rulesLine{Watch: what})
			m.begin(nil)
		},
	}
	if !s.Unbuilt {
		input.Built = sets[1]
	}
	report, err := compat.Run(context.Background(), input)
	if err != nil {
		return err
	}
	m.end()
	return lines.Encode(rulesLine{Report: report})
}

// awaited is a smoke run that goes on elsewhere.
type awaited struct {
	from  io.Reader
	lines *json.Encoder
}

// Run implements compat.Smoke.
func (a awaited) Run(context.Context, compat.Input) (found []compat.Finding, err error) {
	if err := a.lines.Encode(rulesLine{Waits: true}); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(a.from).Decode(&found); err != nil {
		return nil, fmt.Errorf("read what was seen: %w", err)
	}
	return found, nil
}
