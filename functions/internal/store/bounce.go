package store

import (
	"context"
	"time"
)

// What the mail service reports after it has taken a mail is kept beside what was sent:
//
//	N#id    / META      of which mail an id is, so that a report finds it
//	U#email / BOUNCED   an address that mail comes back from

// mailPlace says of which request the mail of an id is, and to whom it went.
type mailPlace struct {
	Request string `json:"request,omitempty"`
	To      string `json:"to"`
}

func mailPlaceKey(id string) Key { return Key{"N#" + id, "META"} }

// Bounced is an address that mail comes back from, or that asked to be sent no more.
type Bounced struct {
	Email string    `json:"email"`
	Why   string    `json:"why"` // a sentence
	At    time.Time `json:"at"`  // of the latest report
}

func bouncedKey(email string) Key { return Key{"U#" + email, "BOUNCED"} }

// bouncedDays is how long an address counts as one that mail comes back from, unless it does again.
const bouncedDays = 90

// BouncedAmong are those of some addresses that mail comes back from, as of a time, in their order.
func BouncedAmong(ctx context.Context, t Table, emails []string, now time.Time) ([]Bounced, error) {
	keys := make([]Key, len(emails))
	for i, email := range emails {
		keys[i] = bouncedKey(email)
	}
	all, revs, err := LoadAll[Bounced](ctx, t, keys)
	var out []Bounced
	for i, b := range all {
		if err == nil && revs[i] > 0 && now.Before(b.At.AddDate(0, 0, bouncedDays)) {
			out = append(out, b)
		}
	}
	return out, err
}

// MailByID finds a mail that was sent, by the id of its notice: its request, "" when it was about none, and to whom it
// went. A mail that nobody knows, or that was sent long ago, is to "". One that is being sent at this moment is waiting.
func MailByID(ctx context.Context, t Table, id string) (request, to string, waiting bool, err error) {
	place, rev, err := Load[mailPlace](ctx, t, mailPlaceKey(id))
	if err != nil || rev > 0 {
		return place.Request, place.To, false, err
	}
	_, rev, err = Load[Notice](ctx, t, Key{outboxPK, id})
	return "", "", rev > 0, err
}

// SaveBounced keeps what the mail service reports: why a mail did not arrive, with its request, and, when mark says so,
// with the address. The same report a second time, or one that is older than what is known, changes nothing.
func SaveBounced(ctx context.Context, t Table, id, request string, b Bounced, mark bool) error {
	var writes []Write
	if request != "" {
		key := Key{"Q#" + request, "N#" + id}
		sent, rev, err := Load[Sent](ctx, t, key)
		if err != nil {
			return err
		}
		if rev > 0 && sent.Failed != b.Why {
			sent.Failed = b.Why
			w := writeOf(key, sent, rev)
			w.Expires = sent.At.AddDate(0, 0, sentDays).Truncate(time.Second)
			writes = append(writes, w)
		}
	}
	known, rev, err := Load[Bounced](ctx, t, bouncedKey(b.Email))
	if err != nil {
		return err
	}
	if mark && b.At.After(known.At) {
		w := writeOf(bouncedKey(b.Email), b, rev)
		w.Expires = b.At.AddDate(0, 0, bouncedDays).Truncate(time.Second)
		writes = append(writes, w)
	}
	if len(writes) == 0 {
		return nil
	}
	return t.Transact(ctx, writes...)
}
