package catalog

import (
	"cmp"
	"regexp"
	"strings"

	"slipway/functions/internal/fault"
)

var versionPattern = regexp.MustCompile(`^(0|[1-9][0-9]{0,9})(\.(0|[1-9][0-9]{0,9})){0,3}$`)

// ValidateVersionNumber holds a version number against its rule: one to four dotted numbers of at most ten digits,
// without leading zeros, not all zero.
func ValidateVersionNumber(path, number string) []fault.Field {
	if versionPattern.MatchString(number) && CompareVersions(number, "0") > 0 {
		return nil
	}
	return wrong(path, "is %s; a version number is one to four numbers with dots between them, without leading zeros and above zero, for example 1.4.0", show(number))
}

// CompareVersions orders valid version numbers: -1, 0 or 1. Missing parts count as zero, so 1.2 equals 1.2.0; "" is
// less than every number.
func CompareVersions(a, b string) int {
	if a == "" || b == "" {
		return cmp.Compare(min(len(a), 1), min(len(b), 1))
	}
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		x, y := part(as, i), part(bs, i)
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
	}
	return 0
}

// part is the i-th number without leading zeros, so that longer means greater.
func part(parts []string, i int) string {
	if i >= len(parts) {
		return ""
	}
	return strings.TrimLeft(parts[i], "0")
}
