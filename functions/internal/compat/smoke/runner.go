package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"slipway/functions/internal/build/isolate"
	"slipway/functions/internal/compat"
)

// Runner runs mini programs in child processes. The zero value uses the running program, which must call Child.
//
// What a script or a file may cost is counted in processor time, by the child itself, so that a busy machine makes a test
// slow and not different. Time on a clock only ends a child that has stopped altogether.
type Runner struct {
	Program string        // executable; "" is this one
	Memory  uint64        // bytes that a child may take, twice that for the rules; 0 is 512 MiB
	Limit   time.Duration // processor time of one run, and four times that to judge one file; 0 is 5 s
	Whole   time.Duration // processor time of all runs together, after which no other begins; 0 is 48 times Limit
	Silence time.Duration // on the clock, after which a child that says nothing is ended; 0 is twenty times Limit

	// Tell is told what is being done, for people who wait: "running page 3 of 12". Runs and rules go on side by side and
	// call it as they go. May be nil.
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
	done, err := r.all(ctx, j)
	if err != nil {
		return nil, err
	}
	return judge(in, done, len(j.Pages)*len(modes)), nil
}

// all gives an outcome for each page and mode in order, fewer when too many children had to be ended.
func (r Runner) all(ctx context.Context, j job) (done []outcome, err error) {
	total, stalledAt := len(j.Pages)*len(modes), -1
	for restarts, left := 0, r.Whole; len(done) < total && restarts <= maxRestarts && left > 0; restarts++ {
		more, used, err := r.child(ctx, j, len(done), left)
		if err != nil {
			return nil, err
		}
		left -= used
		done = append(done, more...)
		if last := len(done) - 1; done[last].Phase == stalled && last != stalledAt {
			stalledAt, done = last, done[:last] // the machine's fault, most likely: once more
			continue
		}
		for last := done[len(done)-1]; (last.Phase == "crash" || last.Phase == stalled) && len(done)%len(modes) != 0; { // its other modes would end alike
			done = append(done, outcome{Page: last.Page, Mode: modes[len(done)%len(modes)], Phase: skipped})
		}
	}
	return done, nil
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
	if r.Limit == 0 {
		r.Limit = 5 * time.Second
	}
	if r.Whole == 0 {
		r.Whole = 48 * r.Limit // as many children as may be, each ended at its limit, and what ordinary pages take
	}
	if r.Silence == 0 {
		r.Silence = 20 * r.Limit
	}
	return r, nil
}

func (r Runner) command(ctx context.Context, marker string) *exec.Cmd {
	cmd := isolate.Command(ctx, r.Program, marker)
	cmd.Env = append(cmd.Env, "GOMAXPROCS=2", "GOTRACEBACK=none")
	return cmd
}

// child runs what is left until it is done or the child ends. It gives one outcome for every run that began.
func (r Runner) child(ctx context.Context, j job, skip int, left time.Duration) (outcomes []outcome, used time.Duration, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := r.command(ctx, marker)
	o := order{Job: j, Skip: skip, Memory: r.Memory, CPU: r.seconds(len(j.Pages) * len(modes)), Soft: r.Limit * 2 / 5, Hard: r.Limit, Whole: left}
	t, err := start(cmd, o, j.Scripts)
	if err != nil {
		return nil, 0, fmt.Errorf("start the smoke run: %w", err)
	}
	outcomes, running, late := r.follow(t.out, cancel, skip, len(j.Pages))
	waitErr := t.end()
	if parent := context.Cause(ctx); parent != nil && !late {
		return nil, 0, parent
	}
	if running != nil {
		running.Start, running.Phase, running.Message = false, "crash", "it took more memory or time than an app has"
		if late && processorTimeOf(cmd) < r.Limit {
			running.Phase, running.Message = stalled, "it stood still"
		}
		outcomes = append(outcomes, *running)
	}
	if len(outcomes) == 0 {
		return nil, 0, fmt.Errorf("the smoke run said nothing: %v", waitErr)
	}
	return outcomes, processorTimeOf(cmd), nil
}

// seconds is what a child may take for all of its runs before the system ends it: far more than the child's own count
// allows in sum, but for a few.
func (r Runner) seconds(runs int) uint64 {
	return uint64(10+3*runs) + uint64(r.Limit/time.Second)
}

// processorTimeOf is what a child that has ended had used.
func processorTimeOf(cmd *exec.Cmd) time.Duration {
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

// follow reads outcomes and ends a child that is silent for too long. It gives the run that began and has no outcome,
// which is what ended the child, or nil.
func (r Runner) follow(out io.Reader, kill func(), skip, pages int) (list []outcome, running *outcome, late bool) {
	var silent atomic.Bool
	timer := time.AfterFunc(r.Silence, func() { silent.Store(true); kill() })
	defer timer.Stop()
	for d := json.NewDecoder(out); ; {
		var o outcome
		if d.Decode(&o) != nil {
			return list, running, silent.Load()
		}
		timer.Reset(r.Silence)
		if running = nil; o.Start {
			running = &o
			r.tell("running page %d of %d", 1+(skip+len(list))/len(modes), pages)
		} else {
			list = append(list, o)
		}
	}
}

func (r Runner) tell(format string, args ...any) {
	if r.Tell != nil {
		r.Tell(fmt.Sprintf(format, args...))
	}
}
