package approval

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
)

// Links makes the tokens of approval links. A token is 256 bits that only the holder of the key could have made: the
// HMAC-SHA256 of who may decide what, and of a random nonce. It is made when the mail is sent and never kept; the
// table knows its digest.
type Links struct {
	// Key gives the 32 secret bytes; it is nil for who reads links and makes none. Whoever keeps them may have to be asked
	// first, within the caller's deadline, and may fail.
	Key  func(context.Context) ([]byte, error)
	Base string // where links lead, from configuration: "https://slipway.example.com"

	// Console is where people read their requests signed in, "" while there is no such place; it is a front end's, and
	// a laptop has its own.
	Console string
}

// RequestURL is the signed-in page of a request, "" while there is none.
func (l Links) RequestURL(request string) string {
	if l.Console == "" {
		return ""
	}
	return l.Console + "/requests/" + request
}

// FixedKey is a key that is at hand.
func FixedKey(key []byte) func(context.Context) ([]byte, error) {
	return func(context.Context) ([]byte, error) { return key, nil }
}

// Token is the secret part of a link, 43 characters of base64url. It fails when the key cannot be had.
func (l Links) Token(ctx context.Context, request, party, reviewer, nonce string) (string, error) {
	if l.Key == nil {
		return "", errors.New("approval: these links have no key, and can only be read")
	}
	key, err := l.Key(ctx)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range []string{"slipway approval link v1", request, party, reviewer, nonce} {
		io.WriteString(mac, part)
		mac.Write([]byte{0})
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// Digest is what is kept of a token: its SHA-256 in hex.
func (l Links) Digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// URL is the whole link of a token.
func (l Links) URL(token string) string { return l.Base + "/approvals/" + token }

// Nonce is 256 random bits in base64url.
func Nonce(random io.Reader) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}
