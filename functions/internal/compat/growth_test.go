package compat_test

import (
	"syscall"
	"testing"
	"time"
)

// maxGrowth lies between what eight times the input costs a linear rule, 8, and a quadratic one, 64. It says nothing of
// speed, so it holds on any machine and under the race detector.
const maxGrowth = 28

// processorTime of this process: time on a clock would judge what else the machine does.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// growth is how many times as long work takes on n as on an eighth of it: the least of several tries, because what else
// a process does only ever adds time.
func growth(n int, work func(int)) float64 {
	timed := func(n, tries int) time.Duration {
		least := time.Duration(1<<63 - 1)
		for range tries {
			start := processorTime()
			work(n)
			least = min(least, processorTime()-start)
		}
		return max(least, time.Millisecond) // below that the clock decides, not the rule
	}
	least := 0.0
	for try := range 3 {
		now := float64(timed(n, 1)) / float64(timed(n/8, 3))
		if try == 0 || now < least {
			least = now
		}
		if least <= maxGrowth {
			break
		}
	}
	return least
}

// TestGrowthSeesWhatIsNotLinear proves the check of TestHostile alive.
func TestGrowthSeesWhatIsNotLinear(t *testing.T) {
	sum := 0
	quadratic := growth(16<<10, func(n int) {
		for i := range n {
			for j := range n {
				sum += i ^ j
			}
		}
	})
	if quadratic <= maxGrowth {
		t.Errorf("a quadratic loop passes with %.0f", quadratic)
	}
	_ = sum
}
