package api

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"errors"
)

// sealer encrypts a kept answer with the client's Idempotency-Key, which the table never holds: only who can repeat
// the request can read its answer again. Without a key it changes nothing.
type sealer struct{ key []byte }

func (s sealer) aead() cipher.AEAD {
	key := sha256.Sum256(append([]byte("slipway kept answer\x00"), s.key...))
	block, err := aes.NewCipher(key[:])
	if err != nil { // the key has the right length: this cannot happen
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

func (s sealer) close(body []byte) []byte {
	if s.key == nil {
		return body
	}
	return s.aead().Seal(nil, nil, body, nil)
}

func (s sealer) open(body []byte) ([]byte, error) {
	if s.key == nil {
		return body, nil
	}
	plain, err := s.aead().Open(nil, nil, body, nil)
	if err != nil {
		return nil, errors.New("it was sealed with another key")
	}
	return plain, nil
}
