//go:build unix

package isolate

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Limit makes the system end this process rather than let it take more processor seconds or bytes of memory, or leave a
// core file; and it refuses to open anything more, be it a file, a connection or a pipe to another process. It can only be
// tightened from here on, whatever a script does. Memory comes on top of what the Go runtime has reserved already, which
// is much and not used.
func Limit(seconds, memory uint64) error {
	time.AfterFunc(time.Hour, func() {}).Stop() // Go opens what timers wait on with the first one
	for resource, n := range map[int]uint64{syscall.RLIMIT_AS: reserved() + memory, syscall.RLIMIT_CPU: seconds, syscall.RLIMIT_CORE: 0, syscall.RLIMIT_NOFILE: 0} {
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			return err
		}
	}
	return nil
}

// reserved is the address space in use; where the system does not say, what a Go program reserves at most.
func reserved() uint64 {
	const guess = 2 << 30
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return guess
	}
	first, _, _ := strings.Cut(string(data), " ")
	pages, err := strconv.ParseUint(first, 10, 64)
	if err != nil {
		return guess
	}
	return pages * uint64(os.Getpagesize())
}
