package task_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
	"slipway/functions/internal/rollout"
)

// histories is how many histories are tried: many where there is time.
func histories() int {
	if os.Getenv("CI") == "true" {
		return 10_000
	}
	return 300
}

// TestLongHistories takes random actions of everybody, one after the other, and holds the outcome of each, every status,
// and what users get against the model.
func TestLongHistories(t *testing.T) {
	const parts = 4
	before := flag.Lookup("rapid.checks").Value.String()
	if err := flag.Set("rapid.checks", fmt.Sprint(histories()/parts)); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = flag.Set("rapid.checks", before) }()
	var taken, carried, removed atomic.Int64
	t.Run("all", func(t *testing.T) {
		for part := range parts {
			t.Run(fmt.Sprint(part), func(t *testing.T) {
				t.Parallel()
				base := newWorld(t)
				rapid.Check(t, func(rt *rapid.T) {
					h := &historyOf{rt: rt, w: base.copy(), m: newModel()}
					for range rapid.IntRange(5, 25).Draw(rt, "length") {
						taken.Add(1)
						if h.next() {
							carried.Add(1)
							h.compare()
						}
					}
					removed.Add(int64(len(h.w.settled)))
				})
			})
		}
	})
	t.Logf("%d histories: %d actions, %d of them carried out, %d removals that found something", histories(), taken.Load(), carried.Load(), removed.Load())
	if removed.Load() == 0 {
		t.Error("no history removed anything")
	}
}

type historyOf struct {
	rt   *rapid.T
	w    *world
	m    *model
	n    int
	line string
}

// next takes one action in both worlds; they have to agree on whether it can be.
func (h *historyOf) next() bool {
	h.n++
	kinds := []string{"create", "act", "act", "act", "act", "review", "review", "ask removal", "ask removal", "end removal", "end removal", "ask offline", "end offline"}
	var did, should bool
	switch kind := rapid.SampledFrom(kinds).Draw(h.rt, "kind"); kind {
	case "create":
		did, should = h.create()
	case "ask removal":
		did, should = h.askRemoval()
	case "end removal":
		did, should = h.endRemoval()
	case "ask offline":
		did, should = h.askOffline()
	case "end offline":
		did, should = h.endOffline()
	default:
		did, should = h.act(kind == "review")
	}
	if did != should {
		h.rt.Fatalf("%s: done %t, want %t", h.line, did, should)
	}
	return did
}

func (h *historyOf) say(format string, args ...any) {
	h.line = fmt.Sprintf(format, args...)
	h.rt.Log(h.line)
}

func (h *historyOf) target() (string, catalog.Environment) {
	app := rapid.SampledFrom([]string{"plain", "plain", "pilot"}).Draw(h.rt, "app")
	return app, rapid.SampledFrom([]catalog.Environment{prod, prod, sandbox, dev, dev}).Draw(h.rt, "environment")
}

func (h *historyOf) create() (did, should bool) {
	app, env := h.target()
	version := fmt.Sprint(rapid.IntRange(1, 4).Draw(h.rt, "version"))
	id := relID(version, app, env)
	h.say("create %s", id)
	_, err := h.w.create(as(fmt.Sprint(h.n)), version, app, env)
	if h.m.releases[id] != nil {
		return err == nil, false
	}
	h.m.releases[id] = &modeled{version, app, env, release.NewVersionCreated, 0, "salt-" + version, 0}
	return err == nil, true
}

var byMerchant = []release.Action{release.Apply, release.Apply, release.CompleteTesting, release.Grayscale, release.Grayscale, release.Full, release.Reset, release.Cancel}

// plausible draws an action, more often than not one that the status knows.
func (h *historyOf) plausible(r *modeled) release.Action {
	known := map[release.Status][]release.Action{
		release.NewVersionCreated: {release.Apply}, release.PilotTesting: {release.CompleteTesting},
		release.ReleasePreparation: {release.Grayscale, release.Full}, release.GrayscaleRelease: {release.Grayscale, release.Reset, release.Full},
	}[r.status]
	if len(known) > 0 && rapid.IntRange(0, 4).Draw(h.rt, "wild") > 0 {
		return rapid.SampledFrom(known).Draw(h.rt, "known action")
	}
	return rapid.SampledFrom(byMerchant).Draw(h.rt, "action")
}

func (h *historyOf) act(review bool) (did, should bool) {
	ids := []string{}
	for id, r := range h.m.releases {
		if review == (r.status == release.UnderReview) && !r.status.Final() {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return false, false
	}
	slices.Sort(ids)
	id := rapid.SampledFrom(ids).Draw(h.rt, "release")
	ctx, r := as(fmt.Sprint(h.n)), h.m.releases[id]
	if review {
		decision := rapid.SampledFrom([]release.Action{release.Approve, release.Approve, release.Reject, release.Withdraw, release.Expire}).Draw(h.rt, "decision")
		h.say("%s %s", decision, id)
		if decision == release.Expire {
			return h.w.expire(ctx, h.w.find(id).Request) == nil, h.m.act(r, decision, 0, false)
		}
		return h.w.decide(ctx, h.w.find(id).Request, string(decision), "reviewer@wallet.test") == nil, h.m.act(r, decision, 0, false)
	}
	cmd := release.Command{Action: h.plausible(r), Supersede: rapid.Bool().Draw(h.rt, "supersede")}
	if cmd.Action == release.Grayscale {
		cmd.Percent = rapid.SampledFrom([]int{1, 20, 50, 99, 100}).Draw(h.rt, "percent")
	}
	h.say("%s %d%% %s supersede %t", cmd.Action, cmd.Percent, id, cmd.Supersede)
	err := h.w.act(ctx, id, cmd)
	h.say("%s: %v", h.line, err)
	return err == nil, h.m.act(r, cmd.Action, cmd.Percent, cmd.Supersede)
}

func (h *historyOf) askRemoval() (did, should bool) {
	chosen := rapid.SampledFrom([][]string{{"plain"}, {"pilot"}, {"plain", "pilot"}}).Draw(h.rt, "apps")
	id := fmt.Sprintf("rm%d", h.n)
	h.say("ask for removal %s from %v", id, chosen)
	did = h.w.remove(as(id), id, chosen...) == nil
	should = h.m.anyLive(chosen)
	for _, app := range chosen {
		should = should && h.m.pending[app] == ""
	}
	if should {
		for _, app := range chosen {
			h.m.pending[app] = id
		}
		h.m.removals[id] = chosen
	}
	return did, should
}

var endings = []string{review.Approve, review.Approve, review.Approve, review.Reject, review.Withdraw, "expire"}

func (h *historyOf) endRemoval() (did, should bool) {
	var open []string
	for _, id := range h.m.pending {
		if id != "" && !slices.Contains(open, id) {
			open = append(open, id)
		}
	}
	if len(open) == 0 {
		return false, false
	}
	slices.Sort(open)
	id := rapid.SampledFrom(open).Draw(h.rt, "removal")
	if !h.end(id) {
		return false, true
	}
	chosen := h.m.removals[id]
	for _, app := range chosen {
		h.m.pending[app] = ""
	}
	if h.m.ended[id] == approval.Approved {
		h.m.approveRemoval(chosen)
	}
	return true, true
}

// end brings a removal or offline request to one of its ends.
func (h *historyOf) end(id string) bool {
	how := rapid.SampledFrom(endings).Draw(h.rt, "ending")
	h.say("%s %s", how, id)
	h.m.ended[id] = map[string]approval.Status{
		review.Approve: approval.Approved, review.Reject: approval.Rejected, review.Withdraw: approval.Withdrawn, "expire": approval.Expired,
	}[how]
	if how == "expire" {
		return h.w.expire(as(fmt.Sprint(h.n)), id) == nil
	}
	return h.w.decide(as(fmt.Sprint(h.n)), id, how, "reviewer@wallet.test") == nil
}

func (h *historyOf) askOffline() (did, should bool) {
	app, env := h.target()
	target, id := app+"/"+string(env), fmt.Sprintf("off%d", h.n)
	h.say("ask to take %s offline: %s", target, id)
	did = h.w.offline(as(id), id, app, env) == nil
	full := h.m.mayGoOffline(target)
	should = full != nil && h.m.offline[target] == ""
	if should && (env == prod || env == sandbox && app == "pilot") {
		h.m.offline[target] = id + " " + relID(full.version, app, env)
	} else if should {
		full.status, full.percent = release.Archived, 0
	}
	return did, should
}

func (h *historyOf) endOffline() (did, should bool) {
	var open []string
	for target, id := range h.m.offline {
		if id != "" {
			open = append(open, target)
		}
	}
	if len(open) == 0 {
		return false, false
	}
	slices.Sort(open)
	target := rapid.SampledFrom(open).Draw(h.rt, "target")
	id, named, _ := strings.Cut(h.m.offline[target], " ")
	if !h.end(id) {
		return false, true
	}
	h.m.offline[target] = ""
	if r := h.m.releases[named]; h.m.ended[id] == approval.Approved && r.status == release.FullRelease {
		r.status, r.percent = release.Archived, 0
	}
	return true, true
}

// compare holds statuses, shares, requests and what users get against the model, and the world against its invariants.
func (h *historyOf) compare() {
	h.w.always()
	placements := h.w.placements()
	for _, r := range h.w.releases() {
		h.w.canGoOn(r, placements)
		if want := h.m.releases[r.ID]; r.Status != want.status || r.Status == release.GrayscaleRelease && r.Percent != want.percent {
			h.rt.Fatalf("%s: %s is %s %d%%, want %s %d%%", h.line, r.ID, r.Status, r.Percent, want.status, want.percent)
		}
	}
	for id, want := range h.m.ended {
		if got := h.w.asked(id).Status; got != want {
			h.rt.Fatalf("%s: request %s is %s, want %s", h.line, id, got, want)
		}
	}
	for _, p := range placements {
		target := p.Target.TargetApp + "/" + p.Target.Environment
		for _, user := range users {
			served, _ := rollout.Decide(&p, user)
			got := ""
			if served != nil {
				got = served.Version
			}
			if want := h.m.serves(target, user); got != want || p.Removed != h.m.removed[target] {
				h.rt.Fatalf("%s: %q gets %q on %s, want %q; removed %t, want %t", h.line, user, got, target, want, p.Removed, h.m.removed[target])
			}
		}
	}
	if len(h.w.problems) > 0 {
		h.rt.Fatalf("%s: %v", h.line, h.w.problems)
	}
}
