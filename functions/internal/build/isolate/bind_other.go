//go:build !linux

package isolate

import "os/exec"

// bind does nothing where processes cannot be bound to each other; their limits of processor time remain.
func bind(*exec.Cmd) {}
