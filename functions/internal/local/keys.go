package local

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"slipway/functions/internal/build"
)

// keys are the secrets of a laptop, made at the first start and kept with its data.
type keys struct {
	Identity []byte `json:"identity"` // Ed25519 seed: signs tokens
	Packages []byte `json:"packages"` // Ed25519 seed: signs packages
	Links    []byte `json:"links"`    // makes approval links
	Files    []byte `json:"files"`    // signs addresses of the package store
}

func loadKeys(dir string) (keys, error) {
	path := filepath.Join(dir, "keys.json")
	data, err := os.ReadFile(path)
	if err == nil {
		var k keys
		return k, json.Unmarshal(data, &k)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return keys{}, err
	}
	secret := func() []byte {
		b := make([]byte, 32)
		rand.Read(b) // never fails
		return b
	}
	k := keys{Identity: secret(), Packages: secret(), Links: secret(), Files: secret()}
	if data, err = json.Marshal(k); err != nil {
		return k, err
	}
	return k, writeWhole(path, data)
}

// writeWhole makes a file that is there whole or not at all, whenever the machine loses power.
func writeWhole(path string, data []byte) error {
	tmp, err := os.OpenFile(path+".new", os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}

// signer signs packages with a key on disk, where the cloud has a managed one.
type signer struct {
	key ed25519.PrivateKey
	id  string
}

func newSigner(seed []byte) signer {
	key := ed25519.NewKeyFromSeed(seed)
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	return signer{key, hex.EncodeToString(sum[:8])}
}

// Sign implements build.Signer.
func (s signer) Sign(_ context.Context, digest []byte) ([]byte, string, error) {
	sig, err := build.Sign(s.key, digest)
	return sig, s.id, err
}
