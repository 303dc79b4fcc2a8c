package api_test

import (
	"context"
	"testing"

	"slipway/functions/internal/api"
	"slipway/functions/internal/store"
)

// BenchmarkServe is what a call costs beside its use case: strict reading, who asks, the answer, the log line.
func BenchmarkServe(b *testing.B) {
	empty := func(context.Context, *api.Call) (api.Answer, error) {
		return api.Answer{Body: map[string]bool{"ok": true}}, nil
	}
	w := newWorld(b)
	for name, tc := range map[string]struct {
		table store.Table
		ops   api.Operations
		ask   ask
	}{
		"public": {nil, api.Operations{"resolve": empty}, ask{method: "GET", path: "/v1/resolve/a/production/m?user=u1"}},
		"bearer": {w.table, api.Operations{"readRelease": empty}, ask{method: "GET", path: "/v1/releases/r", email: "madmin@x.test"}},
	} {
		b.Run(name, func(b *testing.B) {
			h, req := api.Serve(tc.table, tc.ops), tc.ask.event(b)
			b.ReportAllocs()
			for b.Loop() {
				if res, _ := h(b.Context(), req); res.StatusCode != 200 {
					b.Fatal(res.Body)
				}
			}
		})
	}
}
