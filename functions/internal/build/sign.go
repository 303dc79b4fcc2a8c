package build

import (
	"crypto/ed25519"
	"errors"
)

// signingDomain keeps a signature of a package from being taken for a signature of anything else.
const signingDomain = "slipway package v1\x00"

// SigningInput is the message that is signed: the domain "slipway package v1", a NUL, and the 32 bytes of the package's
// SHA-256. A host verifies with plain Ed25519 (RFC 8032) over these 51 bytes.
func SigningInput(digest []byte) []byte {
	return append([]byte(signingDomain), digest...)
}

// Sign signs the digest of a package.
func Sign(key ed25519.PrivateKey, digest []byte) ([]byte, error) {
	if len(key) != ed25519.PrivateKeySize || len(digest) != 32 {
		return nil, errors.New("sign package: want an Ed25519 private key and a SHA-256 digest")
	}
	return ed25519.Sign(key, SigningInput(digest)), nil
}

// Verify says whether sig is the signature of a package with that digest.
func Verify(key ed25519.PublicKey, digest, sig []byte) bool {
	return len(key) == ed25519.PublicKeySize && len(digest) == 32 && ed25519.Verify(key, SigningInput(digest), sig)
}
