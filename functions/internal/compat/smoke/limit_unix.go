//go:build unix

package smoke

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// limit bounds the process itself: address space, processor seconds, no core. It can only be tightened from here on,
// whatever a script does. Memory comes on top of what the Go runtime has reserved already, which is much and not used.
func limit(memory, cpu uint64) error {
	for resource, n := range map[int]uint64{unix.RLIMIT_AS: reserved() + memory, unix.RLIMIT_CPU: cpu, unix.RLIMIT_CORE: 0} {
		r := unix.Rlimit{Cur: n, Max: n}
		if err := unix.Setrlimit(resource, &r); err != nil {
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
