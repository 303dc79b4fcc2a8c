package asl

import (
	"context"
	"sync"
	"time"
)

// Run makes executions move until ctx ends, then waits for the functions under way and gives nil. It gives the error
// of a journal that failed. Functions that end with ctx are invoked again by the next Run.
func (e *Engine) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	// Alarms have slots of their own, so that functions that hang cannot hold up the timeouts that end them.
	calls, ticks := make(chan struct{}, e.o.Workers), make(chan struct{}, e.o.Workers)
	for {
		if err := e.failed(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return nil
		}
		e.dispatch(ctx, &wg, calls, ticks)
		var alarm <-chan time.Time
		release := func() {}
		if at, ok := e.Next(); ok && len(ticks) < cap(ticks) {
			alarm, release = e.o.Clock.At(at)
		}
		select {
		case <-ctx.Done():
		case <-e.wake:
		case <-alarm:
		}
		release()
	}
}

// dispatch begins whatever can begin now.
func (e *Engine) dispatch(ctx context.Context, wg *sync.WaitGroup, calls, ticks chan struct{}) {
	for len(ticks) < cap(ticks) {
		x := e.due()
		if x == nil {
			break
		}
		ticks <- struct{}{}
		wg.Go(func() {
			e.tick(x)
			<-ticks
			e.poke()
		})
	}
	for len(calls) < cap(calls) {
		c := e.pop()
		if c == nil {
			break
		}
		calls <- struct{}{}
		wg.Go(func() {
			e.invoke(ctx, c)
			<-calls
			e.poke()
		})
	}
}

// RunUntilIdle does everything that can be done without the clock moving, one thing after the other in a fixed order,
// and then returns. It is for tests with a VirtualClock; Run must not be running.
func (e *Engine) RunUntilIdle(ctx context.Context) error {
	for {
		if err := e.failed(); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if x := e.due(); x != nil {
			e.tick(x)
		} else if c := e.pop(); c != nil {
			e.invoke(ctx, c)
		} else {
			return nil
		}
	}
}

// RunFor does everything that happens within a time of a VirtualClock, each thing at its own moment, and leaves the
// clock at the end of it.
func (e *Engine) RunFor(ctx context.Context, clock *VirtualClock, d time.Duration) error {
	until := clock.Now().Add(d)
	for {
		if err := e.RunUntilIdle(ctx); err != nil {
			return err
		}
		at, ok := e.Next()
		if !ok || at.After(until) {
			clock.Set(until)
			return e.RunUntilIdle(ctx)
		}
		clock.Set(at)
	}
}
