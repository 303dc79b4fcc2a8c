package task_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/local/table"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// post is a mail service that can be told to fail.
type post struct {
	sent []mail.Message
	err  error
}

func (p *post) Send(_ context.Context, m mail.Message) (string, error) {
	if p.err != nil {
		return "", p.err
	}
	p.sent = append(p.sent, m)
	return fmt.Sprint("id-", len(p.sent)), nil
}

// forgetful loses what comes after a mail was sent, as a crash between send and record does.
type forgetful struct {
	store.Table
	crash bool
}

var errCrash = errors.New("crash")

func (f *forgetful) Transact(ctx context.Context, writes ...store.Write) error {
	if f.crash && writes[0].Op == store.Delete {
		return errCrash
	}
	return f.Table.Transact(ctx, writes...)
}

func mailOffice(t *testing.T, mails int) (*forgetful, *post, task.Courier) {
	t.Helper()
	db, err := table.Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f, p := &forgetful{Table: db}, &post{}
	asked := mail.ReviewRequested{
		Subject: mail.Subject{MiniProgram: "Coffee", Version: "1.0.0", Targets: []mail.Target{{App: "Wallet", Environment: "production"}}}, Category: mail.Release,
		RequestID: "q1", Party: "Wallet", SubmittedBy: "Mia", SubmittedAt: began, ExpiresAt: began.AddDate(0, 0, 7),
	}
	kind, data, err := mail.Encode(asked)
	if err != nil {
		t.Fatal(err)
	}
	for i := range mails {
		n := store.Notice{ID: fmt.Sprintf("m%04d", i), Kind: store.NoticeMail, Mail: &store.MailNotice{
			To: "rita@x.test", Template: kind, Data: json.RawMessage(data), Request: "q1", Link: &store.LinkSeed{Request: "q1", Party: "app", Reviewer: "rita@x.test", Nonce: "n"},
		}}
		if err := db.Transact(t.Context(), store.NoticeWrite(n)); err != nil {
			t.Fatal(err)
		}
	}
	return f, p, task.Courier{Table: f, Sender: p, Links: approval.Links{Key: approval.FixedKey(make([]byte, 32)), Base: "https://s.test"}}
}

var began = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

func deliverAt(t *testing.T, c task.Courier, at time.Time) {
	t.Helper()
	if _, err := c.Deliver(t.Context(), at); err != nil && !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
}

// TestACrashAfterSendingSendsOnceMore: with the same reference and the same link, not before the lease is over, and
// then never again.
func TestACrashAfterSendingSendsOnceMore(t *testing.T) {
	table, post, courier := mailOffice(t, 1)
	table.crash = true
	deliverAt(t, courier, began)
	table.crash = false
	deliverAt(t, courier, began.Add(time.Second))
	if len(post.sent) != 1 {
		t.Fatalf("%d mails while the first sender may still be at it", len(post.sent))
	}
	for i := range 1000 {
		deliverAt(t, courier, began.Add(2*time.Minute+time.Duration(i)*time.Second))
	}
	if len(post.sent) != 2 || post.sent[0] != post.sent[1] {
		t.Fatalf("%d mails, or not the same: %+v", len(post.sent), post.sent)
	}
	mails, err := store.SentMails(t.Context(), table, "q1")
	if err != nil || len(mails) != 1 || mails[0].Failed != "" {
		t.Errorf("the request shows %+v, %v", mails, err)
	}
}

// TestTwoSendersSendOnce: the stream and the schedule may wake two functions at once.
func TestTwoSendersSendOnce(t *testing.T) {
	table, post, courier := mailOffice(t, 1)
	other := courier
	other.Sender = senderFunc(func(ctx context.Context, m mail.Message) (string, error) {
		deliverAt(t, courier, began) // the second one comes while the first is sending
		return post.Send(ctx, m)
	})
	deliverAt(t, other, began)
	if len(post.sent) != 1 {
		t.Errorf("%d mails", len(post.sent))
	}
	_ = table
}

type senderFunc func(context.Context, mail.Message) (string, error)

func (f senderFunc) Send(ctx context.Context, m mail.Message) (string, error) { return f(ctx, m) }

// TestFailingMailsDoNotHoldUpTheRest, are tried again with growing pauses, and are given up in the end, visibly.
func TestFailingMailsDoNotHoldUpTheRest(t *testing.T) {
	_, post, courier := mailOffice(t, 250)
	post.err = fault.New(fault.Unavailable, "ses_down", "The mail service does not answer.")
	deliverAt(t, courier, began)
	post.err = nil
	deliverAt(t, courier, began.Add(time.Hour))
	if len(post.sent) != 250 {
		t.Errorf("%d of 250 mails after the service was back", len(post.sent))
	}
}

func TestARefusedAddressIsShown(t *testing.T) {
	table, post, courier := mailOffice(t, 1)
	post.err = fault.New(fault.Unprocessable, "address_refused", "The address does not exist.")
	deliverAt(t, courier, began)
	mails, err := store.SentMails(t.Context(), table, "q1")
	if err != nil || len(mails) != 1 || mails[0].Failed == "" {
		t.Errorf("the request shows %+v, %v", mails, err)
	}
}
