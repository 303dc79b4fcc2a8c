//go:build !unix

package isolate

// limit does nothing where the system has no such limits; the stack and memory settings of Go remain.
func limit(uint64, uint64) error { return nil }
