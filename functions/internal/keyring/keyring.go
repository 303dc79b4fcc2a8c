// Package keyring holds the Ed25519 keys that Slipway signs packages and manifests with, by generation, and says
// which of them a client may trust for what.
//
// Where the secret behind them is kept belongs to packages cloud and local; what is signed, to whoever signs it.
package keyring

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"slipway/functions/internal/build/signature"
)

// Status is what a public key is good for.
type Status string

// The statuses. Raising the generation by one makes next current, which clients have known since the last time; a
// package is signed once and served for years, so no key of the past is forgotten.
const (
	Next     Status = "next"     // signs nothing yet
	Current  Status = "current"  // signs
	Previous Status = "previous" // signed until the last rotation: packages, and manifests that are still under way
	Retired  Status = "retired"  // only packages
)

// MaxGeneration is how often keys can be rotated before the secret itself has to be replaced.
const MaxGeneration = 100

// Ring is the keys of a deployment.
type Ring struct {
	keys       []ed25519.PrivateKey // of generations 1, 2, …, the current one and the next
	ids        []string
	generation int
}

// Check refuses a generation that there cannot be.
func Check(generation int) error {
	if generation < 1 || generation > MaxGeneration {
		return fmt.Errorf("signing key generation %d: must be from 1 to %d", generation, MaxGeneration)
	}
	return nil
}

// New derives the keys up to a generation, which begins at 1, and the one after it. Seed gives the 32 bytes of a
// generation and must always give the same.
func New(generation int, seed func(generation int) []byte) (Ring, error) {
	if err := Check(generation); err != nil {
		return Ring{}, err
	}
	r := Ring{generation: generation}
	for g := 1; g <= generation+1; g++ {
		key := ed25519.NewKeyFromSeed(seed(g))
		r.keys = append(r.keys, key)
		r.ids = append(r.ids, ID(key.Public().(ed25519.PublicKey)))
	}
	return r, nil
}

// Seeds derives seeds from one secret. The purpose keeps them apart from whatever else is derived from it.
func Seeds(secret []byte, purpose string) func(generation int) []byte {
	return func(generation int) []byte {
		seed, err := hkdf.Key(sha256.New, secret, nil, fmt.Sprint(purpose, " v", generation), ed25519.SeedSize)
		if err != nil { // only for keys of thousands of bytes
			panic(err)
		}
		return seed
	}
}

// ID names a public key: the first 64 bits of its SHA-256, in hex.
func ID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:8])
}

// Holder has a ring, or can get it within the caller's deadline.
type Holder interface {
	Ring(context.Context) (Ring, error)
}

// Ring implements Holder: it is at hand.
func (r Ring) Ring(context.Context) (Ring, error) { return r, nil }

// Current is the key that signs, and its id.
func (r Ring) Current() (ed25519.PrivateKey, string) {
	return r.keys[r.generation-1], r.ids[r.generation-1]
}

// Public is one key as clients know it.
type Public struct {
	ID     string
	Key    ed25519.PublicKey
	Status Status
}

// Public are the keys that clients may trust, the next one first.
func (r Ring) Public() []Public {
	var out []Public
	for g := r.generation + 1; g >= 1; g-- {
		status := Retired
		switch g {
		case r.generation + 1:
			status = Next
		case r.generation:
			status = Current
		case r.generation - 1:
			status = Previous
		}
		out = append(out, Public{r.ids[g-1], r.keys[g-1].Public().(ed25519.PublicKey), status})
	}
	return out
}

var _ signature.Signer = Ring{}

// Sign signs a package with the current key.
func (r Ring) Sign(_ context.Context, digest []byte) ([]byte, string, error) {
	key, id := r.Current()
	sig, err := signature.Sign(key, digest)
	return sig, id, err
}

// manifestDomain keeps a signature of a manifest from being taken for one of anything else.
const manifestDomain = "slipway manifest v1\x00"

// SignManifest signs a manifest with the current key: Ed25519 over the domain "slipway manifest v1", a NUL, and the
// SHA-256 of its bytes.
func (r Ring) SignManifest(manifest []byte) (sig []byte, keyID string) {
	key, id := r.Current()
	return ed25519.Sign(key, manifestMessage(manifest)), id
}

// VerifyManifest says whether sig is the signature of a manifest.
func VerifyManifest(key ed25519.PublicKey, manifest, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && ed25519.Verify(key, manifestMessage(manifest), sig)
}

func manifestMessage(manifest []byte) []byte {
	sum := sha256.Sum256(manifest)
	return append([]byte(manifestDomain), sum[:]...)
}
