package task_test

import (
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/review"
)

// scenes are what may be there before, beside version 1 that is fully released on production of all apps.
var scenes = map[string]step{
	"":              several(),
	"prepared":      prepares("2", "plain"),
	"grayscale":     several(prepares("2", "plain"), acts(release.Grayscale, "2", "plain", prod, percent(10))),
	"hotfix":        several(prepares("2", "plain"), acts(release.Grayscale, "2", "plain", prod, percent(10)), prepares("3", "plain")),
	"created":       several(creates("2", "plain", prod), creates("2", "plain", dev), creates("2", "plain", sandbox)),
	"review":        several(creates("2", "plain", prod), acts(release.Apply, "2", "plain", prod)),
	"sandbox":       several(creates("2", "pilot", sandbox), acts(release.Apply, "2", "pilot", sandbox)),
	"pilot":         piloting("2", "pilot"),
	"going offline": asksOffline("off", "plain", prod),
	"elsewhere":     asksRemoval("rm2", "other"),
}

type rival struct {
	name, scene string
	act         step
}

// rivals are what may happen at the same time as the approval of a force removal from the apps "plain" and "pilot".
var rivals = []rival{
	{"grayscale", "prepared", acts(release.Grayscale, "2", "plain", prod, percent(50))},
	{"grayscale 100", "prepared", acts(release.Grayscale, "2", "plain", prod, percent(100))},
	{"full", "prepared", acts(release.Full, "2", "plain", prod)},
	{"cancel", "prepared", acts(release.Cancel, "2", "plain", prod)},
	{"raise", "grayscale", acts(release.Grayscale, "2", "plain", prod, percent(60))},
	{"reset", "grayscale", acts(release.Reset, "2", "plain", prod)},
	{"apply", "created", acts(release.Apply, "2", "plain", prod)},
	{"apply, then approve", "created", several(acts(release.Apply, "2", "plain", prod), approves("2", "plain", prod))},
	{"development full", "created", acts(release.Apply, "2", "plain", dev)},
	{"sandbox full", "created", acts(release.Apply, "2", "plain", sandbox)},
	{"approve", "review", approves("2", "plain", prod)},
	{"approve, then full", "review", several(approves("2", "plain", prod), acts(release.Full, "2", "plain", prod))},
	{"reject", "review", decides(review.Reject, "2", "plain", prod)},
	{"withdraw", "review", decides(review.Withdraw, "2", "plain", prod)},
	{"approve into a sandbox's pilot", "sandbox", approves("2", "pilot", sandbox)},
	{"hotfix over a grayscale", "hotfix", acts(release.Full, "3", "plain", prod, superseding)},
	{"raise before a hotfix", "hotfix", acts(release.Grayscale, "2", "plain", prod, percent(60))},
	{"complete testing", "pilot", acts(release.CompleteTesting, "2", "pilot", prod)},
	{"testers", "pilot", acts(release.SetTesters, "2", "pilot", prod, testers("tester", "somebody"))},
	{"cancel pilot", "pilot", acts(release.Cancel, "2", "pilot", prod)},
	{"offline", "going offline", answers(review.Approve, "off", "reviewer@wallet.test")},
	{"asking for offline", "", asksOffline("off", "plain", prod)},
	{"second answer", "", answers(review.Approve, "rm", "admin@wallet.test")},
	{"rejection", "", answers(review.Reject, "rm", "admin@wallet.test")},
	{"withdrawal", "", answers(review.Withdraw, "rm", "submitter@wallet.test")},
	{"second removal", "", several(asksRemoval("rm2", "plain"), answers(review.Approve, "rm2", "admin@wallet.test"))},
	{"removal elsewhere", "elsewhere", answers(review.Approve, "rm2", "admin@wallet.test")},
}

func piloting(version, app string) step {
	return several(creates(version, app, prod), acts(release.Apply, version, app, prod), approves(version, app, prod))
}

// live is version 1 in full release on all three apps.
var live = several(
	prepares("1", "plain"), acts(release.Full, "1", "plain", prod),
	prepares("1", "other"), acts(release.Full, "1", "other", prod),
	piloting("1", "pilot"), acts(release.CompleteTesting, "1", "pilot", prod), acts(release.Full, "1", "pilot", prod),
)

var livePlain = several(prepares("1", "plain"), acts(release.Full, "1", "plain", prod))

var removes = answers(review.Approve, "rm", "reviewer@wallet.test")

// TestRemovalWins tries every order of a removal's approval and one other action, at every write and call.
func TestRemovalWins(t *testing.T) {
	var sum tally
	sum.of(t, "two", func(t *testing.T) {
		for _, r := range rivals {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				before, apps := live, []string{"plain", "pilot"}
				if r.scene != "pilot" && r.scene != "sandbox" && r.scene != "elsewhere" {
					before, apps = livePlain, apps[:1]
				}
				sum.add(t, &explorer{base: scene(t, before, scenes[r.scene], asksRemoval("rm", apps...)), steps: []step{removes, r.act}})
			})
		}
	})
}

// TestNothingLeft: an approval that finds nothing live is one at whose moment nothing was.
func TestNothingLeft(t *testing.T) {
	var sum tally
	before := several(prepares("1", "plain"), acts(release.Grayscale, "1", "plain", prod, percent(10)), prepares("2", "plain"), asksRemoval("rm", "plain"),
		acts(release.Cancel, "1", "plain", prod))
	sum.of(t, "two", func(t *testing.T) {
		sum.add(t, &explorer{base: scene(t, before), steps: []step{removes, acts(release.Full, "2", "plain", prod)}, reads: true})
	})
}

// TestOfflineIsOvertaken: whatever archives a release ends the request to take it offline, in whatever order they come.
func TestOfflineIsOvertaken(t *testing.T) {
	var sum tally
	sum.of(t, "two", func(t *testing.T) {
		full := acts(release.Full, "2", "plain", prod)
		before := several(livePlain, prepares("2", "plain"))
		for name, e := range map[string]*explorer{
			"asked before":      {base: scene(t, before, asksOffline("off", "plain", prod)), steps: []step{full}},
			"asked meanwhile":   {base: scene(t, before), steps: []step{full, asksOffline("off", "plain", prod)}, reads: true},
			"decided meanwhile": {base: scene(t, before, asksOffline("off", "plain", prod)), steps: []step{full, answers(review.Approve, "off", "reviewer@wallet.test")}},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				sum.add(t, e)
			})
		}
	})
}

// TestOvertakenMachineEnds when the reviewers' time is over, and leaves the request as it ended.
func TestOvertakenMachineEnds(t *testing.T) {
	w := scene(t, livePlain, prepares("2", "plain"), asksOffline("off", "plain", prod))()
	ctx, token := as("later"), w.asked("off").Tokens["app"]
	must(t, acts(release.Full, "2", "plain", prod)(ctx, w))
	ended := w.asked("off")
	if ended.Status != approval.Withdrawn || ended.Outcome != "superseded" || ended.EndReason == "" {
		t.Fatalf("the request: %+v", ended.Request)
	}
	p, waits := w.flow.take(token)
	if !waits {
		t.Fatal("nothing waits for the reviewers")
	}
	w.walk(ctx, p.execution, p.caught(p.At, "States.Timeout"))
	actorOf(ctx).drain()
	if now := w.asked("off"); now.Status != ended.Status || len(w.flow.tokens) != 0 {
		t.Errorf("the request is %s, and %d tasks wait", now.Status, len(w.flow.tokens))
	}
}

// TestRemovalWinsAtEveryRead looks closer at the two that are nearest to users: every read is a step of its own too.
func TestRemovalWinsAtEveryRead(t *testing.T) {
	var sum tally
	sum.of(t, "two, reads included", func(t *testing.T) {
		for _, name := range []string{"full", "development full"} {
			r := rivalBy(name)
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				if os.Getenv("CI") == "" {
					t.Skip("long: set CI=true")
				}
				sum.add(t, &explorer{base: scene(t, livePlain, scenes[r.scene], asksRemoval("rm", "plain")), steps: []step{removes, r.act}, reads: true})
			})
		}
	})
}

// TestRemovalWinsAgainstTwo does the same with two other actions at once.
func TestRemovalWinsAgainstTwo(t *testing.T) {
	var sum tally
	sum.of(t, "three", func(t *testing.T) {
		for _, pair := range pairs() {
			a, b := pair[0], pair[1]
			t.Run(a.name+" and "+b.name, func(t *testing.T) {
				t.Parallel()
				sum.add(t, &explorer{base: scene(t, livePlain, scenes[max(a.scene, b.scene)], asksRemoval("rm", "plain")), steps: []step{removes, a.act, b.act}})
			})
		}
	})
}

// tally counts over subtests that run at the same time.
type tally struct{ orders, moments atomic.Int64 }

func (s *tally) of(t *testing.T, what string, run func(t *testing.T)) {
	begun := time.Now()
	t.Run("all", run)
	t.Logf("interleavings of %s: %d run, %d different moments, %s", what, s.orders.Load(), s.moments.Load(), time.Since(begun).Round(time.Millisecond))
}

func (s *tally) add(t *testing.T, e *explorer) {
	explored(t, e)
	s.orders.Add(int64(e.ran))
	s.moments.Add(int64(len(e.seen)))
}

// pairs are rivals for whom the same scene will do: all of them where there is a minute for it, else those nearest to
// users.
func pairs() (out [][2]rival) {
	if os.Getenv("CI") == "true" && !raceEnabled {
		for i, a := range rivals {
			for _, b := range rivals[i+1:] {
				if (a.scene == b.scene || a.scene == "" || b.scene == "") && onPlain(a) && onPlain(b) {
					out = append(out, [2]rival{a, b})
				}
			}
		}
		return out
	}
	names := [][]string{{"grayscale", "grayscale 100", "full", "cancel"}, {"raise", "reset"}, {"development full", "sandbox full"}, {"full", "second answer"}, {"rejection", "withdrawal"}}
	for _, group := range names {
		for i, a := range group {
			for _, b := range group[i+1:] {
				out = append(out, [2]rival{rivalBy(a), rivalBy(b)})
			}
		}
	}
	return out
}

// onPlain says whether a rival acts on the one app that the removal of three is about.
func onPlain(r rival) bool {
	return !slices.Contains([]string{"pilot", "sandbox", "elsewhere"}, r.scene)
}

func rivalBy(name string) rival {
	return rivals[slices.IndexFunc(rivals, func(r rival) bool { return r.name == name })]
}

func explored(t *testing.T, e *explorer) {
	t.Helper()
	ended := 0
	e.check = func(w *world, path []int) {
		ended++
		w.atRest()
		if len(w.problems) > 0 && !t.Failed() {
			t.Errorf("order %v:\n%s", path, strings.Join(w.problems, "\n"))
		}
	}
	e.run()
	if ended == 0 {
		t.Error("no interleaving came to its end")
	}
}
