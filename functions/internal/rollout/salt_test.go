package rollout_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/cespare/xxhash/v2"

	"slipway/functions/internal/rollout"
)

// TestSaltMakesTheSameBuckets holds both ways of making a bucket to the hash itself, for salts and users of all lengths
// around those at which one of them takes another path.
func TestSaltMakesTheSameBuckets(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	text := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		return string(b)
	}
	for ofSalt := range 80 {
		salt := text(ofSalt)
		made := rollout.NewSalt(salt)
		for ofUser := range 80 {
			user := text(ofUser)
			want := int(xxhash.Sum64String(salt+"\x00"+user) % 10_000)
			if got, plain := made.Bucket(user), rollout.Bucket(salt, user); got != want || plain != want {
				t.Fatalf("%d and %d bytes: buckets %d and %d, want %d", ofSalt, ofUser, got, plain, want)
			}
		}
	}
	if salt, user := text(25), text(600); rollout.Bucket(salt, user) != int(xxhash.Sum64String(salt+"\x00"+user)%10_000) {
		t.Error("a user id of 600 bytes has another bucket")
	}
}

// TestSaltIsKept: a placement is decided from what was kept of it, so a salt has to come back ready to be hashed.
func TestSaltIsKept(t *testing.T) {
	p := rollout.Placement{}.WithGrayscale(rollout.Served{Release: "g", Version: "2"}, 10, "salt_0123456789abcdefghjk")
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var again rollout.Placement
	if err := json.Unmarshal(data, &again); err != nil {
		t.Fatal(err)
	}
	salt := again.Grayscale.Salt
	if salt.String() != "salt_0123456789abcdefghjk" || !salt.Equal(p.Grayscale.Salt) || salt.Bucket("user-12345678") != rollout.Bucket(salt.String(), "user-12345678") {
		t.Errorf("%s comes back with %q", data, salt)
	}
	if data, err := json.Marshal(rollout.Placement{}); err != nil || string(data) != `{"miniProgram":"","target":{"targetApp":"","environment":""},"updatedAt":"0001-01-01T00:00:00Z"}` {
		t.Errorf("an empty placement is kept as %s: %v", data, err)
	}
}
