package catalog

import (
	"cmp"
	"strings"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/pattern"
)

var versionPattern = pattern.New(`^(0|[1-9][0-9]{0,9})(\.(0|[1-9][0-9]{0,9})){0,3}$`)

// ValidateVersionNumber holds a version number against its rule: one to four dotted numbers of at most ten digits,
// without leading zeros, not all zero.
func ValidateVersionNumber(path, number string) []fault.Field {
	if versionPattern.MatchString(number) && CompareVersions(number, "0") > 0 {
		return nil
	}
	return wrong(path, "is %s; a version number is one to four numbers with dots between them, without leading zeros and above zero, for example 1.4.0", show(number))
}

var digestPattern = pattern.New(`^[0-9a-f]{64}$`)

// ValidateDigest holds a SHA-256 that a client may announce against its form.
func ValidateDigest(path, digest string) []fault.Field {
	if digest == "" || digestPattern.MatchString(digest) {
		return nil
	}
	return wrong(path, "is %s; it must be the SHA-256 of what is uploaded, as 64 digits 0-9 and small letters a-f", show(digest))
}

// CheckDigest refuses an uploaded project that is not the one announced. The upload address refuses it too; here nothing
// depends on which address it came by, or on who keeps it.
func (v Version) CheckDigest(got string) error {
	if v.Announced == "" || v.Announced == got {
		return nil
	}
	return fault.New(fault.Unprocessable, "digest_mismatch",
		"What was uploaded for version %s has the SHA-256 %s, and %s was announced. Upload the announced project, or renew the upload address with the digest of this one.", v.Number, got, v.Announced)
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

// MostArchive is how many bytes a project may have as it is uploaded.
const MostArchive = 64 << 20
