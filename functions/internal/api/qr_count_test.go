package api_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
)

// flaky refuses writes while it is told to.
type flaky struct {
	store.Table
	refuse atomic.Bool
	writes atomic.Int64
}

func (f *flaky) Transact(ctx context.Context, writes ...store.Write) error {
	f.writes.Add(1)
	if f.refuse.Load() {
		return fault.New(fault.Limited, "throttled", "The table is throttled.")
	}
	return f.Table.Transact(ctx, writes...)
}

// codes puts codes for one mini program that is live into a table.
func codes(t *testing.T, table store.Table, ids ...string) {
	t.Helper()
	target := rollout.Target{TargetApp: "demo-wallet", Environment: "production"}
	p := rollout.Placement{MiniProgram: "mp_1", Target: target}.WithFull(rollout.Served{Release: "rel_1", Version: "1.0.0", EntranceURL: "https://shop.example.com"})
	writes := store.SavePlacements([]rollout.Placement{p}, []int64{store.Absent})
	app := catalog.TargetApp{ID: "demo-wallet", Name: "Demo Wallet", Workspace: "wallet"}
	app.Settings.Scheme = "demowallet"
	writes = append(writes, store.CreateTargetApp(app)...)
	for _, id := range ids {
		writes = append(writes, store.CreateQRCode(catalog.QRCode{Code: id, MiniProgram: "mp_1", TargetApp: "demo-wallet", Environment: "production", Version: "1.0.0", CreatedAt: noon})...)
	}
	if err := table.Transact(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
}

func scan(t *testing.T, h *api.Scans, code string) {
	t.Helper()
	res, err := h.Handle(t.Context(), api.Request{
		RouteKey: "GET /q/{code}", PathParameters: map[string]string{"code": code},
		RequestContext: events.APIGatewayV2HTTPRequestContext{TimeEpoch: noon.UnixMilli(), HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{Method: "GET"}},
	})
	if err != nil || res.StatusCode != 302 {
		t.Errorf("scan: %v %d %s", err, res.StatusCode, res.Body)
	}
}

func scans(t *testing.T, table store.Table, code string) int64 {
	t.Helper()
	sums, err := store.ScansSince(t.Context(), table, code, noon.Format("2006-01-02"))
	if err != nil {
		t.Fatal(err)
	}
	return sums[noon.Format("2006-01-02")]
}

// TestAScanThatCannotBeWrittenIsCountedWithTheNext, and is answered all the same.
func TestAScanThatCannotBeWrittenIsCountedWithTheNext(t *testing.T) {
	table := &flaky{Table: newTable(t)}
	codes(t, table, "a")
	h := api.OpenQRCode(table, rand.Reader, time.Minute)
	table.refuse.Store(true)
	scan(t, h, "a")
	scan(t, h, "a")
	table.refuse.Store(false)
	if n := scans(t, table, "a"); n != 0 {
		t.Errorf("%d were counted while nothing could be written", n)
	}
	scan(t, h, "a")
	if n := scans(t, table, "a"); n != 3 {
		t.Errorf("%d of 3 scans are counted", n)
	}
}

// TestProcessesCountBesideEachOther: the functions of a day do not know of each other.
func TestProcessesCountBesideEachOther(t *testing.T) {
	table := &flaky{Table: newTable(t)}
	codes(t, table, "a", "b")
	var all sync.WaitGroup
	for range 5 {
		h := api.OpenQRCode(table, rand.Reader, time.Minute)
		all.Go(func() {
			for range 20 {
				scan(t, h, "a")
			}
			scan(t, h, "b")
		})
	}
	all.Wait()
	if a, b := scans(t, table, "a"), scans(t, table, "b"); a != 100 || b != 5 {
		t.Errorf("counted %d of 100 and %d of 5", a, b)
	}
}

// TestManyCodesInOneProcess goes past what a process remembers: it forgets its tallies, and none of what was counted.
func TestManyCodesInOneProcess(t *testing.T) {
	table := &flaky{Table: newTable(t)}
	codes(t, table, "a")
	const many = 10_050
	for from := 0; from < many; from += 50 {
		var writes []store.Write
		for i := from; i < from+50; i++ {
			writes = append(writes, store.CreateQRCode(catalog.QRCode{Code: fmt.Sprint("c", i), MiniProgram: "mp_1", TargetApp: "demo-wallet", Environment: "production", Version: "1.0.0", CreatedAt: noon})...)
		}
		if err := table.Transact(t.Context(), writes...); err != nil {
			t.Fatal(err)
		}
	}
	h := api.OpenQRCode(table, rand.Reader, time.Minute)
	scan(t, h, "a")
	for i := range many {
		scan(t, h, fmt.Sprint("c", i))
	}
	scan(t, h, "a")
	if n := scans(t, table, "a"); n != 2 {
		t.Errorf("%d of 2 scans are counted", n)
	}
}

// stuck hangs in every write of a count until it is let go, and fails it then when told to.
type stuck struct {
	store.Table
	letGo chan error
	hangs chan struct{} // one for each write that has begun
}

func (s *stuck) Transact(ctx context.Context, writes ...store.Write) error {
	if !strings.HasPrefix(writes[0].Key.PK, "S#") {
		return s.Table.Transact(ctx, writes...)
	}
	s.hangs <- struct{}{}
	select {
	case err := <-s.letGo:
		if err != nil {
			return err
		}
		return s.Table.Transact(ctx, writes...)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestNoAnswerWaitsForItsCountLongerThanTold runs on virtual time: reading takes none of it, and a write hangs for good.
func TestNoAnswerWaitsForItsCountLongerThanTold(t *testing.T) {
	for _, patience := range []time.Duration{0, 50 * time.Millisecond} {
		table := &stuck{Table: newTable(t)}
		codes(t, table, "a")
		synctest.Test(t, func(t *testing.T) {
			table.hangs = make(chan struct{}, 10)
			h := api.OpenQRCode(table, rand.Reader, patience)
			for range 2 {
				began := time.Now()
				scan(t, h, "a")
				if took := time.Since(began); took != patience {
					t.Errorf("with a patience of %s it took %s", patience, took)
				}
			}
			h.Settle()
		})
	}
}

// TestAScanDuringAWriteThatFails is written all the same: nobody else may come and do it.
func TestAScanDuringAWriteThatFails(t *testing.T) {
	table := &stuck{Table: newTable(t), letGo: make(chan error), hangs: make(chan struct{}, 10)}
	codes(t, table, "a")
	h := api.OpenQRCode(table, rand.Reader, 0)
	scan(t, h, "a")
	<-table.hangs
	scan(t, h, "a")
	table.letGo <- fault.New(fault.Limited, "throttled", "The table is throttled.")
	table.letGo <- nil
	h.Settle()
	if n := scans(t, table, "a"); n != 2 {
		t.Errorf("%d of 2 scans are counted", n)
	}
}
