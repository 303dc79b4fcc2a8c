//go:build unix

// Package hostile is what tests of hostile input have in common: how what something costs grows with what it is given,
// and a bound for all that tests take together.
//
// It is for tests. What is hostile to something is for that package's own tests.
package hostile

import (
	"fmt"
	"os"
	"runtime/metrics"
	"syscall"
	"testing"
	"time"
)

// MaxGrowth lies between what eight times the input costs something linear, 8, and something quadratic, 64. It says
// nothing of speed, so it holds on any machine and under the race detector.
const MaxGrowth = 28

// Growth is how many times as long work takes on n as on an eighth of it: the least of several tries, because what else
// a process does only ever adds time.
func Growth(n int, work func(n int)) float64 {
	timed := func(n, tries int) time.Duration {
		least := time.Duration(1<<63 - 1)
		for range tries {
			start := processorTime()
			work(n)
			least = min(least, processorTime()-start)
		}
		return max(least, time.Millisecond) // below that the clock decides, not the work
	}
	least := 0.0
	for try := range 3 {
		now := float64(timed(n, 1)) / float64(timed(n/8, 3))
		if try == 0 || now < least {
			least = now
		}
		if least <= MaxGrowth {
			break
		}
	}
	return least
}

// processorTime of this process: time on a clock would judge what else the machine does.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// most is the memory that tests of one package may take, in bytes.
const most = 3 << 30

// Main is for TestMain: it ends tests that take what the machine has. Code that is careless with hostile input must fail
// a test, not stall the machine.
func Main(m *testing.M) {
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
		for range time.Tick(50 * time.Millisecond) {
			if metrics.Read(sample); sample[0].Value.Uint64() > most {
				fmt.Fprintf(os.Stderr, "%s took more than %d GiB\n", os.Args[0], most>>30)
				os.Exit(1)
			}
		}
	}()
	os.Exit(m.Run())
}
