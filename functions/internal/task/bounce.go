package task

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/store"
)

// MailReport is what SES says of a mail through EventBridge, as far as it is of interest
// (docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html).
type MailReport struct {
	Detail struct {
		Bounce struct {
			Type       string          `json:"bounceType"` // Permanent, Transient or Undetermined
			Recipients []MailRecipient `json:"bouncedRecipients"`
			At         time.Time       `json:"timestamp"`
		} `json:"bounce"`
		Complaint struct {
			Recipients []MailRecipient `json:"complainedRecipients"`
			At         time.Time       `json:"timestamp"`
		} `json:"complaint"`
		Mail struct {
			Tags map[string][]string `json:"tags"` // of ours, "reference": the id of the notice
		} `json:"mail"`
	} `json:"detail"`
}

// MailRecipient is somebody whom a report is about.
type MailRecipient struct {
	Email      string `json:"emailAddress"`
	Diagnostic string `json:"diagnosticCode,omitempty"` // in the words of a stranger's mail server
}

// Bounce makes the handler of what the mail service reports about mails that it had taken: one came back, or somebody
// called it spam. It is shown on the request, and an address that will not take mail any more is marked. Reports of
// mails or recipients that nobody knows change nothing; one that comes before its mail is recorded is an error, so that
// the event is tried again.
func Bounce(t store.Table) func(ctx context.Context, event json.RawMessage) error {
	return func(ctx context.Context, event json.RawMessage) error {
		var r MailReport
		if err := json.Unmarshal(event, &r); err != nil {
			return fmt.Errorf("bounce: event: %w", err)
		}
		d := r.Detail
		for _, reference := range d.Mail.Tags["reference"] {
			for _, to := range d.Bounce.Recipients {
				b := store.Bounced{Email: to.Email, At: d.Bounce.At, Why: cameBack(to)}
				if err := report(ctx, t, reference, b, d.Bounce.Type == "Permanent"); err != nil {
					return fmt.Errorf("bounce: %w", err)
				}
			}
			for _, to := range d.Complaint.Recipients {
				b := store.Bounced{Email: to.Email, At: d.Complaint.At, Why: fmt.Sprintf("%s reported the mail as unwanted.", to.Email)}
				if err := report(ctx, t, reference, b, true); err != nil {
					return fmt.Errorf("bounce: %w", err)
				}
			}
		}
		return nil
	}
}

// Bounds of what a report says: how much of a stranger's words is kept, and how long the id of a notice can be.
const (
	maxDiagnostic = 200
	maxReference  = 200
)

func cameBack(to MailRecipient) string {
	why := catalog.Shown(strings.Join(strings.Fields(to.Diagnostic), " "), maxDiagnostic)
	if why == "" {
		why = "its mail server did not say why"
	}
	return fmt.Sprintf("Mail to %s bounced: %s", to.Email, why)
}

// report keeps what is said of one recipient, if the mail went to that one.
func report(ctx context.Context, t store.Table, reference string, b store.Bounced, mark bool) error {
	if reference == "" || len(reference) > maxReference {
		return nil
	}
	return Again(ctx, func() error {
		request, to, waiting, err := store.MailByID(ctx, t, reference)
		switch {
		case err != nil:
			return err
		case waiting:
			return fault.New(fault.Unavailable, "not_recorded", "Mail %s is being sent.", reference)
		}
		email, ok := catalog.NormalEmail(b.Email)
		if !ok || email != to || b.At.IsZero() {
			slog.WarnContext(ctx, "mail report", "action", "bounce", "outcome", "ignored")
			return nil
		}
		slog.InfoContext(ctx, "mail report", "action", "bounce", "subject", request, "outcome", "ok")
		b.Email = email
		return store.SaveBounced(ctx, t, reference, request, b, mark)
	})
}
