package store

// Where the catalogue's records are kept. Every row beside a record is written in the transaction of the record, so
// that nothing is ever scanned. Times in sort keys are the creation's, so that lists read newest first.
//
//	W#workspace / META           the workspace       and WORKSPACES / W#workspace: among all workspaces
//	W#workspace / M#email        a member            and U#email / M#workspace: the same as a membership
//	W#workspace / K#token        a CI token          and K#sha256 / META: where the token of that digest is
//	W#workspace / A#app          an app it owns      and APPS / A#app: among all apps
//	W#workspace / P#created#id   a mini program it owns
//	W#workspace / H#created#id   a mini program of others that it sees     and P#id / H#workspace: that it does
//	W#workspace / E#at#id        its history
//	U#email     / IDENTITY       the identity provider's subject that the email belongs to
//	U#email     / P#created#id   a mini program that the person is a member of
//	A#app       / META           the target app
//	P#id        / META           the mini program
//	P#id        / V#number       a version
//	P#id        / E#at#id        its history
//	I#digest    / META           an answer kept for an Idempotency-Key
//
// Releases (release.go), requests and links (request.go), the outbox (outbox.go), and QR codes (qrcode.go) say their own.

// MiniProgramKey is where a mini program is kept.
func MiniProgramKey(id string) Key { return Key{"P#" + id, "META"} }

// TargetAppKey is where a target app is kept.
func TargetAppKey(id string) Key { return Key{"A#" + id, "META"} }

// WorkspaceKey is where a workspace is kept.
func WorkspaceKey(id string) Key { return Key{"W#" + id, "META"} }

func memberKey(workspace, email string) Key     { return Key{"W#" + workspace, "M#" + email} }
func membershipKey(email, workspace string) Key { return Key{"U#" + email, "M#" + workspace} }
func identityKey(email string) Key              { return Key{"U#" + email, "IDENTITY"} }
func tokenKey(workspace, id string) Key         { return Key{"W#" + workspace, "K#" + id} }
func digestKey(sha256 string) Key               { return Key{"K#" + sha256, "META"} }
func versionKey(program, number string) Key     { return Key{"P#" + program, "V#" + numberKey(number)} }

// appsPK is the one partition that lists all target apps, and workspacesPK all workspaces.
const (
	appsPK       = "APPS"
	workspacesPK = "WORKSPACES"
)
