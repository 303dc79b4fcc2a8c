package api

import (
	"context"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Names under which the authorizer hands on who asks, in requestContext.authorizer.lambda. A person has an email, a
// CI token a tokenId and its workspace.
const (
	ctxSubject   = "subject"
	ctxEmail     = "email"
	ctxName      = "name"
	ctxToken     = "tokenId"
	ctxWorkspace = "workspace"
	ctxReason    = "reason" // why a caller was not let in
)

// authenticate turns what the authorizer found into an actor. Memberships and tokens are read anew for every call, so
// that a right taken away is gone at once, whatever the gateway remembers of the authorizer's answer.
func (c *Call) authenticate(ctx context.Context, table store.Table) error {
	claim := func(name string) string {
		if c.request.RequestContext.Authorizer == nil {
			return ""
		}
		s, _ := c.request.RequestContext.Authorizer.Lambda[name].(string)
		return s
	}
	if id := claim(ctxToken); id != "" {
		return c.authenticateToken(ctx, table, claim(ctxWorkspace), id)
	}
	email := claim(ctxEmail)
	if email == "" {
		return fault.New(fault.Unauthenticated, "unauthenticated", "Nobody is signed in; send Authorization: Bearer with a token.")
	}
	memberships, err := store.Memberships(ctx, table, email)
	if err != nil {
		return err
	}
	c.Actor = catalog.Actor{
		Person:      catalog.Person{Subject: claim(ctxSubject), Email: email, Name: claim(ctxName)},
		Memberships: memberships,
	}
	return nil
}

func (c *Call) authenticateToken(ctx context.Context, table store.Table, workspace, id string) error {
	token, rev, err := store.Token(ctx, table, workspace, id)
	if err != nil {
		return err
	}
	if rev == 0 || !token.ExpiresAt.After(c.Now) {
		return fault.New(fault.Unauthenticated, "token_ended", "This CI token has expired or was deleted; make another one.")
	}
	c.Via = "ci"
	c.Actor = catalog.Actor{Person: catalog.Person{Subject: "token:" + token.ID, Name: token.Name}, Token: &token.Token}
	return nil
}
