package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"testing"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/compat/profile"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/review"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// world is a small Slipway without HTTP: the real tasks over a table in memory, and machines that move at once. One
// merchant's mini program "mp", and the target apps "plain", "pilot" (pilot testing and sandbox review) and "other".
type world struct {
	table      *memory
	flow       *flow
	tasks      map[string]task.Handler
	now        time.Time
	cannotStop bool
	problems   []string
	looked     uint64             // sum of the table when it was last looked at
	right      map[[2]uint64]bool // what was looked at elsewhere and found right, nil when nobody remembers
	past       uint64             // sum of what is known of the past: all that is below but removals

	removals []string        // force removal requests, as they were submitted
	idle     map[string]bool // those whose approval found nothing left
	settled  map[string]bool // those whose approval has been seen
	removed  map[string]bool // releases that an approval found open
	before   map[string]bool // releases acted on before an approval
	after    map[string]bool // releases acted on after one
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// wire makes the tasks of a world.
func (w *world) wire() *world {
	t, f := port{w}, workflow{w}
	w.tasks = map[string]task.Handler{
		"await": task.Await(t, f), "apply": task.Apply(t, f), "ask": task.Ask(t, approval.Links{Key: approval.FixedKey(make([]byte, 32))}, zeros{}), "decide": task.Decide(t, f),
		"act": task.Act(t, f), "stop-machines": task.StopMachines(t, f), "map-releases": task.MapReleases(t, f), "notify": task.Notify(t),
		"take-offline": task.TakeOffline(t),
	}
	return w
}

// copy is the same world once more.
func (w *world) copy() *world {
	c := &world{
		table: w.table.copy(), flow: w.flow.copy(), now: w.now, cannotStop: w.cannotStop, removals: slices.Clone(w.removals),
		idle: map[string]bool{}, settled: map[string]bool{}, removed: map[string]bool{}, before: map[string]bool{}, after: map[string]bool{},
	}
	return c.wire()
}

// branch is the same world at a moment at which it may go on in several ways. What is wired is the world it came from.
func (w *world) branch() *world {
	c := *w
	c.table, c.flow, c.removals, c.problems = w.table.copy(), w.flow.copy(), slices.Clip(w.removals), slices.Clip(w.problems)
	c.idle, c.settled, c.removed, c.before, c.after = maps.Clone(w.idle), maps.Clone(w.settled), maps.Clone(w.removed), maps.Clone(w.before), maps.Clone(w.after)
	return &c
}

// remember keeps something of the past.
func (w *world) remember(what map[string]bool, name, id string) {
	if !what[id] {
		what[id] = true
		w.past ^= maphash.String(seed, name+" "+id)
	}
}

var people = []catalog.Member{
	{Workspace: "wallet", Kind: catalog.SuperApp, Role: catalog.Admin, Email: "submitter@wallet.test", Name: "Sue"},
	{Workspace: "wallet", Kind: catalog.SuperApp, Role: catalog.Reviewer, Email: "reviewer@wallet.test", Name: "Ray"},
	{Workspace: "wallet", Kind: catalog.SuperApp, Role: catalog.Admin, Email: "admin@wallet.test", Name: "Ada"},
	{Workspace: "merchant", Kind: catalog.Merchant, Role: catalog.Admin, Email: "admin@merchant.test", Name: "Mia"},
	{Workspace: "merchant", Kind: catalog.Merchant, Role: catalog.Developer, Email: "developer@merchant.test", Name: "Dan"},
}

func personOf(email string) catalog.Person {
	for _, m := range people {
		if m.Email == email {
			return catalog.Person{Email: m.Email, Name: m.Name}
		}
	}
	panic(email)
}

var apps = []string{"plain", "pilot", "other"}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := (&world{table: newMemory(), flow: newFlow(), now: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}).copy()
	writes := []store.Write{
		store.CreateWorkspace(catalog.Workspace{ID: "wallet", Name: "Wallet", Kind: catalog.SuperApp})[0],
		store.CreateWorkspace(catalog.Workspace{ID: "merchant", Name: "Merchant", Kind: catalog.Merchant})[0],
	}
	for _, m := range people {
		writes = append(writes, store.SaveMember(m, store.Absent)...)
	}
	for _, id := range apps {
		a := catalog.TargetApp{ID: id, Name: "App " + id, Workspace: "wallet", Environments: catalog.Environments, Settings: catalog.DefaultSettings()}
		a.Settings.Runtime = profile.Runtime{} // nothing is tested here, and it is long to read
		if id == "pilot" {
			a.Settings.PilotTesting, a.Settings.SandboxReview = []catalog.Environment{catalog.Production, catalog.Sandbox}, true
		}
		writes = append(writes, store.CreateTargetApp(a)...)
	}
	m := catalog.MiniProgram{
		ID: "mp", Workspace: "merchant", WorkspaceKind: catalog.Merchant, Type: catalog.H5, DefaultLanguage: "en",
		Information: map[string]catalog.Information{"en": {Name: "Harbour Coffee"}},
		Members:     []catalog.MiniProgramMember{{Email: "admin@merchant.test", Role: catalog.Admin}, {Email: "developer@merchant.test", Role: catalog.Developer}},
	}
	must(t, w.table.Transact(context.Background(), append(writes, store.CreateMiniProgram(m)...)...))
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// create makes a release that is built, and starts its machine.
func (w *world) create(ctx context.Context, version, app string, env catalog.Environment) (string, error) {
	r := release.Release{
		ID: "rel-" + version + "-" + app + "-" + string(env), MiniProgram: "mp", Workspace: "merchant", Type: "h5", Version: version, TargetApp: app, Environment: env,
		Status: release.NewVersionCreated, Build: release.Built, Compatibility: release.Untested, EntranceURL: "https://coffee.test/" + version,
		Salt: "salt-" + version, Testers: []string{"tester"}, CreatedAt: w.now, UpdatedAt: w.now, Execution: 1, CreatedBy: personOf("admin@merchant.test"),
	}
	n := store.StartRelease(r, "AwaitMerchant")
	if err := (port{w}).Transact(ctx, append(store.CreateRelease(r), store.NoticeWrite(n))...); err != nil {
		return r.ID, err
	}
	err := workflow{w}.Start(ctx, n.Start.Machine, n.Start.Name, n.Start.Input)
	actorOf(ctx).drain()
	return r.ID, err
}

var errBusy = errors.New("busy")

// act is what package api does with an action on a release.
func (w *world) act(ctx context.Context, id string, cmd release.Command) error {
	a := actorOf(ctx)
	s, err := store.LoadScene(ctx, port{w}, id)
	if err != nil {
		return err
	}
	a.does(w, "note", func(w *world) (any, uint64) {
		if len(w.settled) == 0 {
			w.remember(w.before, "before", id)
		} else {
			w.remember(w.after, "after", id)
		}
		return nil, 0
	})
	a.n++
	cmd.ID, cmd.From, cmd.Removals = fmt.Sprintf("cmd-%s-%d", a.name, a.n), s.Release.Status, s.Placement.Removals
	cmd.Actor, cmd.Via, cmd.At = personOf("admin@merchant.test"), "api", w.now
	if cmd.To, err = release.Check(s.Scene, cmd); err != nil {
		return err
	}
	if !s.Release.Parked() {
		return errBusy
	}
	data, err := json.Marshal(cmd)
	if err != nil {
		return err
	}
	err = workflow{w}.Succeed(ctx, s.Release.Token, data)
	a.drain()
	if err != nil {
		return err
	}
	r, _, err := store.Release(ctx, port{w}, id)
	if err == nil && r.LastCommand == cmd.ID && r.Refusal != nil {
		return errors.New(r.Refusal.Detail)
	}
	return err
}

// decide is what package api does with the answer of a reviewer, or with a withdrawal.
func (w *world) decide(ctx context.Context, request, decision, by string) error {
	a := actorOf(ctx)
	q, _, err := store.MustRequest(ctx, port{w}, request)
	if err != nil {
		return err
	}
	if err := q.Open("app"); err != nil {
		return err
	}
	a.n++
	data, err := json.Marshal(review.Decision{
		ID: fmt.Sprintf("dec-%s-%d", a.name, a.n), Decision: decision, By: personOf(by), Via: "api", At: w.now, Reason: reasonFor(decision),
	})
	if err != nil {
		return err
	}
	err = workflow{w}.Succeed(ctx, q.Tokens["app"], data)
	a.drain()
	return err
}

func reasonFor(decision string) string {
	if decision == review.Reject {
		return "No."
	}
	return ""
}

// expire lets the days of a request pass.
func (w *world) expire(ctx context.Context, request string) error {
	q, _, err := store.MustRequest(ctx, port{w}, request)
	if err != nil {
		return err
	}
	p, ok := w.flow.take(q.Tokens["app"])
	if !ok {
		return errBusy
	}
	w.walk(ctx, p.execution, p.caught(p.At, "States.Timeout"))
	actorOf(ctx).drain()
	return nil
}

// remove is what package api does with a request for a force removal.
func (w *world) remove(ctx context.Context, id string, apps ...string) error {
	placements, _, err := store.Targets(ctx, port{w}, removal.Targets(apps), "mp")
	if err != nil {
		return err
	}
	open, err := store.OpenReleases(ctx, port{w}, placements)
	if err != nil {
		return err
	}
	if !removal.Live(open) {
		return removal.NothingLive(apps)
	}
	q := w.request(id, approval.ForceRemoval, "submitter@wallet.test")
	for _, app := range apps {
		q.Targets = append(q.Targets, approval.Target{TargetApp: app})
	}
	return w.submit(ctx, q, "removal", "yes")
}

// offline is what package api does with a request to take a target offline.
func (w *world) offline(ctx context.Context, id, app string, env catalog.Environment) error {
	target := rollout.Target{TargetApp: app, Environment: string(env)}
	placements, _, err := store.Targets(ctx, port{w}, []rollout.Target{target}, "mp")
	if err != nil {
		return err
	}
	open, err := store.OpenReleases(ctx, port{w}, placements)
	if err != nil {
		return err
	}
	full, err := removal.Offline(open, target)
	if err != nil {
		return err
	}
	full, rev, err := store.Release(ctx, port{w}, full.ID)
	if err != nil || full.Status != release.FullRelease {
		return errors.Join(err, errBusy)
	}
	q := w.request(id, approval.Offline, "admin@merchant.test")
	q.Version, q.Release, q.Targets = full.Version, full.ID, []approval.Target{{TargetApp: app, Environment: env}}
	if env == catalog.Production || env == catalog.Sandbox && app == "pilot" {
		return w.submit(ctx, q, "offline", "yes", store.TouchRelease(full, rev))
	}
	q.End(approval.Approved, "", w.now)
	return w.submit(ctx, q, "offline", "no", store.TouchRelease(full, rev))
}

func (w *world) request(id string, c approval.Category, by string) store.RequestRecord {
	return store.RequestRecord{Execution: 1, Request: approval.Request{
		ID: id, Category: c, MiniProgram: "mp", MiniProgramName: "Harbour Coffee", Workspace: "merchant", TargetName: "Wallet", Reason: "It phones home.",
		SubmittedBy: personOf(by), CreatedAt: w.now, ExpiresAt: w.now.AddDate(0, 0, 7), Status: approval.Pending,
		Parties: []approval.Party{{ID: "app", Workspace: "wallet", Name: "Wallet", Decision: approval.Pending}},
	}}
}

func (w *world) submit(ctx context.Context, q store.RequestRecord, machine, review string, beside ...store.Write) error {
	if err := (port{w}).Transact(ctx, append(append(store.CreateRequest(q), store.LockRequest(q.Request)...), beside...)...); err != nil {
		return err
	}
	if machine == "removal" {
		actorOf(ctx).does(w, "note", func(w *world) (any, uint64) {
			w.removals = append(w.removals, q.ID)
			return nil, 0
		})
	}
	err := workflow{w}.Start(ctx, machine, q.ID, fmt.Appendf(nil, `{"request": %q, "review": %q, "parties": ["app"], "seconds": 604800}`, q.ID, review))
	actorOf(ctx).drain()
	return err
}
