package store

import (
	"context"

	"slipway/functions/internal/catalog"
)

func memberKey(workspace, email string) Key     { return Key{"W#" + workspace, "M#" + email} }
func membershipKey(email, workspace string) Key { return Key{"U#" + email, "M#" + workspace} }
func tokenKey(workspace, id string) Key         { return Key{"W#" + workspace, "K#" + id} }

// Memberships lists the workspaces of a person with their role there.
func Memberships(ctx context.Context, t Table, email string) ([]catalog.Membership, error) {
	return List[catalog.Membership](ctx, t, membershipKey(email, "").PK, "M#")
}

// Token reads a CI token by its id; rev 0 when there is none. It may have expired.
func Token(ctx context.Context, t Table, workspace, id string) (catalog.Token, int64, error) {
	return Load[catalog.Token](ctx, t, tokenKey(workspace, id))
}
