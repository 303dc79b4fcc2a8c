package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"slipway/functions/internal/release"
)

// Notice is something that must happen outside the table because of a change in it: a mail to send, an execution to
// start. Its row is written in the transaction of the change, so neither can be lost; whoever delivers it deletes
// the row afterwards, and a crash in between delivers again under the same id.
type Notice struct {
	ID       string    `json:"id"` // stable: also the mail's reference or part of the execution's name
	Kind     string    `json:"kind"`
	Attempts int       `json:"attempts,omitempty"`
	Since    time.Time `json:"since,omitzero"`    // of the first attempt, which is made when the row is new
	NotUntil time.Time `json:"notUntil,omitzero"` // after a failed attempt
	Failed   string    `json:"failed,omitempty"`  // why the last attempt failed

	Mail  *MailNotice  `json:"mail,omitempty"`
	Start *StartNotice `json:"start,omitempty"`
}

// The kinds of notices.
const (
	NoticeMail  = "mail"
	NoticeStart = "start"
)

// MailNotice is a mail that is not rendered yet. A link in it is made when it is sent, from Link.
type MailNotice struct {
	To       string          `json:"to"`
	Template string          `json:"template"` // a kind that mail.Render knows
	Data     json.RawMessage `json:"data"`
	Request  string          `json:"request,omitempty"` // request it belongs to
	Link     *LinkSeed       `json:"link,omitempty"`
}

// LinkSeed names an approval link without holding its token: the token is derived from it with the link key.
type LinkSeed struct {
	Request  string `json:"request"`
	Party    string `json:"party"`
	Reviewer string `json:"reviewer"` // email
	Nonce    string `json:"nonce"`    // random, base64url
}

// StartNotice is an execution that has to be running.
type StartNotice struct {
	Machine string          `json:"machine"`
	Name    string          `json:"name"`
	Input   json.RawMessage `json:"input"`
}

// outboxPK is the one partition of what is still to be delivered.
const outboxPK = "OUTBOX"

// NoticeWrite puts a notice into the outbox.
func NoticeWrite(n Notice) Write { return writeOf(Key{outboxPK, n.ID}, n, Any) }

// OutboxPage is a part of what is to be delivered, in the order of ids; Next is where the following part starts
// after, "" at the end.
type OutboxPage struct {
	Notices []Notice
	Revs    []int64
	Next    string
}

// Outbox reads what is to be delivered, at most limit notices with ids after a given one.
func Outbox(ctx context.Context, t Table, after string, limit int) (OutboxPage, error) {
	page, err := t.Query(ctx, Query{PK: outboxPK, After: after, Limit: limit})
	if err != nil {
		return OutboxPage{}, err
	}
	out := OutboxPage{Notices: make([]Notice, len(page.Items)), Revs: make([]int64, len(page.Items))}
	for i, item := range page.Items {
		if out.Notices[i], err = decode[Notice](item); err != nil {
			return OutboxPage{}, err
		}
		out.Revs[i] = item.Rev
		if page.More {
			out.Next = item.SK
		}
	}
	return out, nil
}

// sentDays is for how long it is kept what became of a mail.
const sentDays = 90

// Delivered removes a notice and keeps what became of a mail.
func Delivered(ctx context.Context, t Table, n Notice, messageID string, at time.Time) error {
	writes := []Write{{Op: Delete, Key: Key{outboxPK, n.ID}, IfRev: Any}}
	if n.Mail != nil {
		writes = append(writes, writeOf(mailPlaceKey(n.ID), mailPlace{n.Mail.Request, n.Mail.To}, Any))
	}
	if n.Mail != nil && n.Mail.Request != "" {
		sent := Sent{ID: n.ID, To: n.Mail.To, Template: n.Mail.Template, MessageID: messageID, Failed: n.Failed, At: at}
		writes = append(writes, writeOf(Key{"Q#" + n.Mail.Request, "N#" + n.ID}, sent, Any))
	}
	for i := range writes[1:] {
		writes[i+1].Expires = at.AddDate(0, 0, sentDays).Truncate(time.Second)
	}
	return t.Transact(ctx, writes...)
}

// Postpone keeps a notice for later after a failed attempt.
func Postpone(ctx context.Context, t Table, n Notice, rev int64) error {
	return t.Transact(ctx, writeOf(Key{outboxPK, n.ID}, n, rev))
}

// Sent is what became of a mail about a request.
type Sent struct {
	ID        string    `json:"id"`
	To        string    `json:"to"`
	Template  string    `json:"template"`
	MessageID string    `json:"messageId,omitempty"`
	Failed    string    `json:"failed,omitempty"` // why it did not arrive: refused, given up, or come back
	At        time.Time `json:"at"`
}

// SentMails lists the mails about a request.
func SentMails(ctx context.Context, t Table, request string) ([]Sent, error) {
	return List[Sent](ctx, t, "Q#"+request, "N#")
}

// startInput is what a release machine is started with.
type startInput struct {
	Release   string `json:"release"`
	Execution int    `json:"execution"`
	StartAt   string `json:"startAt"`
	Command   struct {
		Action string `json:"action"`
		From   string `json:"from"`
		To     string `json:"to"`
		ID     string `json:"id"`
	} `json:"command"`
}

// StartRelease is the outbox row that makes sure the machine of a release runs.
func StartRelease(r release.Release, startAt string) Notice {
	in := startInput{Release: r.ID, Execution: r.Execution, StartAt: startAt}
	data, err := json.Marshal(in)
	if err != nil { // plain strings: this cannot happen
		panic(err)
	}
	name := ExecutionName(r)
	return Notice{ID: "start-" + name, Kind: NoticeStart, Start: &StartNotice{Machine: "release", Name: name, Input: data}}
}

// ExecutionName is the name under which the machine of a release runs now.
func ExecutionName(r release.Release) string { return fmt.Sprintf("%s-%d", r.ID, r.Execution) }
