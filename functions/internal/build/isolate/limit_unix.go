//go:build unix

package isolate

import "syscall"

// limit makes the system end this process rather than let it take more.
func limit(seconds, address uint64) error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: seconds, Max: seconds}); err != nil {
		return err
	}
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: address, Max: address})
}
