package stack

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
)

// wrongForm says why S3 refuses a presigned upload, with S3's code, or "": its policy may ask for fields as they are and
// for a length, and a checksum that goes along is held against the bytes. moto looks at none of that.
func wrongForm(form map[string]string, file []byte) (code, why string) {
	raw, err := base64.StdEncoding.DecodeString(form["policy"])
	var policy struct{ Conditions []any }
	if err != nil || json.Unmarshal(raw, &policy) != nil || len(policy.Conditions) == 0 {
		return "InvalidPolicyDocument", "the form has no policy"
	}
	given := map[string]string{}
	for name, value := range form {
		given[strings.ToLower(name)] = value
	}
	for _, condition := range policy.Conditions {
		switch c := condition.(type) {
		case map[string]any:
			for name, want := range c {
				if name != "bucket" && given[strings.ToLower(name)] != want { // the bucket is in the address
					return "AccessDenied", fmt.Sprintf("the policy wants %s to be %v", name, want)
				}
			}
		case []any:
			if least, most, ok := lengths(c); ok && float64(len(file)) < least {
				return "EntityTooSmall", fmt.Sprintf("%d bytes, want at least %v", len(file), least)
			} else if ok && float64(len(file)) > most {
				return "EntityTooLarge", fmt.Sprintf("%d bytes, want at most %v", len(file), most)
			}
		}
	}
	sum := sha256.Sum256(file)
	if want := given["x-amz-checksum-sha256"]; want != "" && want != base64.StdEncoding.EncodeToString(sum[:]) {
		return "BadDigest", "the SHA256 you specified did not match what was received"
	}
	return "", ""
}

// lengths reads a condition of the kind ["content-length-range", 1, 100].
func lengths(condition []any) (least, most float64, ok bool) {
	if len(condition) != 3 || condition[0] != "content-length-range" {
		return 0, 0, false
	}
	least, first := condition[1].(float64)
	most, second := condition[2].(float64)
	return least, most, first && second
}
