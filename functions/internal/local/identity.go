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
	"slipway/functions/internal/catalog"
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

// demoPerson is somebody of the demo, and where they belong.
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

// verifier checks the tokens of this provider as the cloud checks those of any: only the keys are at hand.
func (i identity) verifier() *oidcidentity.Verifier {
	keys := &oidc.StaticKeySet{PublicKeys: []crypto.PublicKey{i.key.Public()}}
	return oidcidentity.New(oidcidentity.Issuer{URL: issuer, Audience: audience, Keys: keys, Algorithms: []string{oidc.EdDSA}})
}

func subject(email string) string {
	sum := sha256.Sum256([]byte(email))
	return "local-" + hex.EncodeToString(sum[:8])
}
