//go:build !unix

package smoke

import "time"

var started = time.Now()

// processorTime is time on the clock where the system does not say what a process has used.
func processorTime() time.Duration { return time.Since(started) }
