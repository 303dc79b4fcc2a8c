package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
)

// answered is a manifest on its way to somebody.
type answered struct {
	api.Response
	given time.Time // by whoever had it last
}

// source answers who asks at a time, and says when the answer has come.
type source func(at time.Time) (a answered, came time.Time)

// cached is a cache before another source, until some time after an answer has come from there.
func cached(behind source, lag func() time.Duration, until func(a answered, came time.Time) time.Time) source {
	var have answered
	var end time.Time
	return func(at time.Time) (answered, time.Time) {
		if at.Before(end) {
			have.given = at
			return have, at
		}
		var came time.Time
		have, came = behind(at.Add(lag()))
		came = came.Add(lag())
		end = until(have, came)
		return have, came
	}
}

// lastNamed removes mini programs and says how long after the commit an answer was given that still names what was
// removed, at most. Many ask at four places of an edge that keeps answers in two tiers, as CloudFront does.
func lastNamed(t *testing.T, until func(a answered, came time.Time) time.Time) (latest time.Duration) {
	t.Helper()
	table, rnd := newTable(t), rand.New(rand.NewPCG(1, 2))
	h := api.ReadManifest(table, testRing(t, 1))
	within := func(most time.Duration) time.Duration { return time.Duration(rnd.Int64N(int64(most))) }
	lag := func() time.Duration { return within(80 * time.Millisecond) }
	for n := range 40 {
		program := fmt.Sprintf("mp_%02d", n)
		p := on(program).WithFull(version("1.0.0"))
		save(t, table, p)
		begun := noon.Add(time.Duration(n) * time.Minute)
		commit, removed := begun.Add(time.Second+within(time.Second)), false
		origin := func(at time.Time) (answered, time.Time) {
			if !removed && !at.Before(commit) {
				removed = true
				save(t, table, p.WithRemoved(commit))
			}
			res, _ := h(t.Context(), ask{method: "GET", path: "/v1/manifests/wallet/production", at: at}.event(t))
			return answered{res, at}, at.Add(lag())
		}
		behind := cached(origin, lag, until)
		var places []source
		for range 4 {
			places = append(places, cached(behind, lag, until))
		}
		for at := begun; at.Before(commit.Add(3 * time.Second)); at = at.Add(within(20 * time.Millisecond)) {
			a, _ := places[rnd.IntN(len(places))](at)
			if strings.Contains(a.Body, `"`+program+`":{"full"`) {
				latest = max(latest, a.given.Sub(commit))
			}
		}
		if !removed {
			t.Fatal("nobody asked the function after the removal")
		}
	}
	return latest
}

// TestTheEdgeForgetsARemovedVersionWithinASecond counts as CloudFront is documented to: it keeps an answer until Expires. That
// it shows the other way, too, how late a duration would be that each tier counts from when the answer has come.
func TestTheEdgeForgetsARemovedVersionWithinASecond(t *testing.T) {
	expires := func(a answered, _ time.Time) time.Time {
		end, err := http.ParseTime(a.Headers["Expires"])
		if err != nil {
			t.Fatal(err)
		}
		return end
	}
	latest := lastNamed(t, expires)
	if t.Logf("named %s after the commit", latest); latest > time.Second || latest < time.Second/2 {
		t.Errorf("a removed version is named %s after the commit", latest)
	}
	second := func(_ answered, came time.Time) time.Time { return came.Add(time.Second) }
	if latest = lastNamed(t, second); latest < 3*time.Second/2 {
		t.Errorf("two tiers that keep an answer for a second each forget within %s: this shows nothing", latest)
	}
	t.Logf("%s, were it kept for a second in each tier", latest)
}
