package local_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/asl"
	"slipway/functions/internal/local"
	"slipway/functions/internal/release"
	"slipway/functions/internal/store"
	"slipway/functions/internal/store/fresh"
	"slipway/functions/internal/story"
)

var update = flag.Bool("update", false, "rewrite what is generated in the README")

// bill adds up what people's requests cost, one after another.
type bill struct {
	*story.World
	meter *meter
	sum   usage
}

// newBill starts a world on a clock that stands still: like this the same things have the same sizes each time.
func newBill(t *testing.T) *bill {
	b := &bill{meter: &meter{}}
	b.World = story.Start(t, func(o *local.Options) {
		o.Clock = asl.NewVirtualClock(time.Now().Truncate(time.Second))
		o.Table = func(t store.Table) store.Table {
			b.meter.Table = t
			return b.meter
		}
	})
	for _, who := range []string{"merchant-admin", "wallet-reviewer", "wallet-admin"} {
		b.As(who).Must("GET", "/v1/me", nil) // the first visit binds a person to their account, once for all
	}
	b.meter.take()
	return b
}

// ask makes one request and waits until everything that follows from it has happened.
func (b *bill) ask(who *story.Person, method, path string, body any, over func() bool) story.Answer {
	b.T.Helper()
	a := who.Do(method, path, body)
	if a.Status >= 300 {
		b.T.Fatalf("%s", a)
	}
	b.Until("the end of "+path, func() bool {
		page, err := b.meter.Table.Query(b.T.Context(), store.Query{PK: "OUTBOX", Limit: 1})
		return err == nil && len(page.Items) == 0 && (over == nil || over())
	})
	u := b.meter.take()
	u.Requests, u.Invocations = 1, 1+u.rows
	if who.Email != "" {
		u.Invocations++ // the authorizer
	}
	if u.waited {
		u.Reads += looks
	}
	u.Reads += u.rows * looksAtOutbox
	b.sum = b.sum.plus(u)
	return a
}

// parked says whether a release has reached a status and its machine waits there, or has ended.
func (b *bill) parked(id string, status release.Status) func() bool {
	return func() bool {
		r, _, err := store.Release(b.T.Context(), b.meter.Table, id)
		if err != nil || r.Status != status || r.Build == release.Building || r.Compatibility == release.Testing {
			return false
		}
		if status == release.UnderReview {
			q, _, err := store.Request(b.T.Context(), b.meter.Table, r.Request)
			return err == nil && len(q.Tokens) == len(q.Parties)
		}
		d, err := b.Server.Engine().Describe(b.T.Context(), "release", id+"-1")
		return err == nil && (r.Token != "" || d.Status != asl.StatusRunning)
	}
}

// since gives what was used since before, with the mails sent and what a part of a machine's history is billed.
func (b *bill) since(before usage, mails int, events []asl.Event) usage {
	u := b.sum.plus(before.times(-1))
	u.Mails, u.Transitions = len(b.Outbox())-mails, asl.BilledTransitions(events)
	for _, e := range events {
		if e.Type == "TaskScheduled" {
			u.Invocations++
		}
	}
	return u
}

// version uploads a version and releases it up to where it can be applied for.
func (b *bill) version(program, number string) api.ReleaseView {
	admin, path := b.As("merchant-admin"), "/v1/mini-programs/"+program+"/versions"
	made := story.Into[api.VersionView](b.World, b.ask(admin, "POST", path, map[string]string{"number": number, "notes": "As played"}, nil))
	admin.Send(made, story.Project(number))
	b.ask(admin, "POST", path+"/"+number+"/submit", nil, nil)
	created := b.ask(admin, "POST", path+"/"+number+"/releases", map[string]string{"targetApp": "demo-wallet", "environment": "production"}, nil)
	r := story.Into[api.ReleaseView](b.World, created)
	b.settle(b.parked(r.ID, release.NewVersionCreated))
	b.ask(admin, "POST", "/v1/releases/"+r.ID+"/test", nil, b.parked(r.ID, release.NewVersionCreated))
	return r
}

// settle waits for what was begun by the last request, and adds what it used.
func (b *bill) settle(over func() bool) {
	b.T.Helper()
	b.Until("the end of what was begun", over)
	u := b.meter.take()
	u.Invocations += u.rows
	u.Reads += u.rows * looksAtOutbox
	b.sum = b.sum.plus(u)
}

// mailed says whether so many were sent a mail about a request.
func (b *bill) mailed(request string, n int) bool {
	sent, err := store.SentMails(b.T.Context(), b.meter.Table, request)
	return err == nil && len(sent) == n
}

// approving is the form of an approval page, filled in.
func approving(confirm string) url.Values {
	return url.Values{"decision": {"approve"}, "confirm": {confirm}, "reason": {""}}
}

// approval applies, and decides by the link in the mail after one look at the page.
func (b *bill) approval(id string, reviewers int) usage {
	before, mails := b.sum, len(b.Outbox())
	b.ask(b.As("merchant-admin"), "POST", "/v1/releases/"+id+"/apply", nil, func() bool {
		r, _, err := store.Release(b.T.Context(), b.meter.Table, id)
		return err == nil && b.parked(id, release.UnderReview)() && b.mailed(r.Request, reviewers)
	})
	r, _, err := store.Release(b.T.Context(), b.meter.Table, id)
	if err != nil {
		b.T.Fatal(err)
	}
	link := b.Link("wallet-reviewer", r.Request)
	b.ask(b.Nobody(), "GET", link, nil, nil)
	b.ask(b.Nobody(), "POST", link, approving(r.Version), b.parked(id, release.ReleasePreparation))
	var events []asl.Event
	for _, e := range history(b.World, id) {
		if e.State == "Apply" || len(events) > 0 {
			events = append(events, e)
		}
		if e.State == "AwaitRollout" {
			events = events[:len(events)-1]
			break
		}
	}
	return b.since(before, mails, events)
}

// charges plays everything that the README gives a price of.
func charges(t *testing.T) []charge {
	b := newBill(t)
	admin := b.As("merchant-admin")
	program := admin.Program("merchant", "dsl")
	b.meter.take()
	r := b.version(program, "1.0.0")
	approved := b.approval(r.ID, 2)
	for _, percent := range []int{1, 10, 50} {
		b.ask(admin, "POST", "/v1/releases/"+r.ID+"/grayscale", story.Percent(percent), b.parked(r.ID, release.GrayscaleRelease))
	}
	b.ask(admin, "POST", "/v1/releases/"+r.ID+"/grayscale", story.Percent(100), b.parked(r.ID, release.FullRelease))
	whole := b.since(usage{}, 0, history(b.World, r.ID))
	b.sum = usage{}
	b.ask(b.Nobody(), "GET", "/v1/resolve/demo-wallet/production/"+program+"?user=ann", nil, nil)
	resolved := b.sum

	b.As("wallet-admin").Must("PUT", "/v1/workspaces/wallet/members/third@demo.test", map[string]string{"role": "reviewer"}, 200, 201)
	b.meter.take()
	more := b.approval(b.version(program, "1.1.0").ID, 3).plus(approved.times(-1))
	more.Requests, more.Invocations, more.Transitions = 0, 0, 0 // the mails of a party go out together
	removed := b.removal(program, r.ID)
	// A process that is asked 100 times a second looks for changes once each bound, and knows the rest. Once every slot
	// has told of a change, which brings a placement of 750 bytes along, a look takes 14 units.
	warm := usage{Requests: 1e6, Invocations: 1e6, Reads: 14 * int(1e6/(100*fresh.Bound.Seconds()))}
	month := usage{Invocations: 60 * 730, Reads: 60 * 730} // the schedule that looks into the outbox, each minute
	return []charge{
		{"a release: upload, build, test, review by one party of two reviewers, 1, 10, 50 and 100 %", whole, 1},
		{"of it, the approval", approved, 0},
		{"each further reviewer of an approval", more, 0},
		{"a force removal of a program with a full release and one in preparation, asked of two reviewers", removed, 0},
		{"a million resolves, 100 a second in each process", warm, 0},
		{"a million resolves, each in a process that has just begun", resolved.times(1e6), 0},
		{"a month in which nothing happens", month, 0},
	}
}

// removal force removes a program from an app, and gives what it used.
func (b *bill) removal(program, full string) usage {
	mails, name := len(b.Outbox()), programOf(b.World, program).Information["en"].Name
	b.meter.take()
	b.sum = usage{}
	a := b.ask(b.As("wallet-admin"), "POST", removals(program), asking("It sends contacts abroad.", []string{}, "demo-wallet"), nil)
	q := story.Into[api.RequestView](b.World, a)
	b.settle(func() bool {
		asked, _, err := store.Request(b.T.Context(), b.meter.Table, q.ID)
		return err == nil && len(asked.Tokens) == 1 && b.mailed(q.ID, 2)
	})
	link := b.Link("wallet-reviewer", q.ID)
	b.ask(b.Nobody(), "GET", link, nil, nil)
	b.ask(b.Nobody(), "POST", link, approving(name), func() bool {
		d, err := b.Server.Engine().Describe(b.T.Context(), "removal", q.ID)
		r, _, err2 := store.Release(b.T.Context(), b.meter.Table, full)
		return err == nil && err2 == nil && d.Status != asl.StatusRunning && r.Status == release.Archived
	})
	events, err := b.Server.Engine().History(b.T.Context(), "removal", q.ID)
	if err != nil {
		b.T.Fatal(err)
	}
	return b.since(usage{}, mails, events)
}

// charge is one line of the README.
type charge struct {
	what   string
	used   usage
	builds int
}

func (c charge) String() string {
	u := c.used
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s |", c.what, count(u.Requests), count(u.Invocations), count(u.Reads), count(u.Writes),
		count(u.Transitions), count(u.Mails), "$"+price(u.dollars(c.builds)))
}

func price(dollars float64) string {
	if dollars >= 0.01 {
		return fmt.Sprintf("%.2f", dollars)
	}
	return fmt.Sprintf("%.5f", dollars)
}

// count writes a number with its thousands apart; nothing is a dash.
func count(n int) string {
	if n == 0 {
		return "–"
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return s
}

// TestTheREADMESaysWhatItCosts holds the table of costs in the README equal to what is counted.
func TestTheREADMESaysWhatItCosts(t *testing.T) {
	const file, begin, end = "../../../README.md", "<!-- cost -->\n", "<!-- /cost -->"
	lines := []string{"| what | API requests | function calls | read units | write units | transitions | mails | price |", "|---|---|---|---|---|---|---|---|"}
	for _, c := range charges(t) {
		lines = append(lines, c.String())
	}
	want := strings.Join(lines, "\n") + "\n"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(data), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	switch {
	case !ok || !ok2:
		t.Fatal("the README has no place for the costs")
	case shown == want:
	case !*update:
		t.Fatalf("the README's costs are stale; run go test ./functions/internal/local -run Costs -update\nwant:\n%s", want)
	default:
		if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
