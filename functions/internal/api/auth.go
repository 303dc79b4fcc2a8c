package api

import (
	"context"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// Names under which the authorizer hands on who asks, in requestContext.authorizer.lambda. A person has an email, a
// CI token a tokenId and its workspace. A caller who is refused has the last three, and nothing else.
const (
	ctxSubject   = "subject"
	ctxEmail     = "email"
	ctxName      = "name"
	ctxToken     = "tokenId"
	ctxWorkspace = "workspace"
	ctxRefusal   = "refusal" // kind of the fault
	ctxCode      = "code"
	ctxReason    = "reason" // the sentence for the caller
)

// refusal is what the authorizer hands on of a caller it refuses: what a stranger may know, as from any handler.
func refusal(err error) map[string]any {
	f := told(err)
	return map[string]any{ctxRefusal: string(f.Kind), ctxCode: f.CodeOrKind(), ctxReason: f.Detail}
}

// claim is what the authorizer said under a name.
func (c *Call) claim(name string) string {
	if c.request.RequestContext.Authorizer == nil {
		return ""
	}
	s, _ := c.request.RequestContext.Authorizer.Lambda[name].(string)
	return s
}

// refused is the fault of a caller whom the authorizer knows nothing good of. It is asked before anything else of a
// request is looked at: somebody unknown learns nothing, not even what a route takes.
func (c *Call) refused() error {
	if kind := c.claim(ctxRefusal); kind != "" {
		return fault.New(fault.Kind(kind), c.claim(ctxCode), "%s", c.claim(ctxReason))
	}
	if c.claim(ctxToken) == "" && c.claim(ctxEmail) == "" {
		return unauthenticated("Nobody is signed in; send Authorization: Bearer with a token.")
	}
	return nil
}

// authenticate turns what the authorizer found into an actor. Memberships and tokens are read anew for every call, so
// that a right taken away is gone at once.
func (c *Call) authenticate(ctx context.Context, table store.Table) error {
	if id := c.claim(ctxToken); id != "" {
		return c.authenticateToken(ctx, table, c.claim(ctxWorkspace), id)
	}
	email := c.claim(ctxEmail)
	memberships, err := store.Memberships(ctx, table, email)
	if err != nil {
		return err
	}
	c.Actor = catalog.Actor{
		Person:      catalog.Person{Subject: c.claim(ctxSubject), Email: email, Name: c.claim(ctxName)},
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
	if err := c.stillMade(ctx, table, token.Token); err != nil {
		return err
	}
	c.Via = "ci"
	c.Actor = catalog.Actor{Person: catalog.Person{Subject: "token:" + token.ID, Name: token.Name}, Token: &token.Token}
	return nil
}

// stillMade refuses a token whose maker could not make it any more: who has left, or manages the workspace no longer,
// does not go on acting in it through a secret they know.
func (c *Call) stillMade(ctx context.Context, table store.Table, token catalog.Token) error {
	maker, rev, err := store.Member(ctx, table, token.Workspace, token.CreatedBy.Email)
	if err != nil {
		return err
	}
	as := catalog.Actor{Memberships: []catalog.Membership{{Workspace: maker.Workspace, Kind: maker.Kind, Role: maker.Role}}}
	if rev == 0 || !as.May(catalog.ManageWorkspace, catalog.Object{Workspace: token.Workspace, Kind: token.Kind}) {
		return fault.New(fault.Unauthenticated, "token_ended", "Who made this CI token does not manage the workspace any more; somebody who does has to make another one.")
	}
	return nil
}
