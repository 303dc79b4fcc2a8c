package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Bounds of CI tokens.
const (
	tokenPrefix  = "slw_"
	mostTokens   = 100 // of a workspace
	defaultDays  = 90
	mostDaysLive = 366
)

// NewToken is the answer to the making of a CI token, and the only one that holds the token itself.
type NewToken struct {
	catalog.Token
	Secret string `json:"token"`
}

// CreateToken answers POST /v1/workspaces/{workspace}/tokens: a CI token for a set of actions. It is shown in this
// answer and never again.
func CreateToken(t store.Table) Handler {
	return Serve(t, Operations{"createToken": func(ctx context.Context, c *Call) (Answer, error) {
		in := struct {
			Name    string           `json:"name"`
			Actions []catalog.Action `json:"actions"`
			Days    int              `json:"days"`
		}{Days: defaultDays}
		if err := c.DecodeBody(&in); err != nil {
			return Answer{}, err
		}
		w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
		if err != nil {
			return Answer{}, err
		}
		wrong := append(catalog.Title("name", in.Name), tokenActions("actions", w.Kind, in.Actions)...)
		if in.Days < 1 || in.Days > mostDaysLive {
			wrong = append(wrong, fault.Field{Field: "days", Detail: fmt.Sprintf("is %d; a token lives 1 to %d days", in.Days, mostDaysLive)})
		}
		if err := fault.Fields(wrong); err != nil {
			return Answer{}, err
		}
		k := catalog.Token{
			ID: c.NewID("ci"), Name: in.Name, Workspace: w.ID, Kind: w.Kind, Actions: in.Actions, CreatedBy: c.Actor.Person,
			CreatedAt: c.Now, ExpiresAt: c.Now.Add(time.Duration(in.Days) * 24 * time.Hour),
		}
		return c.startToken(ctx, t, k)
	}})
}

func tokenActions(path string, kind catalog.WorkspaceKind, actions []catalog.Action) []fault.Field {
	var can []string
	for _, a := range catalog.TokenActions {
		if catalog.TokenMay(kind, a) {
			can = append(can, string(a))
		}
	}
	known := strings.Join(can, ", ")
	if len(can) == 0 {
		return []fault.Field{{Field: path, Detail: fmt.Sprintf("cannot be given: people of a %s workspace act themselves", kind)}}
	}
	if len(actions) == 0 {
		return []fault.Field{{Field: path, Detail: "is required: one or more of " + known}}
	}
	var out []fault.Field
	for i, a := range actions {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !catalog.TokenMay(kind, a):
			out = append(out, fault.Field{Field: at, Detail: fmt.Sprintf("is %.60q; a CI token of this workspace can be given %s", a, known)})
		case slices.Contains(actions[:i], a):
			out = append(out, fault.Field{Field: at, Detail: "is listed twice; list it once"})
		}
	}
	return out
}

func (c *Call) startToken(ctx context.Context, t store.Table, k catalog.Token) (Answer, error) {
	existing, err := store.Tokens(ctx, t, k.Workspace)
	if err != nil {
		return Answer{}, err
	}
	if len(existing) >= mostTokens {
		return Answer{}, fault.New(fault.Conflict, "too_many_tokens", "The workspace has %d CI tokens, the most there can be; delete one that is not used any more.", mostTokens)
	}
	c.About(k.ID)
	secret := tokenPrefix + base64.RawURLEncoding.EncodeToString(c.RandomBytes(32))
	event := c.Event("create_token")
	event.Workspace, event.Detail, event.After = k.Workspace, k.ID+" "+k.Name, fmt.Sprint(k.Actions)
	writes := append(store.CreateToken(store.TokenRecord{Token: k, SHA256: sha256Hex(secret)}), store.EventWrites(event)...)
	return Answer{Status: 201, Body: NewToken{Token: k, Secret: secret}}, t.Transact(ctx, writes...)
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// DeleteToken answers DELETE /v1/workspaces/{workspace}/tokens/{id}: the token acts no more from now on.
func DeleteToken(t store.Table) Handler {
	return Serve(t, Operations{"deleteToken": func(ctx context.Context, c *Call) (Answer, error) {
		w, err := c.workspace(ctx, t, c.Param("workspace"), catalog.ManageWorkspace)
		if err != nil {
			return Answer{}, err
		}
		if err := c.NoBody(); err != nil {
			return Answer{}, err
		}
		r, rev, err := store.Token(ctx, t, w.ID, c.Param("id"))
		if err != nil {
			return Answer{}, err
		}
		if rev == 0 {
			return Answer{}, fault.New(fault.NotFound, "no_such_token", "There is no CI token %.80q in %s.", c.Param("id"), w.ID)
		}
		event := c.Event("delete_token")
		event.Workspace, event.Detail = w.ID, r.ID+" "+r.Name
		return Answer{Status: 204}, t.Transact(ctx, append(store.DeleteToken(r, rev), store.EventWrites(event)...)...)
	}})
}
