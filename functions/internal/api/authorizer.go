package api

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Authorizer answers the Lambda authorizer of an HTTP API (payload 2.0, simple responses). It lets everybody through, the
// refused ones with nothing but the reason: the gateway would answer them in words of its own, without a code and a request
// id, while Serve answers 401 or 503 as a problem like any other. The error is always nil.
type Authorizer = func(context.Context, events.APIGatewayV2CustomAuthorizerV2Request) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error)

// Claims are what an identity provider says of somebody. Only what it has verified is handed on.
type Claims struct {
	Issuer  string
	Subject string
	Email   string // verified
	Name    string
}

// Verifier tells whose an OIDC identity token is. Package identity implements it.
//
// Errors are faults: Unauthenticated with a sentence that says what is wrong with the token, Unavailable when the
// provider's keys cannot be read.
type Verifier interface {
	Verify(ctx context.Context, token string, now time.Time) (Claims, error)
}

// maxToken is more than any identity token has.
const maxToken = 8 << 10

// Authorize makes the one authorizer: people by the tokens of their identity provider, machines by CI tokens.
func Authorize(table store.Table, people Verifier) Authorizer {
	return func(ctx context.Context, req events.APIGatewayV2CustomAuthorizerV2Request) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
		started := time.Now() // only for the log
		who, err := whoIs(ctx, table, people, req)
		outcome, level := "ok", slog.LevelInfo
		attrs := []any{
			"actor", who[ctxSubject], "duration", time.Since(started).Round(time.Microsecond).String(), "requestId", req.RequestContext.RequestID,
		}
		if err != nil {
			who, outcome = refusal(err), string(fault.KindOf(err))
			if !fault.Is(err, fault.Unauthenticated) { // ours, and nobody hears the cause but the log
				level, attrs = slog.LevelError, append(attrs, "error", err.Error())
			}
		}
		slog.Log(ctx, level, "authorize", append(attrs, "outcome", outcome)...)
		return events.APIGatewayV2CustomAuthorizerSimpleResponse{IsAuthorized: true, Context: who}, nil
	}
}

func whoIs(ctx context.Context, table store.Table, people Verifier, req events.APIGatewayV2CustomAuthorizerV2Request) (map[string]any, error) {
	now := time.UnixMilli(req.RequestContext.TimeEpoch).UTC()
	scheme, token, ok := strings.Cut(headerOf(req.Headers, "Authorization"), " ")
	token = strings.TrimSpace(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > maxToken {
		return nil, unauthenticated("Send Authorization: Bearer with an identity token or a CI token.")
	}
	if strings.HasPrefix(token, tokenPrefix) {
		return machine(ctx, table, token, now)
	}
	claims, err := people.Verify(ctx, token, now)
	if err != nil {
		return nil, err
	}
	email, ok := catalog.NormalEmail(claims.Email)
	if !ok || claims.Subject == "" {
		return nil, unauthenticated("The token names no verified email address; sign in with an account that has one.")
	}
	claims.Email = email
	if err := bind(ctx, table, claims, now); err != nil {
		return nil, err
	}
	return map[string]any{ctxSubject: claims.Subject, ctxEmail: email, ctxName: catalog.Shown(claims.Name, 64)}, nil
}

func unauthenticated(sentence string) error {
	return fault.New(fault.Unauthenticated, "unauthenticated", "%s", sentence)
}

// machine finds a CI token by its digest. A wrong token and one that was deleted are told the same.
func machine(ctx context.Context, table store.Table, token string, now time.Time) (map[string]any, error) {
	place, rev, err := store.FindToken(ctx, table, sha256Hex(token))
	if err != nil {
		return nil, err
	}
	if rev == 0 {
		return nil, unauthenticated("This CI token does not exist; it may have been deleted.")
	}
	k, rev, err := store.Token(ctx, table, place.Workspace, place.ID)
	if err != nil {
		return nil, err
	}
	if rev == 0 || !k.ExpiresAt.After(now) {
		return nil, unauthenticated("This CI token has expired or was deleted; make another one.")
	}
	return map[string]any{ctxSubject: "token:" + k.ID, ctxName: k.Name, ctxToken: k.ID, ctxWorkspace: k.Workspace}, nil
}

// bind ties a member's email to the account that first signs in with it, so that somebody who gets hold of the
// address later, at this provider or another, does not become the member.
func bind(ctx context.Context, table store.Table, claims Claims, now time.Time) error {
	for {
		bound, rev, err := store.FindIdentity(ctx, table, claims.Email)
		if err != nil {
			return err
		}
		if rev > 0 {
			if bound.Issuer == claims.Issuer && bound.Subject == claims.Subject {
				return nil
			}
			return unauthenticated("This email address belongs to another account here; sign in with that one, or have an admin remove and add you again.")
		}
		memberships, err := store.Memberships(ctx, table, claims.Email)
		if err != nil || len(memberships) == 0 { // strangers are let in to see that they belong nowhere; nothing is kept of them
			return err
		}
		err = table.Transact(ctx, store.BindIdentity(claims.Email, store.Identity{Issuer: claims.Issuer, Subject: claims.Subject, BoundAt: now}))
		if !raced(err) {
			return err
		}
	}
}
