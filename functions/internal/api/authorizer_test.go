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
	req := events.APIGatewayV2CustomAuthorizerV2Request{}
	if header != "" {
		req.Headers = map[string]string{"authorization": header}
	}
	req.RequestContext.TimeEpoch = at.UnixMilli()
	return api.Authorize(w.table, believer{})(t.Context(), req)
}

// letIn says whether the authorizer knows who it is. It refuses nobody itself: whom it does not know comes to the handler
// with the reason, and with nothing that names anybody.
func letIn(t *testing.T, a events.APIGatewayV2CustomAuthorizerSimpleResponse) bool {
	t.Helper()
	known := a.Context["subject"] != nil
	if !a.IsAuthorized || known == (a.Context["refusal"] != nil) || !known && len(a.Context) != 3 {
		t.Errorf("the gateway is told %+v", a)
	}
	return known
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
		if letIn(t, got) != (tc.email != "") || tc.email != "" && got.Context["email"] != tc.email || !strings.Contains(fmt.Sprint(got.Context["reason"]), tc.says) {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if got, err := knock(t, w, "Bearer down", noon); err != nil || letIn(t, got) || got.Context["refusal"] != string(fault.Unavailable) {
		t.Errorf("a provider that does not answer: %+v %v, want the caller told to try again", got, err)
	}
}

// TestLeavingFreesTheAddress: an address that belongs nowhere any more may be given to another person.
func TestLeavingFreesTheAddress(t *testing.T) {
	w := newWorld(t)
	knock(t, w, "Bearer sub1,mdev@x.test", noon)
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/members/mdev@x.test", "", 204, "")
	w.do("madmin@x.test", "PUT", "/v1/workspaces/merchant/members/mdev@x.test", `{"role": "developer"}`, 201, "")
	if got, err := knock(t, w, "Bearer sub2,mdev@x.test", noon); err != nil || !letIn(t, got) {
		t.Errorf("the new owner of the address: %+v %v", got, err)
	}
	if got, _ := knock(t, w, "Bearer sub1,mdev@x.test", noon); letIn(t, got) {
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
	if err != nil || !letIn(t, got) || got.Context["tokenId"] != made["id"] || got.Context["workspace"] != "merchant" || got.Context["email"] != nil {
		t.Fatalf("let in: %+v %v", got, err)
	}
	if got, _ := knock(t, w, "Bearer "+secret[:len(secret)-1]+"_", noon); letIn(t, got) {
		t.Error("almost the token")
	}
	if got, _ := knock(t, w, "Bearer "+secret, noon.AddDate(0, 0, 1)); letIn(t, got) || !strings.Contains(fmt.Sprint(got.Context["reason"]), "expired") {
		t.Errorf("expired: %+v", got)
	}
	w.do("madmin@x.test", "DELETE", "/v1/workspaces/merchant/tokens/"+fmt.Sprint(made["id"]), "", 204, "")
	if got, _ := knock(t, w, "Bearer "+secret, noon); letIn(t, got) {
		t.Error("deleted")
	}
	if strings.Contains(log.String(), secret[:20]) {
		t.Error("the log holds the token")
	}
}

// TestServeTellsTheRefused: what the authorizer says of a caller is what the caller is told, and it stands over
// everything else that might come with it.
func TestServeTellsTheRefused(t *testing.T) {
	for _, tc := range []struct {
		claims map[string]any
		status int
		code   string
		says   string
	}{
		{map[string]any{"refusal": "unauthenticated", "code": "unauthenticated", "reason": "The token has expired."}, 401, "unauthenticated", "The token has expired."},
		{map[string]any{"refusal": "unavailable", "code": "identity_unavailable", "reason": "Try again."}, 503, "identity_unavailable", "Try again."},
		{map[string]any{"refusal": "internal", "code": "internal", "reason": "secret"}, 500, "internal", "internal error"},
		{map[string]any{"refusal": "unauthenticated", "code": "unauthenticated", "reason": "No.", "email": "madmin@x.test", "subject": "s"}, 401, "unauthenticated", "No."},
		{nil, 401, "unauthenticated", "Nobody is signed in"},
	} {
		calls := 0
		req := ask{method: "POST", path: "/v1/releases/r/grayscale", body: `{"percent": 1}`}.event(t)
		req.RequestContext.Authorizer.Lambda = tc.claims
		res, err := api.Serve(newTable(t), echo(&calls))(t.Context(), req)
		if err != nil || res.StatusCode != tc.status || !strings.Contains(res.Body, `"code":"`+tc.code+`"`) || !strings.Contains(res.Body, tc.says) || calls != 0 {
			t.Errorf("%v: %d %s, called %d times, %v", tc.claims, res.StatusCode, res.Body, calls, err)
		}
	}
}
