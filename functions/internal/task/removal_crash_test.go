package task_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// breaking is a context in which the nth write or call fails, and those after it up to the last: from is 1-based. What
// failed was not done. The count of all goes on.
func breaking(from, last int) (ctx context.Context, count *int) {
	a, n := &actor{name: "reviewer"}, 0
	a.hold = func(op string) error {
		if op == "get" || op == "query" {
			return nil
		}
		if n++; n >= from && n <= last {
			return fault.New(fault.Unavailable, "", "%s %d is down", op, n)
		}
		return nil
	}
	return context.WithValue(context.Background(), actorKey{}, a), &n
}

// removable has a release of every status on app "plain", and a pending removal.
func removable(t *testing.T) func() *world {
	return scene(t, livePlain,
		prepares("2", "plain"), acts(release.Grayscale, "2", "plain", prod, percent(10)), prepares("3", "plain"),
		creates("4", "plain", prod), acts(release.Apply, "4", "plain", prod), creates("4", "plain", dev), acts(release.Apply, "4", "plain", dev),
		asksRemoval("rm", "plain"))
}

// mailsIn lists the mails of a world's outbox, by address and kind.
func mailsIn(w *world) string {
	page, err := store.Outbox(context.Background(), w.table, "", 1000)
	if err != nil {
		panic(err)
	}
	var out []string
	for _, n := range page.Notices {
		if n.Mail != nil {
			out = append(out, n.ID+" "+n.Mail.To+" "+n.Mail.Template)
		}
	}
	return strings.Join(out, "\n")
}

// mailbox is a mail service that keeps what it was sent, and may refuse.
type mailbox struct {
	sent   []mail.Message
	refuse func(mail.Message) error
}

func (p *mailbox) Send(_ context.Context, m mail.Message) (string, error) {
	if p.refuse != nil {
		if err := p.refuse(m); err != nil {
			return "", err
		}
	}
	p.sent = append(p.sent, m)
	return fmt.Sprint("ses-", len(p.sent)), nil
}

func (p *mailbox) deliver(t *testing.T, w *world) {
	t.Helper()
	ctx := as("courier")
	c := task.Courier{Table: port{w}, Workflow: workflow{w}, Sender: p, Links: approval.Links{Key: approval.FixedKey(make([]byte, 32)), Base: "https://slipway.test"}}
	if _, err := c.Deliver(ctx, w.now); err != nil {
		t.Fatal(err)
	}
	actorOf(ctx).drain()
}

// TestSenderThatAlwaysBounces: a removal is finished all the same, and its request shows which mails failed.
func TestSenderThatAlwaysBounces(t *testing.T) {
	w := removable(t)()
	must(t, w.decide(as("reviewer"), "rm", review.Approve, "reviewer@wallet.test"))
	p := &mailbox{refuse: func(mail.Message) error { return fault.New(fault.Unprocessable, "address_refused", "No such mailbox.") }}
	p.deliver(t, w)
	w.always()
	w.atRest()
	mails, err := store.SentMails(context.Background(), w.table, "rm")
	must(t, err)
	failed := 0
	for _, m := range mails {
		if m.Failed != "" {
			failed++
		}
	}
	if left := mailsIn(w); len(w.problems) > 0 || left != "" || failed != 5 || failed != len(mails) {
		t.Errorf("%v; %d of %d shown as failed; still in the outbox: %q", w.problems, failed, len(mails), left)
	}
}

// TestRemovalSurvivesCrashes fails at every write and call of a removal in turn, once and three times on end: from its
// approval on nothing is served, and the next try finishes the rest, with the same mails.
func TestRemovalSurvivesCrashes(t *testing.T) {
	base := removable(t)
	whole := base()
	ctx, count := breaking(0, 0)
	must(t, whole.decide(ctx, "rm", review.Approve, "reviewer@wallet.test"))
	if *count < 8 {
		t.Fatalf("a removal of %d steps is none", *count)
	}
	for _, times := range []int{1, 3} {
		for n := 1; n <= *count; n++ {
			w := base()
			ctx, _ := breaking(n, n+times-1)
			for try := 0; w.asked("rm").Status == approval.Pending && try < 5; try++ {
				_ = w.decide(ctx, "rm", review.Approve, "reviewer@wallet.test") // the reviewer tries again
			}
			w.always()
			got, want := mailsIn(w), mailsIn(whole)
			sent := &mailbox{}
			sent.deliver(t, w) // starts what the removal could not
			w.atRest()
			if got != want || len(w.problems) > 0 || len(w.settled) != 1 {
				t.Errorf("step %d fails %d times: %v; mails:\n%s\nwant:\n%s", n, times, w.problems, got, want)
			}
		}
	}
	t.Logf("%d steps", *count)
}

// TestMachinesThatCannotBeStopped end by themselves: nothing that they do is accepted any more.
func TestMachinesThatCannotBeStopped(t *testing.T) {
	w := removable(t)()
	w.cannotStop = true
	old := map[string]string{}
	for token, p := range w.flow.tokens {
		old[p.Release+p.State] = token
	}
	must(t, w.decide(as("reviewer"), "rm", review.Approve, "reviewer@wallet.test"))
	w.always()
	if q := w.asked("rm"); !q.Notified || len(q.Changes) != 5 {
		t.Fatalf("changes: %+v", q.Changes)
	}
	for token, p := range w.flow.tokens { // whatever still waits is answered, as by somebody who looked at an old page
		if p.Machine != "release" || p.Execution != 1 || p.State != "await" {
			continue
		}
		cmd := release.Command{ID: "late-" + p.Release, Action: release.Grayscale, To: release.GrayscaleRelease, Percent: 50, At: w.now}
		ctx := as("late")
		must(t, workflow{w}.Succeed(ctx, token, fmt.Appendf(nil, `{"id": %q, "action": %q, "to": %q, "percent": 50}`, cmd.ID, cmd.Action, cmd.To)))
		actorOf(ctx).drain()
	}
	w.looked = 0
	w.always()
	for _, r := range w.releases() {
		if r.Status.Open() && w.removed[r.ID] {
			w.problems = append(w.problems, r.ID+" is "+string(r.Status))
		}
		if token := old[r.ID+"await"]; r.Status.Final() && token != "" && w.flow.tokens[token].Name != "" {
			w.problems = append(w.problems, r.ID+": its machine still waits")
		}
	}
	if len(w.problems) > 0 {
		t.Error(strings.Join(w.problems, "\n"))
	}
}

// TestTaskThatRunsTwice: every task of a finished removal changes nothing when it runs again, however often.
func TestTaskThatRunsTwice(t *testing.T) {
	w := removable(t)()
	must(t, w.decide(as("reviewer"), "rm", review.Approve, "reviewer@wallet.test"))
	before := w.table.sum
	for range 1000 {
		for _, function := range []string{"stop-machines", "map-releases", "notify"} {
			if _, name := w.call(as("replay"), function, map[string]any{"request": "rm", "now": w.now}); name != "" {
				t.Fatalf("%s again: %s", function, name)
			}
		}
	}
	if w.table.sum != before {
		t.Error("a replay has changed the table")
	}
}

// TestSubmitterWithoutAddress: nobody can mail them, and everybody else is told all the same.
func TestSubmitterWithoutAddress(t *testing.T) {
	w := removable(t)()
	q, rev, err := store.Request(context.Background(), w.table, "rm")
	must(t, err)
	q.SubmittedBy.Email = ""
	must(t, w.table.Transact(context.Background(), store.SaveRequest(q, rev)))
	must(t, w.decide(as("reviewer"), "rm", review.Approve, "reviewer@wallet.test"))
	w.atRest()
	if got := strings.Count(mailsIn(w), "force_removed"); got != 2 || len(w.problems) > 0 {
		t.Errorf("%d people of the merchant are told; %v", got, w.problems)
	}
}
