package local_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway/functions/internal/cloud/bucket"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/local"
	"slipway/functions/internal/moto/stack"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// With -on=moto the same stories are played on template.yaml as deployed on moto, and every call to AWS is held against
// the permissions of whoever made it:
//
//	go test -count=1 -timeout 30m -parallel 4 ./functions/internal/local -args -on=moto
var (
	on       = flag.String("on", "laptop", "where stories are played: laptop, or moto")
	programs = flag.String("programs", "", "keep the programs of all functions in this folder, for the next run with -on=moto")
)

// laptopOnly are the stories that cannot be played on moto, with the reason. A story that wants to stand in for a part of
// the server is here; a test that starts no server, or a program of its own, is as it is.
var laptopOnly = map[string]string{
	"TestForceRemovalThatEndsOtherwise": "lets days pass: moto's interpreter runs on the wall's time",
	"TestReviewExpires":                 "lets months pass: moto's interpreter runs on the wall's time",
	"TestOldReleaseIsHandedOver":        "lets a year pass: moto's interpreter runs on the wall's time",
	"TestTheDiskDiesAtEveryWrite":       "breaks the laptop's disk",
	"TestTheDiskDiesAgainAndAgain":      "breaks the laptop's disk",
	"TestWrongRequests":                 "counts what is written through a table that it puts before the laptop's",
	"TestForeignTenant":                 "counts what is written through a table that it puts before the laptop's",
	"TestDoubleAction":                  "counts what is written through a table that it puts before the laptop's",
	"TestRemovalWhenTheTableFails":      "breaks a table that it puts before the laptop's",
	"TestTokensAreNowhere":              "looks into the file of the laptop's database",
	"TestUploadAddress":                 "sends too much, and to an address that was not signed: moto holds neither limit nor signature of an upload",
	"TestSignedInPage":                  "is about a page that only the laptop has: in the cloud the console of the operator shows requests",
	"TestSignInInstead":                 "follows a link to the signed-in page, which only the laptop has",
	"TestTheSameOnMoto":                 "compares the laptop with moto already",
	"TestCost":                          "reads what Step Functions would bill from the histories of our own interpreter",
	"TestCostOfTwoParties":              "reads what Step Functions would bill from the histories of our own interpreter",
	"TestTheREADMESaysWhatItCosts":      "counts what is read and written through a table that it puts before the laptop's",
	"TestBrowserDecidesNothing":         "counts the forms of signed-in pages, which only the laptop has",
	"TestScansAreCounted":               "starts the laptop's server again on what it kept",
	"TestBounce":                        "presses a button of the laptop's outbox",
	"TestFormsInABrowser":               "presses the buttons of pages that only the laptop has",
	"TestSigningKeyIsRotated":           "starts the laptop's server again with another key",
	"TestWhoSeesAChangeIsServedByIt":    "asks in the middle of the laptop's commits",
	"TestTenThousandScans":              "measures the laptop with ten thousand visits; moto takes one at a time",
	"TestThousandRightAnswers":          "measures the laptop with a thousand visits; moto takes one at a time",
}

// deployed is a stack as stories see it.
type deployed struct {
	*stack.Stack
	table store.Table
}

// Table implements story.Deployment.
func (d deployed) Table() store.Table { return d.table }

// Path implements story.Deployment.
func (d deployed) Path(ctx context.Context, machine, name string) []string {
	path, _ := d.Workflow().Path(ctx, "slipway-"+machine, name) // before it runs it has none
	return path
}

// Running implements story.Deployment.
func (d deployed) Running(ctx context.Context, machine, name string) bool {
	e, err := d.Workflow().Describe(ctx, "slipway-"+machine, name)
	return err != nil || e.Status == "RUNNING"
}

// Idle implements story.Deployment.
func (d deployed) Idle(ctx context.Context) bool {
	for _, machine := range []string{"release", "removal", "offline"} {
		for _, name := range d.Workflow().Names("slipway-" + machine) {
			if d.Running(ctx, machine, name) {
				return false
			}
		}
	}
	return true
}

// cloudStories is what all stories of a run on moto share.
type cloudStories struct {
	once     sync.Once
	dir      string
	template *stack.Template
	ledger   stack.Ledger
	parallel sync.Map   // the tests that are played beside others
	opening  sync.Mutex // the variables of this process belong to one stack at a time
}

// elsewhere is nil when stories are played on the laptop.
var elsewhere *cloudStories

func (c *cloudStories) deploy(t testing.TB, asked bool) story.Deployment {
	t.Helper()
	name, _, _ := strings.Cut(t.Name(), "/")
	why, listed := laptopOnly[name]
	switch {
	case listed:
		t.Skip("on the laptop only: it " + why)
	case asked:
		t.Fatal("it stands in for a part of the laptop's server: say in laptopOnly why it cannot be played on moto")
	}
	// A story mostly waits, and has a moto and functions of its own; -parallel says how many are played at once.
	if t, ok := t.(*testing.T); ok && name == t.Name() {
		if _, before := c.parallel.LoadOrStore(t, true); !before {
			t.Parallel()
		}
	}
	c.once.Do(func() {
		root, err := filepath.Abs("../../..")
		if err != nil {
			t.Fatal(err)
		}
		template := stack.ReadTemplate(t, filepath.Join(root, "template.yaml"))
		template.Build(t, root, c.dir)
		c.template = template
	})
	if c.template == nil {
		t.Skip("the template could not be deployed")
	}
	s := stack.Start(t, stack.Options{Template: c.template, Programs: c.dir, Ledger: &c.ledger, Log: &said})
	table, packages := c.open(t, s)
	if err := local.Seed(t.Context(), table, packages, time.Now().UTC()); err != nil {
		t.Fatalf("seed the demo: %v", err)
	}
	return deployed{s, table}
}

// open gives the table and the packages of a stack, as its functions see them.
func (c *cloudStories) open(t testing.TB, s *stack.Stack) (store.Table, release.Keeper) {
	t.Helper()
	c.opening.Lock()
	defer c.opening.Unlock()
	s.Environ()
	table, err := dynamo.OpenTable()
	if err != nil {
		t.Fatal(err)
	}
	packages, err := bucket.OpenKeeper()
	if err != nil {
		t.Fatal(err)
	}
	return table, packages
}

// playOnMoto runs the tests with the stories on moto and gives the exit code: not 0 when a call was refused or, after
// all stories, when the template grants what nobody uses.
func playOnMoto(m *testing.M) int {
	c := &cloudStories{dir: *programs}
	if c.dir == "" {
		dir, err := os.MkdirTemp("", "slipway-programs-")
		if err != nil {
			fmt.Println(err)
			return 1
		}
		defer func() { _ = os.RemoveAll(dir) }()
		c.dir = dir
	}
	story.Deploy, elsewhere = c.deploy, c
	code := m.Run()
	for _, call := range c.ledger.Refused() {
		fmt.Println("refused:", call)
		code = 1
	}
	all := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""
	if c.template == nil || !all && os.Getenv("SLIPWAY_PERMISSIONS") == "" {
		return code
	}
	for _, d := range c.ledger.Differences(c.template, exceptions) {
		fmt.Println(d)
		code = 1
	}
	return code
}

// TestLaptopOnlyIsTrue: the list names stories that there are.
func TestLaptopOnlyIsTrue(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	for name, why := range laptopOnly {
		if why == "" || !strings.Contains(all.String(), "\nfunc "+name+"(t *testing.T) {") {
			t.Errorf("%s is no test of this package, or has no reason", name)
		}
	}
}
