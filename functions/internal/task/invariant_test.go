package task_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/release"
	"slipway/functions/internal/removal"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// users are asked for at every moment: nobody, a tester, and somebody.
var users = []string{"", "tester", "somebody"}

func (w *world) placements() []rollout.Placement {
	out, _, err := store.Targets(context.Background(), w.table, removal.Targets(apps), "mp")
	if err != nil {
		panic(err)
	}
	return out
}

func (w *world) find(id string) release.Release {
	r, _, err := store.Release(context.Background(), w.table, id)
	if err != nil {
		panic(err)
	}
	return r
}

func (w *world) asked(id string) store.RequestRecord {
	q, _, err := store.Request(context.Background(), w.table, id)
	if err != nil {
		panic(err)
	}
	return q
}

// releases are all that were ever made.
func (w *world) releases() (out []release.Release) {
	for key := range w.table.items {
		if id, ok := strings.CutPrefix(key.PK, "R#"); ok && key.SK == "META" {
			out = append(out, w.find(id))
		}
	}
	slices.SortFunc(out, func(a, b release.Release) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// always holds at every moment: what an approved removal found is offered to nobody, and the notes of the mini program
// tell of every target that is removed.
func (w *world) always() {
	sum := w.sumOfInterest()
	if sum == w.looked {
		return
	}
	w.looked = sum
	look := [2]uint64{sum, w.past}
	if w.right[look] {
		return
	}
	found := len(w.problems)
	defer func() {
		if w.right != nil && w.past == look[1] && len(w.problems) == found {
			w.right[look] = true
		}
	}()
	placements := w.placements()
	for _, id := range w.removals {
		if q := w.asked(id); q.Status == approval.Approved && q.Outcome == "" && !w.settled[id] {
			w.remember(w.settled, "settled", id)
			for _, p := range placements {
				for _, r := range p.Removing {
					w.remember(w.removed, "removed", r)
				}
			}
		} else if q.Outcome != "" && !w.idle[id] {
			w.remember(w.idle, "idle", id)
			w.nothingLeft(q)
		}
	}
	m, _, err := store.MiniProgram(context.Background(), w.table, "mp")
	if err != nil {
		panic(err)
	}
	for _, p := range placements {
		for _, user := range users {
			if served, _ := rollout.Decide(&p, user); served != nil && w.removed[served.Release] {
				w.problems = append(w.problems, fmt.Sprintf("%q is offered %s on %v after its removal", user, served.Release, p.Target))
			}
		}
		noted := slices.ContainsFunc(m.Removals, func(n catalog.RemovalNote) bool {
			return n.TargetApp == p.Target.TargetApp && slices.Contains(n.Environments, catalog.Environment(p.Target.Environment))
		})
		if noted != p.Removed {
			w.problems = append(w.problems, fmt.Sprintf("%v: removed %t, noted %t", p.Target, p.Removed, noted))
		}
	}
}

// nothingLeft holds at the moment of an approval that says so.
func (w *world) nothingLeft(q store.RequestRecord) {
	for _, r := range w.releases() {
		chosen := slices.ContainsFunc(q.Targets, func(t approval.Target) bool { return t.TargetApp == r.TargetApp })
		if chosen && (r.Status == release.GrayscaleRelease || r.Status == release.FullRelease) {
			w.problems = append(w.problems, fmt.Sprintf("%s found nothing left, and %s is %s", q.ID, r.ID, r.Status))
		}
	}
}

// sumOfInterest changes with what always looks at.
func (w *world) sumOfInterest() (sum uint64) {
	for key, item := range w.table.items {
		ofRequest := strings.HasPrefix(key.PK, "Q#rm") && key.SK == "META"
		if ofRequest || strings.HasPrefix(key.PK, "T#") || key == store.MiniProgramKey("mp") {
			sum ^= sumOf(item)
		}
	}
	return sum
}

// atRest holds when everybody is done: nothing that was removed is on its way to users, everything else can go on, and
// no request asks about what is not asked for any more.
func (w *world) atRest() {
	placements := w.placements()
	for _, p := range placements {
		if len(p.Removing) > 0 {
			w.problems = append(w.problems, fmt.Sprintf("%v: %v are not mapped", p.Target, p.Removing))
		}
	}
	for _, r := range w.releases() {
		if r.Status.Open() && (w.removed[r.ID] || len(w.settled) > 0 && w.before[r.ID] && r.TargetApp != "other") && !w.after[r.ID] {
			w.problems = append(w.problems, fmt.Sprintf("%s is %s after the removal", r.ID, r.Status))
		}
		w.canGoOn(r, placements)
		if q, _, err := store.PendingOffline(context.Background(), w.table, r); err != nil || q.Status == approval.Pending && q.Release == r.ID && r.Status != release.FullRelease {
			w.problems = append(w.problems, fmt.Sprintf("%s is %s, and reviewers are asked by %s to take it offline (%v)", r.ID, r.Status, q.ID, err))
		}
	}
	for _, id := range w.removals {
		if q := w.asked(id); q.Status == approval.Approved && !q.Notified {
			w.problems = append(w.problems, id+": nobody was told")
		}
	}
}

func (w *world) canGoOn(r release.Release, placements []rollout.Placement) {
	placement := placements[slices.IndexFunc(placements, func(p rollout.Placement) bool { return p.Target == r.Target() })]
	if r.Status.Open() != slices.Contains(placement.Open, r.ID) {
		w.problems = append(w.problems, fmt.Sprintf("%s is %s, and open on its target: %v", r.ID, r.Status, placement.Open))
	}
	token := r.Token
	switch q := w.asked(r.Request); {
	case r.Status == release.FullRelease || r.Status.Final():
		if _, runs := w.flow.tokens[token]; runs {
			w.problems = append(w.problems, fmt.Sprintf("%s is %s and its machine waits", r.ID, r.Status))
		}
		return
	case r.Status == release.UnderReview:
		token = q.Tokens["app"]
		if q.Status != approval.Pending {
			w.problems = append(w.problems, fmt.Sprintf("%s is under review by request %s, which is %s", r.ID, q.ID, q.Status))
		}
	case q.Status == approval.Pending:
		w.problems = append(w.problems, fmt.Sprintf("%s is %s, and its request still pending", r.ID, r.Status))
	}
	if _, ok := w.flow.tokens[token]; !ok {
		w.problems = append(w.problems, fmt.Sprintf("%s is %s and no machine waits for anybody: %q", r.ID, r.Status, token))
	}
}
