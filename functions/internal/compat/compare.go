package compat

import (
	"fmt"
	"slices"

	"slipway/functions/internal/pattern"
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
// they say the same of the same file with the same weight, whatever the line, which moves when something else is
// corrected, the profiles, which an app's settings add and remove, and the sizes and times that it gives.
//
// Of one rule in one file a report keeps so many findings and leaves the rest out. Where it is full, what is not there
// may have been left out, so that it is taken neither for new nor for fixed.
func Compare(r, before *Report, run int) {
	left := map[string]int{}
	for _, f := range before.Findings {
		left[identity(f)]++
	}
	c := Change{Run: run, Gone: []Finding{}}
	cut := fullRules(before)
	for i := range r.Findings {
		f := &r.Findings[i]
		f.New = false
		if id := identity(*f); left[id] > 0 {
			left[id]--
		} else if weight[f.Severity] > 0 && !cut(*f) {
			f.New = true
			c.New++
		}
	}
	cut = fullRules(r)
	for _, f := range slices.Backward(before.Findings) { // of several alike the last ones are gone
		if id := identity(f); left[id] > 0 && weight[f.Severity] > 0 {
			left[id]--
			if f.New = false; !cut(f) {
				c.Gone = append(c.Gone, f.listing(maxShown, maxShown))
			}
		}
	}
	slices.Reverse(c.Gone)
	c.Fixed = len(c.Gone)
	c.Gone = c.Gone[:min(len(c.Gone), maxGone)]
	r.Since = c
}

// quantity is a number with what it counts, as messages about sizes, times and pictures write it.
var quantity = pattern.New(`[0-9]+(\.[0-9]+)?( × [0-9]+)? (bytes|KB|MB|s|pixels)\b`)

func identity(f Finding) string {
	message := f.Message
	for _, at := range slices.Backward(quantity.FindAllStringIndex(message, -1)) {
		message = message[:at[0]] + "#" + message[at[1]:]
	}
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s", f.Severity, f.Rule, f.File, message)
}

// fullRules says of which rules in which files a report may have left findings out.
func fullRules(r *Report) func(Finding) bool {
	if r.Summary.LeftOut == 0 {
		return func(Finding) bool { return false }
	}
	count := map[string]int{}
	for _, f := range r.Findings {
		count[f.Rule+"\x00"+f.File]++
	}
	return func(f Finding) bool {
		return len(r.Findings) >= maxFindings || r.Summary.TooLarge > 0 || count[f.Rule+"\x00"+f.File] >= maxRuleFindings
	}
}
