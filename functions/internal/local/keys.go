package local

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"slipway/functions/internal/keyring"
)

// keys are the secrets of a laptop, made at the first start and kept with its data.
type keys struct {
	Identity []byte `json:"identity"` // Ed25519 seed: signs tokens
	Packages []byte `json:"packages"` // Ed25519 seed: signs packages
	Links    []byte `json:"links"`    // makes approval links
	Files    []byte `json:"files"`    // signs addresses of the package store
}

const secretSize = 32

func loadKeys(dir string) (keys, error) {
	path := filepath.Join(dir, "keys.json")
	data, err := os.ReadFile(path)
	if err == nil {
		return readKeys(data)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return keys{}, err
	}
	secret := func() []byte {
		b := make([]byte, secretSize)
		rand.Read(b) // never fails
		return b
	}
	k := keys{Identity: secret(), Packages: secret(), Links: secret(), Files: secret()}
	if data, err = json.Marshal(k); err != nil {
		return k, err
	}
	return k, writeWhole(path, data)
}

// readKeys takes all keys or none: a server that went on with half of them would sign what nobody can check.
func readKeys(data []byte) (k keys, err error) {
	if err := json.Unmarshal(data, &k); err != nil {
		return keys{}, err
	}
	for name, secret := range map[string][]byte{"identity": k.Identity, "packages": k.Packages, "links": k.Links, "files": k.Files} {
		if len(secret) != secretSize {
			return keys{}, fmt.Errorf("%s has %d bytes and not %d; restore keys.json, or delete the whole folder to begin anew", name, len(secret), secretSize)
		}
	}
	return k, nil
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

// ring is the signing keys up to a generation, where the cloud derives them from a managed secret. The first is the
// seed itself: it was there before there were generations.
func (k keys) ring(generation int) (keyring.Ring, error) {
	later := keyring.Seeds(k.Packages, "slipway package signing seed")
	return keyring.New(max(generation, 1), func(g int) []byte {
		if g == 1 {
			return k.Packages
		}
		return later(g)
	})
}
