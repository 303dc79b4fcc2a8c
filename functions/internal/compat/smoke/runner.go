package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"slipway/functions/internal/compat"
)

// Runner runs mini programs in child processes. The zero value uses the running program, which must call Child.
type Runner struct {
	Program string        // executable; "" is this one
	Memory  uint64        // bytes that a child may take, twice that for the rules; 0 is 512 MiB
	Wall    time.Duration // for one run, and four times that to judge one file; 0 is 5 s

	// Tell is told what is being done, for people who wait: "running page 3 of 12". May be nil.
	Tell func(what string)
}

// maxRestarts bounds how many children one test may cost.
const maxRestarts = 40

var _ compat.Smoke = Runner{}

// Run opens every page in every mode and judges what happened. A child that dies costs its page a finding, not the test.
func (r Runner) Run(ctx context.Context, in compat.Input) ([]compat.Finding, error) {
	r, err := r.orDefault()
	if err != nil {
		return nil, err
	}
	j := newJob(in)
	total := len(j.Pages) * len(modes)
	var done []outcome
	for restarts := 0; len(done) < total && restarts <= maxRestarts; restarts++ {
		more, err := r.child(ctx, j, len(done))
		if err != nil {
			return nil, err
		}
		done = append(done, more...)
		for last := done[len(done)-1]; last.Phase == "crash" && len(done)%len(modes) != 0; { // its other modes would end alike
			done = append(done, outcome{Page: last.Page, Mode: modes[len(done)%len(modes)], Phase: skipped})
		}
	}
	return judge(in, done, total), nil
}

func (r Runner) orDefault() (Runner, error) {
	if r.Program == "" {
		self, err := os.Executable()
		if err != nil {
			return r, fmt.Errorf("find this program: %w", err)
		}
		r.Program = self
	}
	if r.Memory == 0 {
		r.Memory = 512 << 20
	}
	if r.Wall == 0 {
		r.Wall = 5 * time.Second
	}
	return r, nil
}

// command is a child that gets nothing of the parent's environment: it may hold credentials.
func (r Runner) command(ctx context.Context, marker string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.Program, marker)
	cmd.Env = []string{"GOMAXPROCS=2", "GOTRACEBACK=none"}
	cmd.Dir = os.TempDir()
	return cmd
}

// child runs what is left until it is done or the child ends. It gives one outcome for every run that began.
func (r Runner) child(ctx context.Context, j job, skip int) ([]outcome, error) {
	input, err := json.Marshal(order{Job: j, Skip: skip, Memory: r.Memory, CPU: uint64(10 + 3*len(j.Pages)*len(modes)), Time: r.Wall * 2 / 5})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, marker)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the smoke run: %w", err)
	}
	outcomes, late := r.follow(out, cancel, skip, len(j.Pages))
	_, _ = io.Copy(io.Discard, out)
	waitErr := cmd.Wait()
	if parent := context.Cause(ctx); parent != nil && !late {
		return nil, parent
	}
	if len(outcomes) == 0 {
		return nil, fmt.Errorf("the smoke run said nothing: %v", waitErr)
	}
	return outcomes, nil
}

// follow reads outcomes and ends a child that is silent for too long. A run that began and gave none gets one here.
func (r Runner) follow(out io.Reader, kill func(), skip, pages int) (list []outcome, late bool) {
	lines := make(chan outcome)
	go func() {
		defer close(lines)
		d := json.NewDecoder(out)
		for {
			var o outcome
			if d.Decode(&o) != nil {
				return
			}
			lines <- o
		}
	}()
	var running *outcome
	timer := time.NewTimer(r.Wall)
	defer timer.Stop()
	for {
		select {
		case o, open := <-lines:
			if !open {
				if running != nil {
					running.Start, running.Phase, running.Message = false, "crash", "it took more memory or time than an app has"
					list = append(list, *running)
				}
				return list, late
			}
			timer.Reset(r.Wall)
			if running = nil; o.Start {
				running = &o
				r.tell("running page %d of %d", 1+(skip+len(list))/len(modes), pages)
			} else {
				list = append(list, o)
			}
		case <-timer.C:
			late = true
			kill()
		}
	}
}

func (r Runner) tell(format string, args ...any) {
	if r.Tell != nil {
		r.Tell(fmt.Sprintf(format, args...))
	}
}
