package keyring_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"testing"

	"slipway/functions/internal/build/signature"
	"slipway/functions/internal/keyring"
)

func ring(t *testing.T, generation int) keyring.Ring {
	t.Helper()
	r, err := keyring.New(generation, keyring.Seeds([]byte("secret"), "test"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func public(t *testing.T, r keyring.Ring, id string) keyring.Public {
	t.Helper()
	for _, k := range r.Public() {
		if k.ID == id {
			return k
		}
	}
	t.Fatalf("%s is not among the public keys", id)
	return keyring.Public{}
}

// TestWhatWasSignedStaysGood signs at every generation and verifies at every later one: a package is served for years.
// A client that has the keys of one generation earlier knows the signer already.
func TestWhatWasSignedStaysGood(t *testing.T) {
	digest, manifest := sha256.Sum256([]byte("package")), []byte(`{"format":1}`)
	for signed := 1; signed <= 4; signed++ {
		r := ring(t, signed)
		sig, id, err := r.Sign(t.Context(), digest[:])
		if err != nil {
			t.Fatal(err)
		}
		msig, mid := r.SignManifest(manifest)
		if mid != id || public(t, r, id).Status != keyring.Current {
			t.Errorf("generation %d signs with %s and %s", signed, id, mid)
		}
		for known := max(signed-1, 1); known <= 6; known++ {
			key := public(t, ring(t, known), id)
			if !signature.Verify(key.Key, digest[:], sig) || !keyring.VerifyManifest(key.Key, manifest, msig) {
				t.Errorf("signed at %d, does not verify at %d", signed, known)
			}
			if keyring.VerifyManifest(key.Key, []byte(`{"format":2}`), msig) || ed25519.Verify(key.Key, manifest, msig) || signature.Verify(key.Key, digest[:], msig) {
				t.Error("a signature is good for something else")
			}
		}
	}
}

func TestGenerationsHaveBounds(t *testing.T) {
	for _, g := range []int{-1, 0, keyring.MaxGeneration + 1} {
		if _, err := keyring.New(g, keyring.Seeds([]byte("secret"), "test")); err == nil {
			t.Errorf("generation %d is taken", g)
		}
	}
}
