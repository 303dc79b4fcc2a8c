package local

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	oidcidentity "slipway/functions/internal/api/identity"
)

// What the local identity provider says of itself in its tokens; the authorizer is configured with the same.
const (
	issuer    = "https://identity.slipway.invalid/local"
	audience  = "slipway-local"
	tokenTime = 12 * time.Hour
)

// identity is the identity provider of a laptop. It believes everybody who they say they are, which is why it exists
// nowhere else.
type identity struct{ key ed25519.PrivateKey }

func newIdentity(seed []byte) identity { return identity{ed25519.NewKeyFromSeed(seed)} }

// token signs a person in.
func (i identity) token(email, name string, now time.Time) (string, error) {
	sign, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: i.key}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	claims := jwt.Claims{
		Issuer: issuer, Audience: jwt.Audience{audience}, Subject: subject(email),
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now.Add(-time.Minute)), Expiry: jwt.NewNumericDate(now.Add(tokenTime)),
	}
	more := map[string]any{"email": email, "email_verified": true, "name": name}
	return jwt.Signed(sign).Claims(claims).Claims(more).Serialize()
}

// verifier checks the tokens of this provider as the cloud checks those of any: only the keys are at hand.
func (i identity) verifier() *oidcidentity.Verifier {
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{i.key.Public()}}
	return oidcidentity.New(oidcidentity.Issuer{URL: issuer, Audience: audience, Keys: keys, Algorithms: []string{oidc.EdDSA}})
}

func subject(email string) string {
	sum := sha256.Sum256([]byte(email))
	return "local-" + hex.EncodeToString(sum[:8])
}
