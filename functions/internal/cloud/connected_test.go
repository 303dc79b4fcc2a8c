package cloud_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/dynamo"
	"slipway/functions/internal/cloud/states"
	"slipway/functions/internal/store"
)

// TestTheFirstCallFindsItsConnection opens what functions call: each has one connection before it is called, on which
// nothing was sent, and which the call uses.
func TestTheFirstCallFindsItsConnection(t *testing.T) {
	const arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:release"
	for name, open := range map[string]func() (call func(context.Context) error, err error){
		"table": func() (func(context.Context) error, error) {
			table, err := dynamo.OpenTable()
			return func(ctx context.Context) error { _, err := table.Get(ctx, store.Key{PK: "p", SK: "s"}); return err }, err
		},
		"answers": func() (func(context.Context) error, error) {
			answers, err := states.OpenAnswerer()
			return func(ctx context.Context) error { return answers.Succeed(ctx, "token", []byte("{}")) }, err
		},
		"starts": func() (func(context.Context) error, error) {
			starts, err := states.OpenStarter("release")
			return func(ctx context.Context) error { return starts.Start(ctx, "release", "name", []byte("{}")) }, err
		},
		"stops": func() (func(context.Context) error, error) {
			stops, err := states.OpenStopper("release")
			return func(ctx context.Context) error { return stops.Stop(ctx, "release", "name", "cause") }, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			var accepted, asked atomic.Int32
			came := make(chan struct{}, 10)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.Header().Set("Content-Type", "application/x-amz-json-1.0")
				_, _ = w.Write([]byte(`{"executionArn":"` + arn + `","startDate":1769860800,"stopDate":1769860800}`))
			}))
			server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					accepted.Add(1)
					came <- struct{}{}
				}
			}
			server.Start()
			t.Cleanup(server.Close)
			cloudtest.AWS(t, cloudtest.Answer{})
			t.Setenv("AWS_ENDPOINT_URL", server.URL)
			call, err := open()
			if err != nil {
				t.Fatal(err)
			}
			<-came
			if n := asked.Load(); n != 0 {
				t.Errorf("%d requests before the first call", n)
			}
			if err := call(t.Context()); err != nil {
				t.Error(err)
			}
			if n, requests := accepted.Load(), asked.Load(); n != 1 || requests != 1 {
				t.Errorf("%d connections for %d requests", n, requests)
			}
		})
	}
}
