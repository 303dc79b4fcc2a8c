package smoke

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"slipway/functions/internal/build/isolate"
)

// marker is the only argument of a child; nothing a person types looks like it.
const marker = "slipway:smoke-run"

// Child turns the process into the child of a smoke run when it was started as one, and then never returns. Programs that
// use Runner call it first thing in main, before they read their environment.
func Child() {
	if len(os.Args) != 2 {
		return
	}
	var err error
	switch os.Args[1] {
	case marker:
		err = serve()
	case rulesMarker:
		err = serveRules(os.Stdin, os.Stdout)
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// order is what a child reads: the job, how many runs are done already, and its limits.
type order struct {
	Job    job    `json:"job"`
	Skip   int    `json:"skip"`
	Memory uint64 `json:"memory"`
	CPU    uint64 `json:"cpu"` // seconds

	Soft  time.Duration `json:"soft"`  // processor time of one run, until it is interrupted
	Hard  time.Duration `json:"hard"`  // and until the child ends itself
	Whole time.Duration `json:"whole"` // of all runs, after which no other begins
}

func serve() error {
	var o order
	sets, err := readOrder(bufio.NewReaderSize(os.Stdin, 1<<16), &o, 1)
	if err != nil {
		return fmt.Errorf("read the job: %w", err)
	}
	o.Job.Scripts = sets[0]
	if err := isolate.Limit(o.CPU, o.Memory); err != nil {
		return fmt.Errorf("set limits: %w", err)
	}
	debug.SetGCPercent(400)                   // every run leaves a whole world behind
	debug.SetMemoryLimit(int64(o.Memory / 2)) // collect harder long before the end
	r, err := newRunner(o.Job, startMeter(o.Soft, o.Hard))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout) // unbuffered: the parent must know what runs when the end comes
	for i, p := range o.Job.Pages {
		hopeless := false
		for k, mode := range modes {
			if i*len(modes)+k < o.Skip {
				continue
			}
			result := outcome{Page: p.Path, Mode: mode, Phase: skipped}
			if !hopeless {
				if err := out.Encode(outcome{Page: p.Path, Mode: mode, Start: true}); err != nil {
					return err
				}
				result = r.run(p, mode)
			}
			if err := out.Encode(result); err != nil {
				return err
			}
			hopeless = hopeless || evaluation[result.Phase] || result.Phase == "time"
			if processorTime() >= o.Whole {
				return nil
			}
		}
	}
	return nil
}
