package api_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"slipway/functions/internal/api"
	"slipway/functions/internal/fault"
)

// believer is a verifier that takes "subject,email" for a token, and "down" for a provider that does not answer.
type believer struct{}

func (believer) Verify(_ context.Context, token string, _ time.Time) (api.Claims, error) {
	subject, email, ok := strings.Cut(token, ",")
	switch {
	case token == "down":
		return api.Claims{}, fault.Wrap(fault.Unavailable, "identity_unavailable", errors.New("dial"), "Try again.")
	case !ok:
		return api.Claims{}, fault.New(fault.Unauthenticated, "unauthenticated", "The token has expired; sign in again.")
	}
	return api.Claims{Issuer: "https://idp.test", Subject: subject, Email: email, Name: "N"}, nil
}

func knock(t *testing.T, w *world, header string, at time.Time) (events.APIGatewayV2CustomAuthorizerSimpleResponse, error) {
	t.Helper()
	req := events.APIGatewayV2CustomAuthorizerV2Request{IdentitySource: []string{header}}
	req.RequestContext.TimeEpoch = at.UnixMilli()
	return api.Authorize(w.table, believer{})(t.Context(), req)
}

func TestAuthorizePeople(t *testing.T) {
	w := newWorld(t)
	for _, tc := range []struct {
		name, header string
		email        string // "" when refused
		says         string
	}{
		{"first sign-in binds", "Bearer sub1,mdev@x.test", "mdev@x.test", ""},
		{"again", "bearer sub1,MDEV@x.test", "mdev@x.test", ""},
		{"another account with the same email", "Bearer sub2,mdev@x.test", "", "another account"},
		{"a stranger", "Bearer sub3,nobody@x.test", "nobody@x.test", ""},
		{"a stranger is not bound", "Bearer sub4,nobody@x.test", "nobody@x.test", ""},
		{"expired", "Bearer old", "", "expired"},
		{"no scheme", "sub1,mdev@x.test", "", "Authorization: Bearer"},
		{"basic", "Basic c3Vi", "", "Authorization: Bearer"},
		{"nothing", "", "", "Authorization: Bearer"},
		{"endless", "Bearer " + strings.Repeat("x", 9<<10), "", "Authorization: Bearer"},
		{"no email", "Bearer sub5,", "", "email"},
		{"unknown CI token", "Bearer slw_nothing", "", "CI token"},
	} {
		got, err := knock(t, w, tc.header, noon)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		if got.IsAuthorized != (tc.email != "") || tc.email != "" && got.Context["email"] != tc.email || !strings.Contains(fmt.Sprint(got.Context["reason"]), tc.says) {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if _, err := knock(t, w, "Bearer down", noon); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a provider that does not answer: %v, want an error and nobody refused", err)
	}
}

// TestLeavingFreesTheAddress: an address that belongs nowhere any more may be given to another person.
func TestLeavingFreesTheAddress(t *testing.T) {
	w := newWorld(t)
	knock(t, w, "Bearer sub1,mdev@x.test", noon)
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/mdev@x.test", "", 204, "")
	w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/mdev@x.test", `{"role": "developer"}`, 201, "")
	if got, err := knock(t, w, "Bearer sub2,mdev@x.test", noon); err != nil || !got.IsAuthorized {
		t.Errorf("the new owner of the address: %+v %v", got, err)
	}
	if got, _ := knock(t, w, "Bearer sub1,mdev@x.test", noon); got.IsAuthorized {
		t.Error("the old owner is let in")
	}
}

func TestAuthorizeMachines(t *testing.T) {
	var log bytes.Buffer
	old := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(old)
	w := newWorld(t)
	made := w.do("madmin@x.test", "POST", "/v1/workspaces/merchant/tokens", `{"name": "CI", "actions": ["release"], "days": 1}`, 201, "")
	secret := fmt.Sprint(made["token"])
	got, err := knock(t, w, "Bearer "+secret, noon)
	if err != nil || !got.IsAuthorized || got.Context["tokenId"] != made["id"] || got.Context["workspace"] != "merchant" || got.Context["email"] != nil {
		t.Fatalf("let in: %+v %v", got, err)
	}
	if got, _ := knock(t, w, "Bearer "+secret[:len(secret)-1]+"_", noon); got.IsAuthorized {
		t.Error("almost the token")
	}
	if got, _ := knock(t, w, "Bearer "+secret, noon.AddDate(0, 0, 1)); got.IsAuthorized || !strings.Contains(fmt.Sprint(got.Context["reason"]), "expired") {
		t.Errorf("expired: %+v", got)
	}
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/tokens/"+fmt.Sprint(made["id"]), "", 204, "")
	if got, _ := knock(t, w, "Bearer "+secret, noon); got.IsAuthorized {
		t.Error("deleted")
	}
	if strings.Contains(log.String(), secret[:20]) {
		t.Error("the log holds the token")
	}
}
