package identity_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"slipway/functions/internal/api/identity"
	"slipway/functions/internal/fault"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const audience = "slipway"

// provider is an identity provider on the loopback that counts what is asked of it.
type provider struct {
	*httptest.Server
	key     *ecdsa.PrivateKey
	kid     atomic.Value // of the key it publishes
	fetches atomic.Int64
	down    atomic.Bool
}

func newProvider(t *testing.T) *provider {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key}
	p.kid.Store("k1")
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/.well-known/openid-configuration" {
			_ = json.NewEncoder(w).Encode(map[string]string{"issuer": p.URL, "jwks_uri": p.URL + "/keys"})
			return
		}
		p.fetches.Add(1)
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: p.kid.Load().(string), Algorithm: "ES256", Use: "sig"}}})
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *provider) claims(edit map[string]any) map[string]any {
	c := map[string]any{
		"iss": p.URL, "aud": audience, "sub": "s1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(), "email": "ana@x.test", "email_verified": true, "name": "Ana",
	}
	maps.Copy(c, edit)
	return c
}

func sign(t *testing.T, alg jose.SignatureAlgorithm, key any, kid string, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: jose.JSONWebKey{Key: key, KeyID: kid}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Fatal(err)
	}
	token, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func verifier(p *provider, clock func() time.Time) *identity.Verifier {
	return identity.New(identity.Issuer{URL: p.URL, Audience: audience, Keys: identity.Discover(p.URL, nil, clock)})
}

func fixed() time.Time { return now }

func TestVerify(t *testing.T) {
	p := newProvider(t)
	v := verifier(p, fixed)
	ours := func(edit map[string]any) string { return sign(t, jose.ES256, p.key, "k1", p.claims(edit)) }
	stranger, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	public, _ := x509.MarshalPKIXPublicKey(p.key.Public())
	segment := func(v any) string {
		data, _ := json.Marshal(v)
		return base64.RawURLEncoding.EncodeToString(data)
	}
	good := ours(nil)
	parts := strings.Split(good, ".")
	for _, tc := range []struct{ name, token, says string }{
		{"good", good, ""},
		{"verified as a text", ours(map[string]any{"email_verified": "true"}), ""},
		{"several audiences", ours(map[string]any{"aud": []string{"other", audience}}), ""},
		{"Cognito identity token", ours(map[string]any{"token_use": "id"}), ""},
		{"Cognito access token", ours(map[string]any{"token_use": "access"}), "access token"},
		{"expired", ours(map[string]any{"exp": now.Add(-time.Second).Unix()}), "expired"},
		{"not yet", ours(map[string]any{"nbf": now.Add(time.Hour).Unix()}), "not valid"},
		{"from the future", ours(map[string]any{"iat": now.Add(time.Hour).Unix()}), "future"},
		{"another audience", ours(map[string]any{"aud": "other"}), "not valid"},
		{"another issuer", ours(map[string]any{"iss": "https://evil.test"}), "none of an identity provider"},
		{"not verified", ours(map[string]any{"email_verified": false}), "no verified email"},
		{"verified by a number", ours(map[string]any{"email_verified": 1}), "no verified email"},
		{"no email", ours(map[string]any{"email": ""}), "no verified email"},
		{"another key", sign(t, jose.ES256, stranger, "k1", p.claims(nil)), "not valid"},
		{"HMAC with the public key", sign(t, jose.HS256, public, "k1", p.claims(nil)), "not valid"},
		{"no signature", segment(map[string]string{"alg": "none"}) + "." + segment(p.claims(nil)) + ".", "not valid"},
		{"other claims under the signature", parts[0] + "." + segment(p.claims(map[string]any{"sub": "s2"})) + "." + parts[2], "not valid"},
		{"not a token", "a.b.c", "none of an identity provider"},
		{"nothing", "", "none of an identity provider"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := v.Verify(t.Context(), tc.token, now)
			if tc.says == "" {
				if err != nil || got.Subject != "s1" || got.Email != "ana@x.test" || got.Name != "Ana" || got.Issuer != p.URL {
					t.Errorf("%+v %v", got, err)
				}
				return
			}
			if !fault.Is(err, fault.Unauthenticated) || !strings.Contains(err.Error(), tc.says) || got.Email != "" {
				t.Errorf("%+v %v, want a refusal saying %q", got, err, tc.says)
			}
		})
	}
}

// TestKeysAreFetchedCalmly: a flood of tokens with unknown keys is not passed on to the provider, and a new key is
// still found soon.
func TestKeysAreFetchedCalmly(t *testing.T) {
	p := newProvider(t)
	var at atomic.Int64
	v := verifier(p, func() time.Time { return now.Add(time.Duration(at.Load()) * time.Second) })
	for range 50 {
		if _, err := v.Verify(t.Context(), sign(t, jose.ES256, p.key, "k1", p.claims(nil)), now); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(t.Context(), sign(t, jose.ES256, p.key, "k2", p.claims(nil)), now); err == nil {
			t.Fatal("a key that is not published was taken")
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("fetched %d times, want once", n)
	}
	p.kid.Store("k2")
	at.Store(31)
	// Who comes in the moment in which go-oidc ends a fetch is told what that one found; the next is not.
	_, err := v.Verify(t.Context(), sign(t, jose.ES256, p.key, "k2", p.claims(nil)), now)
	for try := 0; err != nil && try < 100; try++ {
		_, err = v.Verify(t.Context(), sign(t, jose.ES256, p.key, "k2", p.claims(nil)), now)
	}
	if n := p.fetches.Load(); err != nil || n != 2 {
		t.Errorf("a new key is found after %d fetches, want 2: %v", n, err)
	}
}

// TestProviderDown is nobody's fault: the caller is told to try again, and the next attempt asks again.
func TestProviderDown(t *testing.T) {
	p := newProvider(t)
	v := verifier(p, fixed)
	p.down.Store(true)
	token := sign(t, jose.ES256, p.key, "k1", p.claims(nil))
	if _, err := v.Verify(t.Context(), token, now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("discovery fails: %v, want unavailable", err)
	}
	p.down.Store(false)
	if _, err := v.Verify(t.Context(), token, now); err != nil {
		t.Fatal(err)
	}
	p.down.Store(true)
	late := identity.New(identity.Issuer{URL: p.URL, Audience: audience, Keys: identity.Discover(p.URL, nil, fixed)})
	p.down.Store(true)
	if _, err := late.Verify(t.Context(), token, now); !fault.Is(err, fault.Unavailable) {
		t.Errorf("keys cannot be read: %v, want unavailable", err)
	}
}

// TestAlgorithmsAreAList: what an issuer is not said to sign with is refused, however good the signature.
func TestAlgorithmsAreAList(t *testing.T) {
	p := newProvider(t)
	v := identity.New(identity.Issuer{URL: p.URL, Audience: audience, Keys: identity.Discover(p.URL, nil, fixed), Algorithms: []string{"RS256"}})
	if _, err := v.Verify(t.Context(), sign(t, jose.ES256, p.key, "k1", p.claims(nil)), now); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("ES256 where RS256 is expected: %v", err)
	}
}

func TestIssuersAreWhole(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("an issuer without an audience was taken")
		}
	}()
	identity.New(identity.Issuer{URL: "https://idp.test", Keys: identity.Discover("https://idp.test", nil, fixed)})
}
