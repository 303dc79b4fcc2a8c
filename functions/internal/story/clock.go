package story

import (
	"sync"
	"time"
)

// Clock is an asl.Clock that goes on by itself, Speed times as fast as the wall's, and can be moved forward. With it
// a week passes in a moment, and pauses between retries take next to no time.
type Clock struct {
	mu      sync.Mutex
	begun   time.Time
	at      time.Time
	speed   int
	waiting map[*alarm]bool
}

type alarm struct {
	at    time.Time
	rings chan time.Time
	timer *time.Timer
}

// NewClock makes a clock that shows the time of the wall and runs speed times as fast.
func NewClock(speed int) *Clock {
	now := time.Now()
	return &Clock{begun: now, at: now, speed: speed, waiting: map[*alarm]bool{}}
}

// Now implements asl.Clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time { return c.at.Add(time.Since(c.begun) * time.Duration(c.speed)) }

// At implements asl.Clock.
func (c *Clock) At(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := &alarm{at: t, rings: make(chan time.Time, 1)}
	a.timer = time.AfterFunc(c.until(t), func() { a.rings <- t })
	c.waiting[a] = true
	return a.rings, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		a.timer.Stop()
		delete(c.waiting, a)
	}
}

func (c *Clock) until(t time.Time) time.Duration {
	return t.Sub(c.now())/time.Duration(c.speed) + time.Microsecond
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
	for a := range c.waiting {
		if a.timer.Stop() {
			a.timer.Reset(c.until(a.at))
		}
	}
}
