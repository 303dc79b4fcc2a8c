package local_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/local"
	"slipway/functions/internal/rollout"
	"slipway/functions/internal/store"
	"slipway/functions/internal/story"
)

// uncounted is a table that drops what counts scans, when it is told to.
type uncounted struct {
	store.Table
	on atomic.Bool
}

// Transact implements store.Table.
func (t *uncounted) Transact(ctx context.Context, writes ...store.Write) error {
	if t.on.Load() && len(writes) == 1 && strings.HasPrefix(writes[0].Key.PK, "S#") {
		return nil
	}
	return t.Table.Transact(ctx, writes...)
}

// BenchmarkScan is the answer of /q on a laptop's table beside the same answer when nothing is written, of one phone
// after another and of many at once.
func BenchmarkScan(b *testing.B) {
	table := &uncounted{}
	w := story.Start(b, func(o *local.Options) {
		o.Table = func(kept store.Table) store.Table { table.Table = kept; return table }
	})
	p := rollout.Placement{MiniProgram: "mp_b", Target: rollout.Target{TargetApp: "demo-wallet", Environment: "production"}}
	writes := store.SavePlacements([]rollout.Placement{p.WithFull(rollout.Served{Release: "rel_b", Version: "1.0.0"})}, []int64{store.Absent})
	q := catalog.QRCode{Code: "0123456789abcdefghjk", MiniProgram: "mp_b", TargetApp: "demo-wallet", Environment: "production", Version: "1.0.0"}
	if err := w.Table().Transact(b.Context(), append(writes, store.CreateQRCode(q)...)...); err != nil {
		b.Fatal(err)
	}
	w.Idle()
	h := w.Server.Handler()
	scan := func(b *testing.B) {
		r := httptest.NewRecorder()
		if h.ServeHTTP(r, httptest.NewRequest("GET", "/q/"+q.Code, nil)); r.Code != 302 {
			b.Error(r.Code, r.Body)
		}
	}
	for _, counting := range []bool{false, true} {
		name := map[bool]string{false: "uncounted", true: "counted"}[counting]
		b.Run("one/"+name, func(b *testing.B) {
			table.on.Store(!counting)
			for b.Loop() {
				scan(b)
			}
		})
		b.Run("many/"+name, func(b *testing.B) {
			table.on.Store(!counting)
			b.SetParallelism(8)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					scan(b)
				}
			})
		})
	}
}
