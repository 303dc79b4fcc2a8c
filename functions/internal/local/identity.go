package local

import (
	"context"

	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"slipway/functions/internal/api"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
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

// seeds of the demo: who takes part.
type demoPerson struct {
	email, name string
	members     []catalog.Membership
}

func member(workspace string, kind catalog.WorkspaceKind, role catalog.Role) []catalog.Membership {
	return []catalog.Membership{{Workspace: workspace, Kind: kind, Role: role}}
}

// demoPeople are the people of the demo, in the order of the sign-in page.
var demoPeople = []demoPerson{
	{"merchant-admin@demo.test", "Mia Merchant", member("merchant", catalog.Merchant, catalog.Admin)},
	{"merchant-developer@demo.test", "Dan Developer", member("merchant", catalog.Merchant, catalog.Developer)},
	{"partner-master@demo.test", "Petra Partner", member("partner", catalog.Partner, catalog.Master)},
	{"wallet-admin@demo.test", "Walter Wallet", member("wallet", catalog.SuperApp, catalog.Admin)},
	{"wallet-reviewer@demo.test", "Rita Wallet", member("wallet", catalog.SuperApp, catalog.Reviewer)},
	{"carrier-admin@demo.test", "Carl Carrier", member("carrier", catalog.SuperApp, catalog.Admin)},
	{"carrier-reviewer@demo.test", "Rosa Carrier", member("carrier", catalog.SuperApp, catalog.Reviewer)},
	{"platform-admin@demo.test", "Paul Platform", member("platform", catalog.Platform, catalog.Admin)},
	{"platform-reviewer@demo.test", "Ruth Platform", member("platform", catalog.Platform, catalog.Reviewer)},
}

// whose is the email of the person whom a token of this provider signs in.
func (i identity) whose(token string, now time.Time) (string, error) {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return "", err
	}
	var claims jwt.Claims
	var more struct {
		Email string `json:"email"`
	}
	if err := parsed.Claims(i.key.Public(), &claims, &more); err != nil {
		return "", err
	}
	return more.Email, claims.Validate(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: now})
}

// Verify implements api.Verifier.
func (i identity) Verify(_ context.Context, token string, now time.Time) (api.Claims, error) {
	email, err := i.whose(token, now)
	if err != nil {
		return api.Claims{}, fault.Wrap(fault.Unauthenticated, "unauthenticated", err, "The token is not one of this laptop's identity provider, or has expired; POST to /local/token for another.")
	}
	return api.Claims{Issuer: issuer, Subject: subject(email), Email: email, Name: nameFor(email)}, nil
}

func subject(email string) string {
	sum := sha256.Sum256([]byte(email))
	return "local-" + hex.EncodeToString(sum[:8])
}
