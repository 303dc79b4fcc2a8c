package store

import (
	"context"
	"slices"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/release"
)

// Requests are kept at Q#id/META. Beside them, written in the same transaction:
//
//	W#workspace / Q#created#id   for each party: what its reviewers are asked
//	S#email     / Q#created#id   what a person submitted
//	D#email     / Q#created#id   what a person decided
//	each of them / QE#completed#id  the same by completion; QE#~created#id while it is pending
//	L#sha256    / META           an approval link, by the digest of its token
//	Q#id        / N#id           a mail about it that was sent
type RequestRecord struct {
	approval.Request
	Execution int  `json:"execution"`          // of the release's machine
	Resends   int  `json:"resends,omitempty"`  // how often its mails were sent again
	Notified  bool `json:"notified,omitempty"` // of the end of a removal

	// PilotTesting is the app's setting when it was asked. The machine has taken the way that follows from it, so an
	// approval goes by it and not by what the setting has become meanwhile.
	PilotTesting []catalog.Environment `json:"pilotTesting,omitempty"`
	Tokens       map[string]string     `json:"tokens,omitempty"` // task tokens by party; they never leave the back end
}

func requestKey(id string) Key { return Key{"Q#" + id, "META"} }

// Request reads one request; rev 0 when there is none.
func Request(ctx context.Context, t Table, id string) (RequestRecord, int64, error) {
	return Load[RequestRecord](ctx, t, requestKey(id))
}

// MustRequest reads one request; a missing one is NotFound.
func MustRequest(ctx context.Context, t Table, id string) (RequestRecord, int64, error) {
	q, rev, err := Request(ctx, t, id)
	if err == nil && rev == 0 {
		err = fault.New(fault.NotFound, "no_such_request", "There is no request %q.", id)
	}
	return q, rev, err
}

// CreateRequest makes the writes of a new request; it may have ended already, when nobody has to be asked.
func CreateRequest(q RequestRecord) []Write {
	writes := []Write{writeOf(requestKey(q.ID), q, Absent)}
	for _, pk := range listsOf(q.Request) {
		for _, k := range []kind[approval.Request]{requests, ended} {
			writes = append(writes, writeOf(Key{pk, k.prefix + k.mark(q.Request)}, ref{q.ID}, Any))
		}
	}
	return writes
}

// SaveRequest makes the write of a changed request under the revision it was read with.
func SaveRequest(q RequestRecord, rev int64) Write { return writeOf(requestKey(q.ID), q, rev) }

// EndRequest makes the writes of a request that has just ended, and of its rows by completion.
func EndRequest(q RequestRecord, rev int64) []Write {
	writes := []Write{SaveRequest(q, rev)}
	for _, pk := range listsOf(q.Request) {
		writes = append(writes,
			Write{Op: Delete, Key: Key{pk, ended.prefix + notEnded(q.Request)}, IfRev: Any},
			writeOf(Key{pk, ended.prefix + ended.mark(q.Request)}, ref{q.ID}, Any))
	}
	return writes
}

// DecidedWrites list a request among those that a person decided. When it has ended with that, EndRequest is for the
// row by completion.
func DecidedWrites(q approval.Request, email string) []Write {
	writes := []Write{writeOf(Key{DecidedBy(email), requests.prefix + requests.mark(q)}, ref{q.ID}, Any)}
	if q.Status == approval.Pending {
		writes = append(writes, writeOf(Key{DecidedBy(email), ended.prefix + ended.mark(q)}, ref{q.ID}, Any))
	}
	return writes
}

// listsOf are the partitions in which a request is listed, each once.
func listsOf(q approval.Request) []string {
	lists := []string{SubmittedBy(q.SubmittedBy.Email)}
	for _, p := range q.Parties {
		lists = append(lists, AskedOf(p.Workspace))
		if p.By.Email != "" {
			lists = append(lists, DecidedBy(p.By.Email))
		}
	}
	slices.Sort(lists)
	return slices.Compact(lists)
}

// Link is an approval link: who may decide what with it. Its token is not here, only its digest is the key.
type Link struct {
	Request   string    `json:"request"`
	Party     string    `json:"party"`
	Reviewer  string    `json:"reviewer"` // email
	ExpiresAt time.Time `json:"expiresAt"`
}

func linkKey(digest string) Key { return Key{"L#" + digest, "META"} }

// linkWrite keeps a link under the SHA-256 of its token; the row goes 30 days after the link has expired, so that
// until then the page can say what became of it.
func linkWrite(digest string, l Link) Write {
	w := writeOf(linkKey(digest), l, Any)
	w.Expires = l.ExpiresAt.AddDate(0, 0, 30)
	return w
}

// FindLink reads a link by the SHA-256 of its token; rev 0 when there is none.
func FindLink(ctx context.Context, t Table, digest string) (Link, int64, error) {
	return Load[Link](ctx, t, linkKey(digest))
}

// AskOnce writes a reviewer's mail and link together, unless the mail with that id was written before.
func AskOnce(ctx context.Context, t Table, n Notice, digest string, l Link) error {
	mark := Key{"Q#" + l.Request, "A#" + n.ID}
	_, rev, err := Load[ref](ctx, t, mark)
	if err != nil || rev > 0 {
		return err
	}
	return t.Transact(ctx, writeOf(mark, ref{n.ID}, Absent), NoticeWrite(n), linkWrite(digest, l))
}

// A removal or offline request holds a row for each target while it is pending, so that there is only one.
//
//	P#program / REMOVAL#app       the pending force removal from that app
//	P#program / OFFLINE#app#env   the pending offline request of that target
func lockKeys(q approval.Request) []Key {
	var keys []Key
	for _, t := range q.Targets {
		switch q.Category {
		case approval.ForceRemoval:
			keys = append(keys, Key{"P#" + q.MiniProgram, "REMOVAL#" + t.TargetApp})
		case approval.Offline:
			keys = append(keys, Key{"P#" + q.MiniProgram, "OFFLINE#" + t.TargetApp + "#" + string(t.Environment)})
		}
	}
	return keys
}

// LockRequest makes the writes that keep a second request of the same kind away; they conflict when there is one.
func LockRequest(q approval.Request) []Write {
	var writes []Write
	for _, key := range lockKeys(q) {
		writes = append(writes, writeOf(key, ref{q.ID}, Absent))
	}
	return writes
}

// UnlockRequest makes the writes that let another request come.
func UnlockRequest(q approval.Request) []Write {
	var writes []Write
	for _, key := range lockKeys(q) {
		writes = append(writes, Write{Op: Delete, Key: key, IfRev: Any})
	}
	return writes
}

// PendingLike finds a pending request that stands in the way of q, "" when there is none.
func PendingLike(ctx context.Context, t Table, q approval.Request) (string, error) {
	held, _, err := LoadAll[ref](ctx, t, lockKeys(q))
	for _, h := range held {
		if h.ID != "" {
			return h.ID, err
		}
	}
	return "", err
}

// PendingOffline finds the request that waits to take offline what is served to everybody on a release's target; rev 0
// when there is none.
func PendingOffline(ctx context.Context, t Table, r release.Release) (RequestRecord, int64, error) {
	id, err := PendingLike(ctx, t, approval.Request{
		Category: approval.Offline, MiniProgram: r.MiniProgram, Targets: []approval.Target{{TargetApp: r.TargetApp, Environment: r.Environment}},
	})
	if err != nil || id == "" {
		return RequestRecord{}, 0, err
	}
	return Request(ctx, t, id)
}

// SaveImage keeps what is known of an image that is to be uploaded, for as long as it may wait to be named.
func SaveImage(miniProgram string, i approval.Image, expires time.Time) Write {
	w := writeOf(imageKey(miniProgram, i.ID), i, Absent)
	w.Expires = expires.Truncate(time.Second)
	return w
}

func imageKey(miniProgram, id string) Key { return Key{"P#" + miniProgram, "I#" + id} }

// Images reads images of a mini program in the order of their ids; one that is missing has no ID.
func Images(ctx context.Context, t Table, miniProgram string, ids []string) ([]approval.Image, error) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = imageKey(miniProgram, id)
	}
	out, _, err := LoadAll[approval.Image](ctx, t, keys)
	return out, err
}
