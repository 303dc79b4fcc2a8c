package local

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"regexp"
	"time"

	"go.etcd.io/bbolt"

	"slipway/functions/internal/mail"
)

var mailBucket = []byte("outbox")

// Mail is one mail as the outbox shows it: what SES would have sent.
type Mail struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Links []string  `json:"links"` // addresses in the text, in order

	Bounced string `json:"bounced,omitempty"` // when it was made to come back
	mail.Message
}

// outbox is the mail service of a laptop: it keeps every mail instead of sending it.
type outbox struct{ db *bbolt.DB }

var linkIn = regexp.MustCompile(`https?://[^\s<>"]+[^\s<>".,;:!?)]`)

// NewMail is a mail as an outbox shows it, with the addresses in its text.
func NewMail(id string, at time.Time, m mail.Message) Mail {
	links := linkIn.FindAllString(m.Text, -1)
	if links == nil {
		links = []string{}
	}
	return Mail{ID: id, At: at.UTC(), Links: links, Message: m}
}

// Send implements mail.Sender.
func (o outbox) Send(_ context.Context, m mail.Message) (string, error) {
	var id string
	err := o.db.Batch(func(tx *bbolt.Tx) error {
		b, err := tx.CreateBucketIfNotExists(mailBucket)
		if err != nil {
			return err
		}
		n, err := b.NextSequence()
		if err != nil {
			return err
		}
		id = fmt.Sprintf("%d", n)
		data, err := json.Marshal(NewMail(id, time.Now(), m))
		if err != nil {
			return err
		}
		return b.Put(binary.BigEndian.AppendUint64(nil, n), data)
	})
	return id, err
}

// list gives the newest mails, newest first.
func (o outbox) list(limit int) ([]Mail, error) {
	out := []Mail{}
	err := o.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(mailBucket)
		if b == nil {
			return nil
		}
		c := b.Cursor()
		for k, v := c.Last(); k != nil && len(out) < limit; k, v = c.Prev() {
			var m Mail
			if err := json.Unmarshal(v, &m); err != nil {
				return err
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}

// find gives one mail.
func (o outbox) find(id uint64) (m Mail, ok bool, err error) {
	err = o.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket(mailBucket)
		if b == nil {
			return nil
		}
		v := b.Get(binary.BigEndian.AppendUint64(nil, id))
		if v == nil {
			return nil
		}
		ok = true
		return json.Unmarshal(v, &m)
	})
	return m, ok, err
}

// bounced keeps with a mail that it came back.
func (o outbox) bounced(id uint64, why string) error {
	return o.db.Update(func(tx *bbolt.Tx) error {
		key := binary.BigEndian.AppendUint64(nil, id)
		b := tx.Bucket(mailBucket)
		if b == nil || b.Get(key) == nil {
			return nil
		}
		var m Mail
		if err := json.Unmarshal(b.Get(key), &m); err != nil {
			return err
		}
		m.Bounced = why
		data, err := json.Marshal(m)
		if err != nil {
			return err
		}
		return b.Put(key, data)
	})
}
