package smoke

import (
	"syscall"
	"time"
)

// processorTime is what this process has used on all processors.
func processorTime() time.Duration {
	var created, ended, kernel, user syscall.Filetime
	self, err := syscall.GetCurrentProcess()
	if err == nil {
		err = syscall.GetProcessTimes(self, &created, &ended, &kernel, &user)
	}
	if err != nil {
		return 0 // it cannot fail for a process that asks for itself; the parent's wall time remains
	}
	return ticks(kernel) + ticks(user)
}

// ticks is a length of time, which Windows counts in hundreds of nanoseconds.
func ticks(f syscall.Filetime) time.Duration {
	return 100 * time.Duration(int64(f.HighDateTime)<<32|int64(f.LowDateTime))
}
