//go:build !unix

package isolate

// Limit does nothing where the system has no such limits; the stack and memory settings of Go remain.
func Limit(uint64, uint64) error { return nil }
