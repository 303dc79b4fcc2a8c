package api_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// reads counts how often whole targets are read.
type reads struct {
	store.Table
	whole atomic.Int64
}

func (r *reads) Query(ctx context.Context, q store.Query) (store.Page, error) {
	if strings.HasPrefix(q.PK, "T#wallet") {
		r.whole.Add(1)
	}
	return r.Table.Query(ctx, q)
}

func manifestStatus(t testing.TB, h api.Handler, app string) int {
	t.Helper()
	res, err := h(t.Context(), ask{method: "GET", path: "/v1/manifests/" + app + "/production"}.event(t))
	if err != nil {
		t.Error(err)
	}
	return res.StatusCode
}

// TestManifestIsKeptFromStrangers asks for many targets that do not exist: the one that does is read once all the same.
// More targets than are kept are answered as well.
func TestManifestIsKeptFromStrangers(t *testing.T) {
	table := &reads{Table: newTable(t)}
	away := &cut{Table: table}
	h := api.ReadManifest(away, testRing(t, 1))
	const targets = 40
	var apps []string
	for i := range targets {
		apps = append(apps, fmt.Sprint("app", i))
	}
	for _, app := range append([]string{"wallet"}, apps...) {
		save(t, table, rollout.Placement{MiniProgram: "mp_a", Target: rollout.Target{TargetApp: app, Environment: "production"}}.WithFull(version("1.0")))
	}
	asked := func(app string, status int) {
		t.Helper()
		if got := manifestStatus(t, h, app); got != status {
			t.Errorf("%s: %d, want %d", app, got, status)
		}
	}
	asked("wallet", 200)
	for i := range 100 {
		asked(fmt.Sprint("nobody", i), 404)
	}
	away.err = fault.New(fault.Unavailable, "table_unavailable", "The table is away.")
	for i := range 100 {
		asked(fmt.Sprint("nobody", i), 503)
	}
	away.err = nil
	asked(apps[0], 200)
	asked("wallet", 200)
	if got := table.whole.Load(); got != 1 {
		t.Errorf("strangers who guess names had the target read %d times", got)
	}
	for _, app := range apps {
		asked(app, 200)
	}
	asked("wallet", 200)
	if got := table.whole.Load(); got != 2 {
		t.Errorf("the first of %d targets was read %d times: too many are kept, or too few", targets+1, got)
	}
}

// TestManifestsAtOnce asks from many sides while things change; each answer contains what was there when it was asked.
func TestManifestsAtOnce(t *testing.T) {
	table, ring := newTable(t), testRing(t, 1)
	h := api.ReadManifest(table, ring)
	var raised atomic.Int64
	save(t, table, on("mp_a").WithGrayscale(version("1.0"), 1, "s"))
	raised.Store(1)
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for percent := int64(0); percent < 40; {
				percent = raised.Load()
				if m, _ := manifestOf(t, h, ring, ask{}); int64(m.MiniPrograms["mp_a"].Grayscale.Percent) < percent {
					t.Errorf("it says %d %% after %d %% was committed", m.MiniPrograms["mp_a"].Grayscale.Percent, percent)
				}
			}
		})
	}
	for percent := 2; percent <= 40; percent++ {
		save(t, table, on("mp_a").WithGrayscale(version("1.0"), percent, "s"))
		raised.Store(int64(percent))
	}
	asking.Wait()
}
