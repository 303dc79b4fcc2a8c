package compat

import (
	"fmt"
	"slices"
)

// Change is how a report differs from that of a run before. Only findings that weigh are counted.
type Change struct {
	Run   int       `json:"run"`   // the run before
	Fixed int       `json:"fixed"` // findings it had and this one has not
	New   int       `json:"new"`   // findings it had not
	Gone  []Finding `json:"gone"`  // the fixed ones, as they were; at most maxGone of them
}

// maxGone bounds what a report repeats of the one before.
const maxGone = 100

// String says it in a few words: "3 fixed, 1 new since run 2".
func (c Change) String() string {
	return fmt.Sprintf("%d fixed, %d new since run %d", c.Fixed, c.New, c.Run)
}

// Compare notes in r how it differs from the report of a run before, and marks what is new. Findings are the same when
// they say the same of the same file with the same weight: lines move when something else is corrected.
func Compare(r, before *Report, run int) {
	left := map[string]int{}
	for _, f := range before.Findings {
		left[identity(f)]++
	}
	c := Change{Run: run, Gone: []Finding{}}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.New = false
		if id := identity(*f); left[id] > 0 {
			left[id]--
		} else if weight[f.Severity] > 0 {
			f.New = true
			c.New++
		}
	}
	for _, f := range slices.Backward(before.Findings) { // of several alike the last ones are gone
		if id := identity(f); left[id] > 0 && weight[f.Severity] > 0 {
			left[id]--
			f.New = false
			c.Gone = append(c.Gone, f)
		}
	}
	slices.Reverse(c.Gone)
	c.Fixed = len(c.Gone)
	c.Gone = c.Gone[:min(len(c.Gone), maxGone)]
	r.Since = c
}

func identity(f Finding) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s\x00%q", f.Severity, f.Rule, f.File, f.Message, f.Profiles)
}
