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

// Keys is what Slipway signs and makes links with, derived from its one secret.
type Keys struct{ secret []byte }

// Links makes approval links. For mains: without SLIPWAY_SECRET, or the secret behind it, the process ends, saying so.
func Links() approval.Links { return cloud.OrExit(keys()).Links() }

// Signer signs packages and manifests, and knows the public keys. For mains, as Links.
func Signer() keyring.Ring { return cloud.OrExit(cloud.OrExit(keys()).Signer()) }

// keys asks for the secret once in the life of a process: what is derived must not change under a running function.
var keys = sync.OnceValues(func() (Keys, error) { return OpenKeys(context.Background()) })

// OpenKeys fetches the secret that SLIPWAY_SECRET names from Secrets Manager.
func OpenKeys(ctx context.Context) (Keys, error) {
	id, err := cloud.Require(secretVariable)
	if err != nil {
		return Keys{}, err
	}
	env, err := client.Environment("SECRETS_MANAGER")
	if err != nil {
		return Keys{}, err
	}
	client := secretsmanager.New(secretsmanager.Options{
		Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint,
		HTTPClient: client.HTTP(3 * time.Second), Retryer: client.Retryer(),
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

// Links makes approval links that lead to SLIPWAY_BASE_URL, and addresses of requests in SLIPWAY_CONSOLE_URL.
func (k Keys) Links() approval.Links {
	links := cloud.PublicLinks()
	links.Key = k.derive(linkPurpose, 32)
	return links
}

// Signer is the signing keys up to the generation that SLIPWAY_SIGNING_KEY names.
func (k Keys) Signer() (keyring.Ring, error) {
	generation, err := strconv.Atoi(cloud.Optional(signingVariable, "1"))
	if err != nil {
		return keyring.Ring{}, fmt.Errorf("cloud: %s: must be a whole number", signingVariable)
	}
	return keyring.New(generation, keyring.Seeds(k.secret, signPurpose))
}

// derive makes a key of n bytes for one purpose.
func (k Keys) derive(purpose string, n int) []byte {
	key, err := hkdf.Key(sha256.New, k.secret, nil, purpose, n)
	if err != nil { // only for keys of thousands of bytes
		panic(err)
	}
	return key
}
