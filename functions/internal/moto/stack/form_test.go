package stack

import (
	"encoding/base64"
	"maps"
	"testing"
)

// TestFormsAreHeldToTheirPolicy: the same form, each time with one thing that S3 does not let pass.
func TestFormsAreHeldToTheirPolicy(t *testing.T) {
	const policy = `{"conditions": [["content-length-range", 2, 3], {"bucket": "b"}, {"X-Amz-Checksum-Sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}]}`
	good := map[string]string{
		"policy":                base64.StdEncoding.EncodeToString([]byte(policy)),
		"x-amz-checksum-sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=", // of "abc"
	}
	for name, c := range map[string]struct {
		field, value, file, want string
	}{
		"right":       {"", "", "abc", ""},
		"other bytes": {"", "", "abd", "BadDigest"},
		"too many":    {"", "", "abcd", "EntityTooLarge"},
		"too few":     {"", "", "a", "EntityTooSmall"},
		"left out":    {"x-amz-checksum-sha256", "", "abc", "AccessDenied"},
		"exchanged":   {"x-amz-checksum-sha256", "x", "abc", "AccessDenied"},
		"no policy":   {"policy", "", "abc", "InvalidPolicyDocument"},
	} {
		form := maps.Clone(good)
		if c.field != "" {
			form[c.field] = c.value
		}
		if got, why := wrongForm(form, []byte(c.file)); got != c.want {
			t.Errorf("%s: %q (%s), want %q", name, got, why, c.want)
		}
	}
}
