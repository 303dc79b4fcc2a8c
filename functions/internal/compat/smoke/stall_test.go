package smoke_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway/functions/internal/compat"
	"slipway/functions/internal/compat/smoke"
)

// standing is a program that says what a child says first and then stands still without working; with a path, only the
// first time that it is started.
func standing(t *testing.T, says, once string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n"
	if once != "" {
		script += fmt.Sprintf("if [ -e %q ]; then exec %q \"$1\"; fi\n: > %q\n", once, self, once)
	}
	script += fmt.Sprintf("echo '%s'\nexec /bin/sleep 600\n", says)
	name := filepath.Join(t.TempDir(), "standing")
	syscall.ForkLock.RLock() // a child forked meanwhile would hold the file open, and what is open for writing cannot be executed
	err = os.WriteFile(name, []byte(script), 0o755)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

const began = `{"page":"a/a","mode":"empty","start":true}`

// TestAChildThatStoodStillIsStartedAgain: a machine that is suspended, or busy beyond measure, is not the page's fault.
func TestAChildThatStoodStillIsStartedAgain(t *testing.T) {
	t.Parallel()
	r := smoke.Runner{Program: standing(t, began, filepath.Join(t.TempDir(), "once")), Silence: 5 * time.Second}
	found, err := r.Run(context.Background(), input(map[string]string{"b/b.js": "null.x"}))
	if err != nil || !slices.Equal(lines(found), []string{"fail smoke-throws b/b.js:1:6 b/b"}) {
		t.Errorf("%v %+v", err, found)
	}
}

func TestAChildThatAlwaysStandsStillIsNoFailure(t *testing.T) {
	t.Parallel()
	found, err := smoke.Runner{Program: standing(t, began, ""), Silence: 50 * time.Millisecond}.Run(context.Background(), input(nil))
	if err != nil || len(found) == 0 {
		t.Fatalf("%v %+v", err, found)
	}
	for _, f := range found {
		if f.Rule != "smoke-incomplete" || f.Severity != compat.Warn {
			t.Errorf("%+v", f)
		}
	}
}

func TestRulesThatStoodStillBlameNoFile(t *testing.T) {
	t.Parallel()
	says := `{"watch":"app.js"}`
	r := smoke.Runner{Program: standing(t, says, filepath.Join(t.TempDir(), "once")), Silence: 5 * time.Second}
	report, err := r.Rules(context.Background(), coffee(t, nil), saw(nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Rule == "not-analysed" {
			t.Errorf("%+v", f)
		}
	}
	r = smoke.Runner{Program: standing(t, says, ""), Silence: 50 * time.Millisecond}
	if _, err := r.Rules(context.Background(), coffee(t, nil), saw(nil)); err == nil || !strings.Contains(err.Error(), "stood still") {
		t.Errorf("%v", err)
	}
}

// TestRunsEndTogether: hundreds of pages, each of which takes nearly what one may, would take hours.
func TestRunsEndTogether(t *testing.T) {
	t.Parallel()
	found, err := smoke.Runner{Whole: 1}.Run(context.Background(), input(nil))
	if err != nil || len(found) != 1 || found[0].Rule != "smoke-incomplete" || !strings.HasPrefix(found[0].Message, "7 of 8 runs were not made") {
		t.Errorf("%v %+v", err, found)
	}
}
