package smoke

import (
	"bufio"
	"bytes"
	"context"
	"encoding/gob"
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

// small is the part of the input that is written as JSON, which keeps an empty list apart from none.
type small struct {
	Root       string
	App        intake.AppConfig
	Pages      []intake.Page
	Components []intake.Component
	Package    int64
	Unbuilt    bool
	Runtime    profile.Runtime
	Server, H5 []string
	Seen       compat.Seen
	Endless    []string
	Memory     uint64
	CPU        uint64        // seconds
	Limit      time.Duration // of the processor, to judge one file
}

// rulesOrder is what a child reads: gob, because files are most of it.
type rulesOrder struct {
	Small        []byte
	Files, Built map[string][]byte
}

// rulesLine is one line that a child writes.
type rulesLine struct {
	Watch  string         `json:"watch,omitempty"`
	Report *compat.Report `json:"report,omitempty"`
}

// Rules runs the rules in a child. A file that ends the child, or does not end itself, is a finding; then another child
// judges the rest. The error is about this side: the context's end, or a child that does not work.
func (r Runner) Rules(ctx context.Context, in compat.Input, seen compat.Seen) (*compat.Report, error) {
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
	return compat.Incomplete(in, seen), nil
}

// rulesEnd is how a child ended: with a report, or with what it was judging last.
type rulesEnd struct {
	report *compat.Report
	last   string
	late   bool          // it was silent for too long
	used   time.Duration // of the processor
}

// rulesChild runs one child that may use so much processor time. An error is about this side.
func (r Runner) rulesChild(ctx context.Context, in compat.Input, seen compat.Seen, left time.Duration) (end rulesEnd, err error) {
	p := in.Project
	data, err := json.Marshal(small{
		Root: p.Root, App: p.App, Pages: p.Pages, Components: p.Components, Package: in.PackageBytes, Unbuilt: in.Built == nil, Runtime: in.Runtime,
		Server: in.ServerDomains, H5: in.H5Domains, Seen: seen, Endless: in.Endless, Memory: 2 * r.Memory, CPU: uint64(left / time.Second), Limit: 4 * r.Limit,
	})
	if err != nil {
		return end, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, rulesMarker)
	read, write := io.Pipe()
	defer read.Close() // ends the writer when the child did not read to the end
	cmd.Stdin = read
	go func() {
		w := bufio.NewWriterSize(write, 1<<16)
		err := gob.NewEncoder(w).Encode(rulesOrder{Small: data, Files: p.Files, Built: in.Built})
		_ = write.CloseWithError(errors.Join(err, w.Flush()))
	}()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return end, err
	}
	if err := cmd.Start(); err != nil {
		return end, fmt.Errorf("start the rules: %w", err)
	}
	end = r.followRules(out, cancel)
	_, _ = io.Copy(io.Discard, out)
	read.Close()
	err = cmd.Wait()
	end.used = processorTimeOf(cmd)
	var died *exec.ExitError
	if end.report != nil || end.last != "" && errors.As(err, &died) {
		return end, nil
	}
	return end, fmt.Errorf("the rules said nothing: %w", err)
}

// followRules reads what a child says and ends one that says nothing for too long.
func (r Runner) followRules(out io.Reader, kill func()) (end rulesEnd) {
	var silent atomic.Bool
	timer := time.AfterFunc(r.Silence, func() { silent.Store(true); kill() })
	defer timer.Stop()
	for d := json.NewDecoder(out); ; {
		var l rulesLine
		if d.Decode(&l) != nil {
			end.late = silent.Load()
			return end
		}
		timer.Reset(r.Silence)
		if l.Report != nil {
			end.report = l.Report
			continue
		}
		end.last = l.Watch
		r.tell("judging %s", end.last)
	}
}

// serveRules is the child's side.
func serveRules(in io.Reader, out io.Writer) error {
	var o rulesOrder
	if err := gob.NewDecoder(bufio.NewReaderSize(in, 1<<16)).Decode(&o); err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	var s small
	d := json.NewDecoder(bytes.NewReader(o.Small))
	d.UseNumber() // as the project's configuration was read
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf("read the project: %w", err)
	}
	if err := isolate.Limit(s.CPU, s.Memory); err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	debug.SetMemoryLimit(int64(s.Memory / 2))
	lines := json.NewEncoder(out)
	m := startMeter(s.Limit, s.Limit)
	input := compat.Input{
		Project:      &intake.Project{Files: o.Files, Root: s.Root, App: s.App, Pages: s.Pages, Components: s.Components},
		PackageBytes: s.Package, Runtime: s.Runtime, ServerDomains: s.Server, H5Domains: s.H5, Smoke: s.Seen, Endless: s.Endless,
		Watch: func(what string) {
			_ = lines.Encode(rulesLine{Watch: what})
			m.begin(nil)
		},
	}
	if !s.Unbuilt {
		if input.Built = o.Built; input.Built == nil {
			input.Built = map[string][]byte{}
		}
	}
	report, err := compat.Run(context.Background(), input)
	if err != nil {
		return err
	}
	m.end()
	return lines.Encode(rulesLine{Report: report})
}
