package store

import (
	"context"
	"slices"
	"time"

	"slipway/functions/internal/catalog"
)

// Members lists the members of a workspace in the order of their emails.
func Members(ctx context.Context, t Table, workspace string) ([]catalog.Member, error) {
	return List[catalog.Member](ctx, t, memberKey(workspace, "").PK, "M#")
}

// Member reads a member; rev 0 when the person is none.
func Member(ctx context.Context, t Table, workspace, email string) (catalog.Member, int64, error) {
	return Load[catalog.Member](ctx, t, memberKey(workspace, email))
}

// SaveMember makes the writes of a new (Absent) or changed member.
func SaveMember(m catalog.Member, rev int64) []Write {
	membership := catalog.Membership{Workspace: m.Workspace, Kind: m.Kind, Role: m.Role}
	return []Write{
		writeOf(memberKey(m.Workspace, m.Email), m, rev),
		writeOf(membershipKey(m.Email, m.Workspace), membership, Any),
	}
}

// RemoveMember makes the writes that end a membership.
func RemoveMember(m catalog.Member, rev int64) []Write {
	return []Write{
		{Op: Delete, Key: memberKey(m.Workspace, m.Email), IfRev: rev},
		{Op: Delete, Key: membershipKey(m.Email, m.Workspace), IfRev: Any},
	}
}

// StillMember makes a check that a member has not changed since it was read.
func StillMember(m catalog.Member, rev int64) Write {
	return Write{Op: Check, Key: memberKey(m.Workspace, m.Email), IfRev: rev}
}

// Memberships lists the workspaces of a person with their role there.
func Memberships(ctx context.Context, t Table, email string) ([]catalog.Membership, error) {
	return List[catalog.Membership](ctx, t, membershipKey(email, "").PK, "M#")
}

// Identity is the account at an identity provider that an email belongs to.
type Identity struct {
	Issuer  string    `json:"issuer"`
	Subject string    `json:"subject"`
	BoundAt time.Time `json:"boundAt"`
}

// FindIdentity reads to whom an email is bound; rev 0 when it is not yet.
func FindIdentity(ctx context.Context, t Table, email string) (Identity, int64, error) {
	return Load[Identity](ctx, t, identityKey(email))
}

// BindIdentity makes the write that binds an email, once.
func BindIdentity(email string, i Identity) Write { return writeOf(identityKey(email), i, Absent) }

// stillUnbound makes a check that nobody has come in with an email yet.
func stillUnbound(email string) Write {
	return Write{Op: Check, Key: identityKey(email), IfRev: Absent}
}

// ReplaceNewcomer makes the writes by which somebody takes the place of the only member of a workspace, and says whose:
// a mistyped address would lock everybody out for good. None when there are others, when it is the same address, or when
// that one has come in, here or in another workspace.
func ReplaceNewcomer(ctx context.Context, t Table, first catalog.Member) (writes []Write, alone string, err error) {
	members, err := Members(ctx, t, first.Workspace)
	if err != nil || len(members) != 1 || members[0].Email == first.Email {
		return nil, "", err
	}
	old, rev, err := Member(ctx, t, first.Workspace, members[0].Email)
	if err != nil || rev == 0 {
		return nil, "", err
	}
	if _, bound, err := FindIdentity(ctx, t, old.Email); err != nil || bound > 0 {
		return nil, "", err
	}
	return slices.Concat(RemoveMember(old, rev), SaveMember(first, Absent), []Write{stillUnbound(old.Email)}), old.Email, nil
}

// UnbindIdentity makes the write that frees an email again.
func UnbindIdentity(email string) Write {
	return Write{Op: Delete, Key: identityKey(email), IfRev: Any}
}

// TokenRecord is a CI token with the digest by which it is found. The digest is kept so that deleting the token finds
// its other row.
type TokenRecord struct {
	catalog.Token
	SHA256 string `json:"sha256"`
}

// TokenPlace says where the token of a digest is kept.
type TokenPlace struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
}

// CreateToken makes the writes of a new CI token. Both rows go some time after it has expired.
func CreateToken(r TokenRecord) []Write {
	token := writeOf(tokenKey(r.Workspace, r.ID), r, Absent)
	place := writeOf(digestKey(r.SHA256), TokenPlace{r.Workspace, r.ID}, Absent)
	token.Expires = r.ExpiresAt.AddDate(0, 0, 30) // so that people see for a while that it has expired
	place.Expires = token.Expires
	return []Write{token, place}
}

// DeleteToken makes the writes that end a CI token.
func DeleteToken(r TokenRecord, rev int64) []Write {
	return []Write{{Op: Delete, Key: tokenKey(r.Workspace, r.ID), IfRev: rev}, {Op: Delete, Key: digestKey(r.SHA256), IfRev: Any}}
}

// Token reads a CI token by its id; rev 0 when there is none. It may have expired.
func Token(ctx context.Context, t Table, workspace, id string) (TokenRecord, int64, error) {
	return Load[TokenRecord](ctx, t, tokenKey(workspace, id))
}

// FindToken says where the token of a digest is; rev 0 when there is none.
func FindToken(ctx context.Context, t Table, sha256 string) (TokenPlace, int64, error) {
	return Load[TokenPlace](ctx, t, digestKey(sha256))
}

// Tokens lists the CI tokens of a workspace in the order of their ids.
func Tokens(ctx context.Context, t Table, workspace string) ([]TokenRecord, error) {
	return List[TokenRecord](ctx, t, tokenKey(workspace, "").PK, "K#")
}
