// Package identity tells whose an OIDC identity token is.
//
// What belongs here: issuers, keys, and the checks of a token. What does not: what somebody may do (package catalog),
// and CI tokens (package api).
package identity

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
)

// Algorithms are what a token may be signed with: public keys only, so that nothing a client knows can sign.
var Algorithms = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// Issuer is an identity provider whose tokens are taken.
type Issuer struct {
	URL        string      // as in the token's iss, exactly
	Audience   string      // that a token must be made for: the client id of Slipway at the provider
	Keys       oidc.KeySet // Discover, or a fixed set
	Algorithms []string    // nil means Algorithms
}

// Verifier is an api.Verifier for some issuers.
type Verifier struct{ issuers map[string]Issuer }

var _ api.Verifier = (*Verifier)(nil)

// New makes a verifier. An issuer without URL, audience or keys panics at the start: it would take anybody.
func New(issuers ...Issuer) *Verifier {
	v := &Verifier{issuers: map[string]Issuer{}}
	for _, i := range issuers {
		if i.URL == "" || i.Audience == "" || i.Keys == nil {
			panic("identity: an issuer needs a URL, an audience and keys")
		}
		if i.Algorithms == nil {
			i.Algorithms = Algorithms
		}
		v.issuers[i.URL] = i
	}
	return v
}

// leeway is by how much clocks may differ.
const leeway = time.Minute

// Verify implements api.Verifier.
func (v *Verifier) Verify(ctx context.Context, token string, now time.Time) (api.Claims, error) {
	issuer, ok := v.issuers[issuerOf(token)]
	if !ok {
		return api.Claims{}, refuse(nil, "The token is none of an identity provider that is known here.")
	}
	keys := &noting{KeySet: issuer.Keys}
	verifier := oidc.NewVerifier(issuer.URL, keys, &oidc.Config{
		ClientID: issuer.Audience, SupportedSigningAlgs: issuer.Algorithms, Now: func() time.Time { return now },
	})
	id, err := verifier.Verify(ctx, token)
	if err != nil {
		return api.Claims{}, translate(errors.Join(err, keys.failed))
	}
	var claims struct {
		Email    string   `json:"email"`
		Verified verified `json:"email_verified"`
		Name     string   `json:"name"`
		Use      string   `json:"token_use"` // Cognito: "id" or "access"
	}
	if err := id.Claims(&claims); err != nil {
		return api.Claims{}, refuse(err, "The token's claims cannot be read.")
	}
	switch {
	case id.IssuedAt.After(now.Add(leeway)):
		return api.Claims{}, refuse(nil, "The token was issued in the future; check the clock.")
	case claims.Use != "" && claims.Use != "id":
		return api.Claims{}, refuse(nil, "This is an access token; send the identity token.")
	case claims.Email == "" || !bool(claims.Verified):
		return api.Claims{}, refuse(nil, "The token names no verified email address; verify it with your identity provider and sign in again.")
	}
	return api.Claims{Issuer: id.Issuer, Subject: id.Subject, Email: claims.Email, Name: claims.Name}, nil
}

// noting keeps why a signature could not be checked: the library flattens it to text.
type noting struct {
	oidc.KeySet
	failed error
}

func (n *noting) VerifySignature(ctx context.Context, token string) (payload []byte, err error) {
	payload, n.failed = n.KeySet.VerifySignature(ctx, token)
	return payload, n.failed
}

// issuerOf reads the issuer before anything is checked, only to choose whose keys to check with.
func issuerOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := decodeSegment(parts[1])
	var claims struct {
		Issuer string `json:"iss"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return ""
	}
	return claims.Issuer
}

// verified is a boolean that some providers write as a string.
type verified bool

// UnmarshalJSON takes true and "true"; everything else is false.
func (v *verified) UnmarshalJSON(data []byte) error {
	*v = string(data) == "true" || string(data) == `"true"`
	return nil
}

func refuse(cause error, sentence string) error {
	return fault.Wrap(fault.Unauthenticated, "unauthenticated", cause, "%s", sentence)
}

// translate tells a token that is no good from a provider that cannot be asked.
func translate(err error) error {
	var expired *oidc.TokenExpiredError
	var down *unreachable
	switch {
	case errors.As(err, &expired):
		return refuse(err, "The token has expired; sign in again.")
	case errors.As(err, &down), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return fault.Wrap(fault.Unavailable, "identity_unavailable", err, "The identity provider did not answer; try again.")
	}
	return refuse(err, "The token is not valid here: its signature, audience or times do not hold.")
}

// newClient is what keys are fetched with.
func newClient(transport http.RoundTripper) *http.Client {
	return &http.Client{Transport: transport, Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // keys come from the configured host and no other
	}}
}
