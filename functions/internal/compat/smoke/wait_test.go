package smoke_test

import (
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"slipway/functions/internal/compat/smoke"
)

// TestRulesThatWaitForTheRunMayBeSilent: the clock that ends a silent child stands still while the run goes on, however
// long that takes, and goes on behind it.
func TestRulesThatWaitForTheRunMayBeSilent(t *testing.T) {
	for name, tc := range map[string]struct {
		then         string // what the child says when it has what it waited for
		err          error  // of the run
		report, late bool
	}{
		"and then reports":         {then: `{"report": {}}`, report: true},
		"and then is silent again": {late: true},
		"for a run that fails":     {err: errors.New("broken")},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, says := io.Pipe()
				given, killed := make(chan struct{}), false
				go func() {
					_, _ = io.WriteString(says, `{"watch": "a"} {"waits": true}`)
					<-given
					if tc.then != "" {
						_, _ = io.WriteString(says, tc.then)
						_ = says.Close()
					}
				}()
				r := smoke.Runner{Silence: time.Minute}
				report, late, err := smoke.FollowRules(r, out, func() { killed = true; _ = says.Close() }, func(pause func() bool) error {
					defer close(given)
					pause()
					time.Sleep(time.Hour) // of the bubble, where it takes no time
					return tc.err
				})
				if report != tc.report || late != tc.late || killed != (tc.late || tc.err != nil) || !errors.Is(err, tc.err) {
					t.Errorf("report %v, late %v, killed %v, %v", report, late, killed, err)
				}
			})
		})
	}
}
