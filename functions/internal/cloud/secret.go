package cloud

import (
	"context"
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/build"
)

// The variables of what is secret, and of where links lead.
const (
	secretVariable  = "SLIPWAY_SECRET"   // ARN of the one secret, which template.yaml has generated
	baseURLVariable = "SLIPWAY_BASE_URL" // where links in mails lead; only who writes mails needs it
)

// Each key has a purpose in its derivation, so that none can stand in for another, though there is one secret.
const (
	linkPurpose = "slipway link key v1"
	signPurpose = "slipway package signing seed v1"
)

// minSecret is the least that a secret may hold: 43 letters and digits are 256 bits.
const minSecret = 43

// Keys is what Slipway signs and makes links with, derived from its one secret.
type Keys struct{ secret []byte }

// Links makes approval links. For mains: without SLIPWAY_SECRET, or the secret behind it, the process ends, saying so.
func Links() approval.Links { return orExit(keys()).Links() }

// Signer signs packages. For mains, as Links.
func Signer() build.Signer { return orExit(keys()).Signer() }

// keys asks for the secret once in the life of a process: what is derived must not change under a running function.
var keys = sync.OnceValues(func() (Keys, error) { return OpenKeys(context.Background()) })

// OpenKeys fetches the secret that SLIPWAY_SECRET names from Secrets Manager.
func OpenKeys(ctx context.Context) (Keys, error) {
	id, err := Require(secretVariable)
	if err != nil {
		return Keys{}, err
	}
	env, err := environment("SECRETS_MANAGER")
	if err != nil {
		return Keys{}, err
	}
	client := secretsmanager.New(secretsmanager.Options{
		Region: env.region, Credentials: env.credentials, BaseEndpoint: env.endpoint,
		HTTPClient: httpClient(3 * time.Second), Retryer: retryer(),
	})
	ctx, cancel := context.WithTimeout(ctx, 8*time.Second) // Lambda gives a start ten seconds
	defer cancel()
	out, err := client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &id})
	if err != nil {
		return Keys{}, fmt.Errorf("cloud: secret: %w", err)
	}
	value := aws.ToString(out.SecretString)
	if len(value) < minSecret {
		return Keys{}, fmt.Errorf("cloud: secret: what %s names holds %d characters, must be at least %d random ones", secretVariable, len(value), minSecret)
	}
	return Keys{[]byte(value)}, nil
}

// Links makes approval links that lead to SLIPWAY_BASE_URL.
func (k Keys) Links() approval.Links {
	return approval.Links{Key: k.derive(linkPurpose, 32), Base: Optional(baseURLVariable, "")}
}

// Signer signs packages with Ed25519.
func (k Keys) Signer() build.Signer {
	return newSigner(ed25519.NewKeyFromSeed(k.derive(signPurpose, ed25519.SeedSize)))
}

// derive makes a key of n bytes for one purpose.
func (k Keys) derive(purpose string, n int) []byte {
	key, err := hkdf.Key(sha256.New, k.secret, nil, purpose, n)
	if err != nil { // only for keys of thousands of bytes
		panic(err)
	}
	return key
}

// signer implements build.Signer.
type signer struct {
	key ed25519.PrivateKey
	id  string
}

// newSigner names the key by the first 64 bits of its public half's SHA-256, so that a client can tell two keys apart.
func newSigner(key ed25519.PrivateKey) signer {
	sum := sha256.Sum256(key.Public().(ed25519.PublicKey))
	return signer{key: key, id: hex.EncodeToString(sum[:8])}
}

// Sign implements build.Signer.
func (s signer) Sign(_ context.Context, digest []byte) ([]byte, string, error) {
	sig, err := build.Sign(s.key, digest)
	return sig, s.id, err
}
