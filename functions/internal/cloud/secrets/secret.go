// Package secrets is the keys of Slipway, derived from the one secret in Secrets Manager. What is signed does not belong here.
package secrets

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/keyring"
)

// The variables of what is secret.
const (
	secretVariable  = "SLIPWAY_SECRET"      // ARN of the one secret, which template.yaml has generated
	signingVariable = "SLIPWAY_SIGNING_KEY" // optional: the generation of the signing key, 1 when missing
)

// Each key has a purpose in its derivation, so that none can stand in for another, though there is one secret.
const (
	linkPurpose = "slipway link key v1"
	signPurpose = "slipway package signing seed" // and " v1", the generation
)

// minSecret is the least that a secret may hold: 43 letters and digits are 256 bits.
const minSecret = 43

var below = client.Below{Code: "secret", Name: "The key store"}

// Links makes approval links that lead to SLIPWAY_BASE_URL, and addresses of requests in SLIPWAY_CONSOLE_URL. For mains: without
// SLIPWAY_SECRET the process ends, naming it.
func Links() approval.Links { return cloud.OrExit(vault()).Links() }

// Signer signs packages and manifests, and knows the public keys. For mains, as Links.
func Signer() *Signing { return cloud.OrExit(cloud.OrExit(vault()).Signer()) }

var vault = sync.OnceValues(Open)

// Vault holds the secret once it was had: what is derived must not change under a running function.
//
// It is asked for when the function starts, but the function does not wait: it can take its first event meanwhile, and only who
// needs a key waits, no longer than its own deadline. A start that fails over a secret that is away for a moment would be
// tried again with the same event, and be billed; here the next invocation just asks again.
type Vault struct {
	id     string
	secret func() getSecret
	turn   chan struct{} // one asks at a time, and whoever waits for it can give up
	keys   *keys         // nil until it was had; of whoever has the turn
}

type getSecret func(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)

// Open begins to fetch the secret that SLIPWAY_SECRET names from Secrets Manager.
func Open() (*Vault, error) {
	id, err := cloud.Require(secretVariable)
	if err != nil {
		return nil, err
	}
	env, err := client.Environment("SECRETS_MANAGER")
	if err != nil {
		return nil, err
	}
	v := &Vault{id: id, turn: make(chan struct{}, 1)}
	v.secret = sync.OnceValue(func() getSecret {
		return secretsmanager.New(secretsmanager.Options{
			Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint,
			HTTPClient: client.HTTP(3 * time.Second), Retryer: client.Retryer(),
		}).GetSecretValue
	})
	v.turn <- struct{}{}
	go func() {
		defer func() { <-v.turn }()
		ctx, cancel := context.WithTimeout(context.Background(), 8*time.Second)
		defer cancel()
		_ = v.fetch(ctx) // who needs it asks again, and is told
	}()
	return v, nil
}

// get is the keys. It waits for whoever asks already, and asks itself when that brought nothing.
func (v *Vault) get(ctx context.Context) (keys, error) {
	ctx, cancel := client.Within(ctx)
	defer cancel()
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	case <-ctx.Done():
		return keys{}, below.Unavailable("secret", ctx.Err())
	}
	if v.keys == nil {
		if err := v.fetch(ctx); err != nil {
			return keys{}, err
		}
	}
	return *v.keys, nil
}

func (v *Vault) fetch(ctx context.Context) error {
	out, err := v.secret()(ctx, &secretsmanager.GetSecretValueInput{SecretId: &v.id})
	if err != nil {
		return below.Fault("secret", err)
	}
	value := aws.ToString(out.SecretString)
	if len(value) < minSecret {
		return fmt.Errorf("cloud: secret: what %s names holds %d characters, must be at least %d random ones", secretVariable, len(value), minSecret)
	}
	v.keys = &keys{[]byte(value)}
	return nil
}

// Links makes links as Links does.
func (v *Vault) Links() approval.Links {
	links := cloud.PublicLinks()
	links.Key = func(ctx context.Context) ([]byte, error) {
		k, err := v.get(ctx)
		if err != nil {
			return nil, err
		}
		return k.derive(linkPurpose, 32), nil
	}
	return links
}

// Signing is the signing keys up to a generation, once the secret is there.
type Signing struct {
	vault      *Vault
	generation int
}

var _ keyring.Holder = (*Signing)(nil)

// Signer has the signing keys up to the generation that SLIPWAY_SIGNING_KEY names.
func (v *Vault) Signer() (*Signing, error) {
	generation, err := strconv.Atoi(cloud.Optional(signingVariable, "1"))
	if err != nil {
		return nil, fmt.Errorf("cloud: %s: must be a whole number", signingVariable)
	}
	if err := keyring.Check(generation); err != nil {
		return nil, fmt.Errorf("cloud: %s: %w", signingVariable, err)
	}
	return &Signing{v, generation}, nil
}

// Ring implements keyring.Holder.
func (s *Signing) Ring(ctx context.Context) (keyring.Ring, error) {
	k, err := s.vault.get(ctx)
	if err != nil {
		return keyring.Ring{}, err
	}
	return keyring.New(s.generation, keyring.Seeds(k.secret, signPurpose))
}

// Sign signs the digest of a package, as keyring.Ring does.
func (s *Signing) Sign(ctx context.Context, digest []byte) (sig []byte, keyID string, err error) {
	ring, err := s.Ring(ctx)
	if err != nil {
		return nil, "", err
	}
	return ring.Sign(ctx, digest)
}

// keys is what Slipway signs and makes links with, derived from its one secret.
type keys struct{ secret []byte }

// derive makes a key of n bytes for one purpose.
func (k keys) derive(purpose string, n int) []byte {
	key, err := hkdf.Key(sha256.New, k.secret, nil, purpose, n)
	if err != nil { // only for keys of thousands of bytes
		panic(err)
	}
	return key
}
