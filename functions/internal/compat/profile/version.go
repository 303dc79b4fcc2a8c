package profile

import (
	"strconv"
	"strings"
)

// parseVersion reads one to four dotted numbers of at most six digits each.
func parseVersion(s string) (v [4]int, ok bool) {
	parts := strings.Split(s, ".")
	if len(parts) > len(v) {
		return v, false
	}
	for i, part := range parts {
		if part == "" || len(part) > 6 || strings.Trim(part, "0123456789") != "" {
			return v, false
		}
		v[i], _ = strconv.Atoi(part) // six digits fit
	}
	return v, true
}

// Compare orders two dotted versions as numbers: -1, 0 or 1. What does not parse counts as 0, the oldest.
func Compare(a, b string) int {
	x, _ := parseVersion(a)
	y, _ := parseVersion(b)
	for i := range x {
		switch {
		case x[i] < y[i]:
			return -1
		case x[i] > y[i]:
			return 1
		}
	}
	return 0
}
