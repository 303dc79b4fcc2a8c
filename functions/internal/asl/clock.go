package asl

import (
	"sync"
	"time"
)

// Clock is where an engine takes its time from.
type Clock interface {
	Now() time.Time
	// At gives a channel that is closed or sent to once the time has come, and a function that gives the channel up.
	At(t time.Time) (<-chan time.Time, func())
}

// realClock is the clock on the wall.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) At(t time.Time) (<-chan time.Time, func()) {
	timer := time.NewTimer(time.Until(t))
	return timer.C, func() { timer.Stop() }
}

// VirtualClock stands still until a test moves it. It may be used concurrently.
type VirtualClock struct {
	mu    sync.Mutex
	now   time.Time
	alarm map[chan time.Time]time.Time
}

// NewVirtualClock starts a clock at a time.
func NewVirtualClock(at time.Time) *VirtualClock {
	return &VirtualClock{now: at, alarm: map[chan time.Time]time.Time{}}
}

// Now implements Clock.
func (c *VirtualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// At implements Clock.
func (c *VirtualClock) At(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ch := make(chan time.Time)
	if !t.After(c.now) {
		close(ch)
		return ch, func() {}
	}
	c.alarm[ch] = t
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.alarm, ch)
	}
}

// Advance moves the clock forward and wakes whoever waits for a time that has come.
func (c *VirtualClock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Set moves the clock to a time; it never moves backward.
func (c *VirtualClock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
	for ch, at := range c.alarm {
		if !at.After(c.now) {
			close(ch)
			delete(c.alarm, ch)
		}
	}
}
