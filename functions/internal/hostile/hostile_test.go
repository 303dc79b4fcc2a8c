//go:build unix

package hostile_test

import (
	"testing"

	"slipway/functions/internal/hostile"
)

var sum int

// TestGrowth tells what is linear from what is not, on which all who hold something against MaxGrowth rely.
func TestGrowth(t *testing.T) {
	linear := func(n int) {
		own := 0 // which the race detector does not watch
		for i := range n {
			own ^= i
		}
		sum += own
	}
	quadratic := func(n int) {
		for range n {
			linear(n)
		}
	}
	if got := hostile.Growth(16<<10, quadratic); got <= hostile.MaxGrowth {
		t.Errorf("a quadratic loop passes with %.0f", got)
	}
	if got := hostile.Growth(64<<20, linear); got > hostile.MaxGrowth {
		t.Errorf("a linear loop is refused with %.0f", got)
	}
}
