package task_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/store"
	"slipway/functions/internal/task"
)

// bounced is a report as SES documents it for EventBridge.
func bounced(reference, kind, to, diagnostic string, at time.Time) string {
	d, _ := json.Marshal(diagnostic)
	return fmt.Sprintf(`{"version": "0", "detail-type": "Email Bounced", "source": "aws.ses", "detail": {"eventType": "Bounce",
		"bounce": {"feedbackId": "f", "bounceType": %q, "bounceSubType": "General", "timestamp": %q, "reportingMTA": "dns; mail",
			"bouncedRecipients": [{"emailAddress": %q, "action": "failed", "status": "5.1.1", "diagnosticCode": %s}]},
		"mail": {"messageId": "id-1", "destination": [%[3]q], "tags": {"reference": [%[5]q], "ses:configuration-set": ["set"]}}}}`,
		kind, at.Format(time.RFC3339), to, d, reference)
}

func complained(reference, to string, at time.Time) string {
	return fmt.Sprintf(`{"detail-type": "Email Complaint Received", "detail": {"complaint": {"timestamp": %q,
		"complainedRecipients": [{"emailAddress": %q}]}, "mail": {"tags": {"reference": [%q]}}}}`, at.Format(time.RFC3339), to, reference)
}

// told is what the request and the address show after some reports.
func told(t *testing.T, table store.Table, reports ...string) (failed string, marked []store.Bounced) {
	t.Helper()
	for _, r := range reports {
		if err := task.Bounce(table)(t.Context(), json.RawMessage(r)); err != nil {
			t.Fatal(err)
		}
	}
	mails, err := store.SentMails(t.Context(), table, "q1")
	must(t, err)
	marked, err = store.BouncedAmong(t.Context(), table, []string{"rita@x.test", "other@x.test"}, began.AddDate(0, 0, 1))
	must(t, err)
	return mails[0].Failed, marked
}

func TestBounces(t *testing.T) {
	const why = "Mail to rita@x.test bounced: smtp; 550 5.1.1 user unknown"
	hour := began.Add(time.Hour)
	hard := bounced("m0000", "Permanent", "rita@x.test", "smtp; 550 5.1.1\n user\tunknown", hour)
	mark := []store.Bounced{{Email: "rita@x.test", Why: why, At: hour}}
	for name, c := range map[string]struct {
		reports []string
		failed  string
		marked  []store.Bounced
	}{
		"permanent":         {[]string{hard}, why, mark},
		"a thousand times":  {strings.Split(strings.Repeat(hard+"\x00", 999)+hard, "\x00"), why, mark},
		"another case":      {[]string{strings.ReplaceAll(hard, "rita@", "Rita@")}, strings.Replace(why, "rita", "Rita", 1), []store.Bounced{{Email: "rita@x.test", Why: strings.Replace(why, "rita", "Rita", 1), At: hour}}},
		"full for now":      {[]string{bounced("m0000", "Transient", "rita@x.test", "", hour)}, "Mail to rita@x.test bounced: its mail server did not say why", nil},
		"complaint":         {[]string{complained("m0000", "rita@x.test", hour)}, "rita@x.test reported the mail as unwanted.", []store.Bounced{{Email: "rita@x.test", Why: "rita@x.test reported the mail as unwanted.", At: hour}}},
		"older than known":  {[]string{hard, bounced("m0000", "Permanent", "rita@x.test", "old", began)}, "Mail to rita@x.test bounced: old", mark},
		"unknown mail":      {[]string{bounced("m9999", "Permanent", "rita@x.test", "x", hour)}, "", nil},
		"no mail":           {[]string{bounced("", "Permanent", "rita@x.test", "x", hour), `{}`, `{"detail": {"mail": {}}}`}, "", nil},
		"another recipient": {[]string{bounced("m0000", "Permanent", "other@x.test", "x", hour)}, "", nil},
		"no address":        {[]string{bounced("m0000", "Permanent", "rita@x.test\r\nBcc: a@b.c", "x", hour)}, "", nil},
		"no time":           {[]string{bounced("m0000", "Permanent", "rita@x.test", "x", time.Time{})}, "", nil},
		"long id":           {[]string{bounced(strings.Repeat("m", 5000), "Permanent", "rita@x.test", "x", hour)}, "", nil},
		"hostile words":     {[]string{bounced("m0000", "Transient", "rita@x.test", "\u202eevil\x1b[31m"+strings.Repeat("é", 500), hour)}, "Mail to rita@x.test bounced: evil[31m" + strings.Repeat("é", 192), nil},
	} {
		t.Run(name, func(t *testing.T) {
			table, _, courier := mailOffice(t, 1)
			deliverAt(t, courier, began)
			failed, marked := told(t, table, c.reports...)
			if diff := cmp.Diff(c.failed, failed) + cmp.Diff(c.marked, marked); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestABounceEndsAfterAWhile: an address may have been put right.
func TestABounceEndsAfterAWhile(t *testing.T) {
	table, _, courier := mailOffice(t, 1)
	deliverAt(t, courier, began)
	told(t, table, complained("m0000", "rita@x.test", began))
	for days, want := range map[int]int{89: 1, 91: 0} {
		marked, err := store.BouncedAmong(t.Context(), table, []string{"rita@x.test"}, began.AddDate(0, 0, days))
		if err != nil || len(marked) != want {
			t.Errorf("after %d days: %v, %v", days, marked, err)
		}
	}
}

// TestABounceBeforeItsMailIsRecorded is an error, so that it comes again; then it is shown.
func TestABounceBeforeItsMailIsRecorded(t *testing.T) {
	table, post, courier := mailOffice(t, 1)
	report := json.RawMessage(bounced("m0000", "Permanent", "rita@x.test", "gone", began.Add(time.Second)))
	var early error
	courier.Sender = senderFunc(func(ctx context.Context, m mail.Message) (string, error) {
		early = task.Bounce(table)(ctx, report)
		return post.Send(ctx, m)
	})
	deliverAt(t, courier, began)
	if !fault.Is(early, fault.Unavailable) {
		t.Errorf("while the mail was sent: %v", early)
	}
	if failed, marked := told(t, table, string(report)); failed != "Mail to rita@x.test bounced: gone" || len(marked) != 1 {
		t.Errorf("%q, %v", failed, marked)
	}
	if err := task.Bounce(table)(t.Context(), json.RawMessage(`[`)); err == nil {
		t.Error("what is no event was taken")
	}
}
