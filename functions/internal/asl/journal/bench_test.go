package journal_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"slipway/functions/internal/asl"
)

// steps is a machine of ten tasks one after the other, so that one execution is ten transitions that cannot be batched.
func steps() string {
	def := `{"StartAt":"S0","States":{`
	for i := range 10 {
		def += fmt.Sprintf(`"S%d":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f","Payload":{"i.$":"$.i"}},"ResultPath":null,"Next":"S%d"},`, i, i+1)
	}
	return def + `"S10":{"Type":"Succeed"}}}`
}

type instant struct{}

func (instant) Invoke(context.Context, string, []byte) ([]byte, error) { return []byte("null"), nil }

// BenchmarkTransitions runs many executions at once and reports task transitions per second.
func BenchmarkTransitions(b *testing.B) {
	for _, kind := range []string{"memory", "bbolt"} {
		for _, at := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d at once", kind, at), func(b *testing.B) {
				var j asl.Journal = &asl.MemoryJournal{}
				if kind == "bbolt" {
					_, j = open(b, filepath.Join(b.TempDir(), "db"))
				}
				benchmark(b, j, at)
			})
		}
	}
}

func benchmark(b *testing.B, j asl.Journal, at int) {
	m, err := asl.Parse([]byte(steps()))
	if err != nil {
		b.Fatal(err)
	}
	slots := make(chan struct{}, at)
	var wg sync.WaitGroup
	e, err := asl.New(asl.Options{Machines: map[string]*asl.Machine{"m": m}, Invoker: instant{}, Journal: j, Workers: 64,
		OnEvent: func(_, _ string, e asl.Event) {
			if e.Type == "ExecutionSucceeded" {
				<-slots
				wg.Done()
			}
		}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- e.Run(ctx) }()
	n := 0
	for b.Loop() {
		slots <- struct{}{}
		wg.Add(1)
		if err := e.Start(ctx, "m", fmt.Sprint("x", n), []byte(`{"i":1}`)); err != nil {
			b.Fatal(err)
		}
		n++
	}
	wg.Wait()
	b.ReportMetric(float64(10*n)/b.Elapsed().Seconds(), "transitions/s")
	cancel()
	if err := <-ran; err != nil {
		b.Fatal(err)
	}
}
