// Package signature says what is signed of a package, and signs and verifies it.
//
// What belongs here: the message and its domain. What does not: where keys are kept, which is the business of cloud and
// local, and what else Slipway signs.
package signature

import (
	"context"
	"crypto/ed25519"
	"errors"
)

// Signer signs the digest of a package; see Sign for what is signed.
type Signer interface {
	Sign(ctx context.Context, digest []byte) (sig []byte, keyID string, err error)
}

// domain keeps a signature of a package from being taken for a signature of anything else.
const domain = "slipway package v1\x00"

// Input is the message that is signed: the domain "slipway package v1", a NUL, and the 32 bytes of the package's
// SHA-256. A host verifies with plain Ed25519 (RFC 8032) over these 51 bytes.
func Input(digest []byte) []byte {
	return append([]byte(domain), digest...)
}

// Sign signs the digest of a package.
func Sign(key ed25519.PrivateKey, digest []byte) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize || len(digest) != 32 {
		return nil, errors.New("sign package: want an Ed25519 private key and a SHA-256 digest")
	}
	return ed25519.Sign(key, Input(digest)), nil
}

// Verify says whether sig is the signature of a package with that digest.
func Verify(key ed25519.PublicKey, digest, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && len(digest) == 32 && ed25519.Verify(key, Input(digest), sig)
}
