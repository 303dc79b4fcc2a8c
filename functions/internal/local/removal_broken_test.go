package local_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/asl"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// flaky is a table of which one operation fails, once it is armed: it is not done, or, for a write, done without the
// caller being told. Looks into the outbox, which come with the time, do not count. After every write what an approved
// removal means is held against the table.
type flaky struct {
	store.Table

	mu       sync.Mutex
	fails    int // at which operation from now; 0 never
	lost     bool
	count    int
	request  string
	app      string
	program  string
	problems []string
}

func (f *flaky) arm(at int, lost bool, request, app, program string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fails, f.lost, f.count, f.request, f.app, f.program = at, lost, 0, request, app, program
}

// next counts an operation, and says whether it is the one that fails.
func (f *flaky) next() (fails, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count++
	return f.fails > 0 && f.count == f.fails, f.lost
}

var errFlaky = fault.New(fault.Unavailable, "table_down", "The table does not answer.")

// Get implements store.Table.
func (f *flaky) Get(ctx context.Context, keys ...store.Key) ([]store.Item, error) {
	if fails, _ := f.next(); fails {
		return nil, errFlaky
	}
	return f.Table.Get(ctx, keys...)
}

// Query implements store.Table.
func (f *flaky) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if q.PK == "OUTBOX" {
		return f.Table.Query(ctx, q)
	}
	if fails, _ := f.next(); fails {
		return store.Page{}, errFlaky
	}
	return f.Table.Query(ctx, q)
}

// Transact implements store.Table.
func (f *flaky) Transact(ctx context.Context, writes ...store.Write) error {
	fails, lost := f.next()
	if fails && !lost {
		return errFlaky
	}
	err := f.Table.Transact(ctx, writes...)
	f.hold(ctx)
	if fails && err == nil {
		return errFlaky
	}
	return err
}

// hold looks at the table itself: from the approval on every placement stays removed.
func (f *flaky) hold(ctx context.Context) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.request == "" {
		return
	}
	q, _, err := store.Request(ctx, f.Table, f.request)
	if err != nil || q.Status != approval.Approved {
		return
	}
	placements, revs, err := store.Targets(ctx, f.Table, removal.Targets([]string{f.app}), f.program)
	for i, p := range placements {
		if err == nil && revs[i] > 0 && p.Edition > 0 && (!p.Removed || p.Full.Release != "" || p.Grayscale.Release != "") {
			f.problems = append(f.problems, fmt.Sprintf("%v is served after the approval: %+v", p.Target, p))
		}
	}
}

// TestRemovalWhenTheTableFails lets every operation on the table fail in turn while the deployed machine carries out a
// removal, reads and writes alike, and every write also succeed without its caller being told: the placement stays
// removed from the approval's commit on, the rest is finished on the next try, and nobody is told twice.
func TestRemovalWhenTheTableFails(t *testing.T) {
	f := &flaky{}
	w := story.Start(t, func(o *local.Options) {
		o.Clock = story.NewClock(100)
		o.Table = func(t store.Table) store.Table {
			f.Table = t
			return f
		}
	})
	app := superapp(w, "flaky", map[string]any{})
	total := brokenRemoval(t, w, f, app, 0, false)
	if total < 40 {
		t.Fatalf("a removal of %d operations is none", total)
	}
	stride := 7
	if os.Getenv("CI") == "true" && !raceEnabled {
		stride = 1
	}
	for _, lost := range []bool{false, true} {
		for at := 1; at <= total; at += stride {
			brokenRemoval(t, w, f, app, at, lost)
			if t.Failed() {
				t.Fatalf("when operation %d of %d failed (though done: %t)", at, total, lost)
			}
		}
	}
	t.Logf("%d operations, each failed once, and each once though done", total)
}

// brokenRemoval carries out one removal of a mini program that is full, in grayscale and under review, and says how
// many operations that took.
func brokenRemoval(t *testing.T, w *story.World, f *flaky, app string, at int, lost bool) int {
	t.Helper()
	w.SignOut()
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	v := func() string { return admin.Upload(program, w.Number()) }
	full := reaches(w, program, v(), app, "production", release.FullRelease)
	gray := reaches(w, program, v(), app, "production", release.GrayscaleRelease)
	under := reaches(w, program, v(), app, "production", release.UnderReview)
	q := asks(w, program, "It fails.", app)
	link := w.Link("wallet-reviewer", q.ID)
	w.Settled()

	f.arm(at, lost, q.ID, app, program)
	a := w.Decide(link, "approve", q.MiniProgramName, "")
	if a.Status == 409 {
		t.Errorf("the reviewer's own answer: %s", a)
	}
	for try := 0; a.Status >= 500 && try < 3; try++ { // the reviewer tries again; it may have been taken
		a = w.Decide(link, "approve", q.MiniProgramName, "")
	}
	w.Until("the end of the removal", func() bool {
		steps := removalPath(w, q.ID)
		return len(steps) > 0 && steps[len(steps)-1] == "Removed"
	})
	w.Until("the mails", func() bool {
		return len(w.MailsTo("wallet-admin", q.ID)) > 0 && len(w.MailsTo("merchant-admin", "It fails.", q.MiniProgramName)) > 0 && len(w.MailsTo("merchant-admin", under.Request, "force removed")) > 0
	})
	f.mu.Lock()
	count, problems := f.count, f.problems
	f.mu.Unlock()
	f.arm(0, false, "", "", "")
	for _, p := range problems {
		t.Error(p)
	}
	removedWhole(t, w, q, program, app, []api.ReleaseView{full, gray, under})
	return count
}

func removalPath(w *story.World, id string) []string {
	events, err := w.Server.Engine().History(w.T.Context(), "removal", id)
	if err != nil {
		return nil
	}
	return asl.Path(events)
}

// removedWhole holds a finished removal against what it should have done, each once.
func removedWhole(t *testing.T, w *story.World, q api.RequestView, program, app string, releases []api.ReleaseView) {
	t.Helper()
	admin := w.As("merchant-admin")
	equal(t, "served", w.Served(app, "production", program, "ann"), "REMOVED")
	for i, want := range []release.Status{release.Archived, release.Archived, release.NewVersionCreated} {
		equal(t, releases[i].Version, admin.Read(releases[i].ID).Status, want)
	}
	done := w.As("wallet-admin").Request(q.ID)
	equal(t, "status, changes", []any{done.Status, len(done.Changes), done.Outcome}, []any{approval.Approved, 3, ""})
	noted(t, w, program, q.ID, app, catalog.Production)
	for who, words := range map[string][]string{"wallet-admin": {q.ID}, "merchant-admin": {"It fails.", q.MiniProgramName}} {
		var references []string
		mails := w.MailsTo(who, words...)
		for _, m := range mails {
			references = append(references, m.Reference)
		}
		slices.Sort(references)
		if len(slices.Compact(references)) != 1 || len(mails) > 2 {
			t.Errorf("%s was told by %d mails, references %q", who, len(mails), references)
		}
	}
	history := string(admin.Must("GET", "/v1/mini-programs/"+program+"/events?pageSize=100", nil, 200).Body)
	for action, want := range map[string]int{`"force_removal-approved"`: 1, `"force-remove"`: 3} {
		if n := strings.Count(history, action); n != want {
			t.Errorf("%s is %d times in the history, want %d", action, n, want)
		}
	}
	again := admin.Act(releases[2].ID, "apply") // its machine goes on
	equal(t, "applied again", again.Status, release.UnderReview)
	admin.Act(again.ID, "withdraw")
}
