package smoke

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"slipway/functions/internal/compat"
)

// Peer is what another engine needs to make the same runs.
func Peer(in compat.Input) ([]byte, error) {
	j := newJob(in)
	side := func(library string) map[string]any {
		list := map[string][]any{}
		for name, a := range j.table(library) {
			list[name] = []any{a.Kind, string(a.Sample), a.Methods, a.below}
		}
		return map[string]any{"library": library, "apis": list}
	}
	fixtures, err := json.Marshal(j.Fixtures)
	if err != nil {
		return nil, err
	}
	scripts := map[string]string{}
	for name, src := range j.Scripts {
		scripts[name] = string(src)
	}
	return json.Marshal(map[string]any{
		"prelude": preludeJS, "filler": fillerJS, "scripts": scripts, "pages": j.Pages, "components": j.Components, "tabBar": j.TabBar, "fixtures": string(fixtures),
		"modes": modes, "newest": side(j.Newest), "oldest": side(j.Oldest), "horizon": horizon, "maxSteps": maxSteps,
	})
}

// Lines are the outcomes of a run before they are judged, as "page mode phase [requests]", with what was thrown beside.
func (r Runner) Lines(ctx context.Context, in compat.Input) (lines, thrown []string, err error) {
	r, err = r.orDefault()
	if err != nil {
		return nil, nil, err
	}
	done, err := r.all(ctx, newJob(in))
	for _, o := range done {
		requests := []string{}
		for _, q := range o.Requests {
			requests = append(requests, q.API+" "+q.URL)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s %q", o.Page, o.Mode, o.Phase, requests))
		thrown = append(thrown, fmt.Sprintf("%s at %s:%d:%d", o.Message, o.File, o.Line, o.Column))
	}
	return lines, thrown, err
}

// Times makes every run once in this process and gives how long each took, mode by mode of page by page.
func Times(in compat.Input) ([]time.Duration, error) {
	j := newJob(in)
	r, err := newRunner(j, startMeter(time.Minute, time.Hour))
	if err != nil {
		return nil, err
	}
	var times []time.Duration
	for _, p := range j.Pages {
		for _, mode := range modes {
			start := time.Now()
			r.run(p, mode)
			times = append(times, time.Since(start))
		}
	}
	return times, nil
}

// Modes is how often each page runs.
var Modes = len(modes)

// The bounds of what is kept of a request.
const (
	MaxRequests = maxRequests
	MaxAddress  = maxAddress
)

// Short cuts a text as outcomes do.
func Short(s string, most int) string { return short(s, most) }

// CompileScript compiles as a run does.
var CompileScript = compileScript

// Literals says how many expressions of a script are compiled before it runs.
func Literals(src string) int {
	tree, err := parse("x", src)
	if err != nil {
		return -1
	}
	return literals(tree, src)
}

// FollowRules reads what a child of the rules says; it gives whether there was a report, and whether the child was ended.
func FollowRules(r Runner, out io.Reader, kill func(), give func(pause func() bool) error) (report, late bool, err error) {
	end, err := r.followRules(out, kill, give)
	return end.report != nil, end.late, err
}
