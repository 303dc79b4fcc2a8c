package local_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/approval"
	"slipway/functions/internal/release"
	"slipway/functions/internal/story"
)

// together calls all at the same moment and gives what each answered.
func together(all ...func() story.Answer) []story.Answer {
	out := make([]story.Answer, len(all))
	begin := make(chan struct{})
	var wg sync.WaitGroup
	for i, f := range all {
		wg.Go(func() {
			<-begin
			out[i] = f()
		})
	}
	close(begin)
	wg.Wait()
	return out
}

// statuses are the HTTP statuses of answers, sorted.
func statuses(answers []story.Answer) []int {
	var out []int
	for _, a := range answers {
		out = append(out, a.Status)
	}
	slices.Sort(out)
	return out
}

// rounds is how often a race is run: who is first must not always be the same.
const rounds = 6

func TestTwoReviewersRace(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	for range rounds {
		r := applied(w, admin, program, "demo-wallet")
		one, other := w.Link("wallet-reviewer", r.Request), w.Link("wallet-admin", r.Request)
		answers := together(
			func() story.Answer { return w.Decide(one, "approve", r.Version, "") },
			func() story.Answer { return w.Decide(other, "reject", r.Version, "No.") },
		)
		equal(t, "answers", statuses(answers), []int{200, 409})
		won := slices.IndexFunc(answers, func(a story.Answer) bool { return a.Status == 200 })
		lost := string(answers[1-won].Body)
		if !strings.Contains(lost, "<h1>This request is already decided") || strings.Contains(lost, "<form") {
			t.Errorf("the loser is shown %s", answers[1-won])
		}
		q := admin.Request(r.Request)
		if won == 0 {
			equal(t, "request", q.Status, approval.Approved)
			admin.Reaches(r.ID, release.ReleasePreparation)
			admin.Act(r.ID, "cancel")
		} else {
			equal(t, "request", q.Status, approval.Rejected)
			admin.Reaches(r.ID, release.NewVersionCreated)
		}
	}
}

// TestWithdrawRacesApprove: exactly one of them happens, and request and release tell the same.
func TestWithdrawRacesApprove(t *testing.T) {
	w := story.Start(t)
	admin, reviewer := w.As("merchant-admin"), w.As("wallet-reviewer")
	program := admin.Program("merchant", "h5")
	for range rounds {
		r := applied(w, admin, program, "demo-wallet")
		w.Link("wallet-reviewer", r.Request)
		answers := together(
			func() story.Answer { return admin.Try(r.ID, "withdraw") },
			func() story.Answer { return reviewer.Do("POST", "/v1/requests/"+r.Request+"/approve", nil) },
		)
		equal(t, "answers", statuses(answers), []int{200, 409})
		if answers[0].Status == 200 {
			equal(t, "request", admin.Request(r.Request).Status, approval.Withdrawn)
			equal(t, "release", admin.Read(r.ID).Status, release.NewVersionCreated)
			continue
		}
		equal(t, "request", admin.Request(r.Request).Status, approval.Approved)
		admin.Reaches(r.ID, release.ReleasePreparation)
		admin.Act(r.ID, "cancel")
	}
}

// TestPartiesRace: what one party decides may end the review of the other at the same moment. Whoever is told that
// they decided did, and nobody else is.
func TestPartiesRace(t *testing.T) {
	w := story.Start(t)
	master := w.As("partner-master")
	program := master.Program("partner", "h5")
	number := ""
	for range rounds {
		r := applied(w, master, program, "demo-partner")
		number = r.Version
		app, platform := w.Link("carrier-admin", r.Request), w.Link("platform-admin", r.Request)
		answers := together(
			func() story.Answer { return w.Decide(app, "approve", number, "") },
			func() story.Answer { return w.Decide(platform, "reject", number, "No.") },
			func() story.Answer { return master.Try(r.ID, "withdraw") },
		)
		q := master.Until(r.ID, "back", func(r api.ReleaseView) bool { return r.Status == release.NewVersionCreated })
		request := master.Request(q.Request)
		for i, party := range []string{"app", "platform"} {
			decided := request.Party(party).Decision != approval.Pending
			if told := answers[i].Status == 200; told != decided {
				t.Errorf("%s decided: %t, but was answered %s", party, decided, answers[i])
			}
		}
		if told := answers[2].Status == 200; told != (request.Status == approval.Withdrawn) {
			t.Errorf("the request is %s, but withdraw was answered %s", request.Status, answers[2])
		}
		if !slices.Contains([]approval.Status{approval.Rejected, approval.Withdrawn}, request.Status) {
			t.Errorf("the request is %s", request.Status)
		}
	}
}

// TestManyActAtOnce: of twenty at the same moment exactly one is carried out, and the others are told that.
func TestManyActAtOnce(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	program := admin.Program("merchant", "h5")
	r := prepared(w, program)
	before := len(admin.Events(r.ID))
	for _, percent := range []int{10, 25} {
		var all []func() story.Answer
		for range 20 {
			all = append(all, func() story.Answer { return admin.Try(r.ID, "grayscale", story.Percent(percent)) })
		}
		answers := together(all...)
		count := map[int]int{}
		for _, a := range answers {
			count[a.Status]++
			if a.Status == 409 && !slices.Contains([]string{"overtaken", "percent_not_higher", "busy"}, a.Problem().Code) {
				t.Errorf("a loser is told %s", a)
			}
		}
		equal(t, "answers", count, map[int]int{200: 1, 409: 19})
		equal(t, "percent", admin.Read(r.ID).Grayscale.Percent, percent)
	}
	equal(t, "events", len(admin.Events(r.ID)), before+2)
}

// TestTwoVersionsGoLiveAtOnce: both were prepared; whoever comes second replaces the first, and neither is lost.
func TestTwoVersionsGoLiveAtOnce(t *testing.T) {
	w := story.Start(t)
	admin := w.As("merchant-admin")
	for range rounds {
		program := admin.Program("merchant", "h5")
		one, other := prepared(w, program), prepared(w, program)
		together(
			func() story.Answer { return admin.Try(one.ID, "full") },
			func() story.Answer { return admin.Try(other.ID, "full") },
		)
		w.Until("both have ended", func() bool {
			got := []release.Status{admin.Read(one.ID).Status, admin.Read(other.ID).Status}
			slices.Sort(got)
			return slices.Equal(got, []release.Status{release.Archived, release.FullRelease})
		})
		full := one
		if admin.Read(other.ID).Status == release.FullRelease {
			full = other
		}
		equal(t, "served", w.Served("demo-wallet", "production", program, "ann"), full.Version+" FULL")
	}
	w.Idle()
}
