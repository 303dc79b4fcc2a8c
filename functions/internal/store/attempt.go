package store

import (
	"context"
	"time"
)

// Attempt is a request that came with an Idempotency-Key, and its answer once there is one. It is kept at I#id/META.
type Attempt struct {
	ID          string            `json:"id"` // digest of who asked, what, and the key
	Fingerprint string            `json:"fingerprint"`
	Started     time.Time         `json:"started"`
	Until       time.Time         `json:"until"` // it runs no longer than this; if there is no answer then, it crashed
	Expires     time.Time         `json:"expires"`
	Status      int               `json:"status,omitempty"` // of the answer; 0 while it runs
	ContentType string            `json:"contentType,omitempty"`
	ETag        string            `json:"etag,omitempty"`
	Headers     map[string]string `json:"headers,omitempty"`
	Body        []byte            `json:"body,omitempty"`
}

func attemptKey(id string) Key { return Key{"I#" + id, "META"} }

// LoadAttempt reads an attempt; rev 0 when there is none. It may be one that has expired.
func LoadAttempt(ctx context.Context, t Table, id string) (Attempt, int64, error) {
	return Load[Attempt](ctx, t, attemptKey(id))
}

// SaveAttempt keeps an attempt until it expires, if it is still at revision ifRev.
func SaveAttempt(ctx context.Context, t Table, a Attempt, ifRev int64) error {
	w := writeOf(attemptKey(a.ID), a, ifRev)
	w.Expires = a.Expires
	return t.Transact(ctx, w)
}

// DropAttempt forgets an attempt that came to nothing, if it is still at revision ifRev.
func DropAttempt(ctx context.Context, t Table, a Attempt, ifRev int64) error {
	return t.Transact(ctx, Write{Op: Delete, Key: attemptKey(a.ID), IfRev: ifRev})
}
