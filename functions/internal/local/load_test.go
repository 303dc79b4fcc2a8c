package local_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/api"
	"slipway/functions/internal/build/demo"
	"slipway/functions/internal/local"
)

// load is what wrk measured in one round.
type load struct {
	requests, errors int
	p50, p99         time.Duration
	took             time.Duration
}

// wrk asks one address for a while, always as somebody else.
func wrk(t testing.TB, address string, lasting time.Duration) (l load) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "wrk", "-t1", "-c8", "-d"+fmt.Sprint(int(lasting.Seconds()))+"s", "-s", "testdata/load.lua", address).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", address, err, out)
	}
	_, line, _ := strings.Cut(string(out), "\nLOAD ")
	var p50, p99, took int64
	if _, err := fmt.Sscan(line, &l.requests, &l.errors, &p50, &p99, &took); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	l.p50, l.p99, l.took = time.Duration(p50)*time.Microsecond, time.Duration(p99)*time.Microsecond, time.Duration(took)*time.Microsecond
	return l
}

// nothing is a function that does nothing, behind the gateway that all functions are behind.
func nothing(t testing.TB) string {
	handlers := map[string]api.Handler{}
	for _, route := range api.Routes {
		handlers[route.Function] = func(context.Context, api.Request) (api.Response, error) {
			return api.Response{StatusCode: 200, Headers: map[string]string{"Content-Type": "application/json"}, Body: "{}"}, nil
		}
	}
	mux := http.NewServeMux()
	local.Gateway(mux, handlers, nil)
	front := httptest.NewServer(mux)
	t.Cleanup(front.Close)
	return front.URL
}

// inUse is the heap after a collection, in bytes.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestLoad asks for SLIPWAY_LOAD, such as 10m, what a user gets, in turn with a function that does nothing behind the
// same gateway: rounds of five seconds, so that both meet the same other work on the machine.
func TestLoad(t *testing.T) {
	lasting, err := time.ParseDuration(os.Getenv("SLIPWAY_LOAD"))
	if err != nil {
		t.Skip("set SLIPWAY_LOAD to how long it is to last")
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		t.Skip("wrk is not installed")
	}
	was := slog.Default() // which keeps every line for other tests; a laptop is told of warnings only
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})))
	t.Cleanup(func() { slog.SetDefault(was) })
	x := newBench(t)
	x.release(demo.Archive("1.0.0"))
	programs := x.call("merchant-admin", "GET", "/v1/mini-programs?q=Bench", nil)["items"].([]any)
	path := "/v1/resolve/demo-wallet/production/" + programs[0].(map[string]any)["id"].(string)
	addresses := []string{nothing(t) + path, x.url + path}
	const round = 5 * time.Second
	for _, a := range addresses {
		wrk(t, a, round)
	}
	before, peak, last := inUse(), int64(0), int64(0)
	var rounds [2][]load
	for began := time.Now(); time.Since(began) < lasting; {
		for i, a := range addresses {
			rounds[i] = append(rounds[i], wrk(t, a, round))
		}
		last = inUse()
		peak = max(peak, last)
	}
	null, resolve := summed(rounds[0]), summed(rounds[1])
	for name, l := range map[string]load{"nothing": null, "resolve": resolve} {
		t.Logf("%s: %d requests, %d errors, %.0f a second; median round: p50 %s, p99 %s", name, l.requests, l.errors, float64(l.requests)/l.took.Seconds(), l.p50, l.p99)
		if l.errors > 0 || l.requests == 0 {
			t.Errorf("%s: %d errors", name, l.errors)
		}
	}
	ratio := float64(resolve.p99) / float64(null.p99)
	t.Logf("p99 %.2f of that of nothing; heap %d KB before, at most %d KB after a round, %d KB at the end", ratio, before>>10, peak>>10, last>>10)
	if ratio > 1.2 {
		t.Errorf("p99 is %.2f of that of nothing, more than 1.2", ratio)
	}
	if peak > before+before/10+1<<20 {
		t.Errorf("the heap grew from %d to %d bytes", before, peak)
	}
}

// summed adds rounds up, with the medians of their percentiles.
func summed(rounds []load) (sum load) {
	median := func(of func(load) time.Duration) time.Duration {
		var all []time.Duration
		for _, l := range rounds {
			all = append(all, of(l))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	for _, l := range rounds {
		sum.requests += l.requests
		sum.errors += l.errors
		sum.took += l.took
	}
	sum.p50, sum.p99 = median(func(l load) time.Duration { return l.p50 }), median(func(l load) time.Duration { return l.p99 })
	return sum
}
