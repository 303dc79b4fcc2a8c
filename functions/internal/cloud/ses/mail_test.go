package ses_test

import (
	"context"
	"encoding/json"
	"mime"
	"os"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/google/go-cmp/cmp"

	"slipway/functions/internal/cloud/cloudtest"
	"slipway/functions/internal/cloud/ses"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
	"slipway/functions/internal/moto"
)

func openMail(t *testing.T) mail.Sender {
	t.Helper()
	s, err := ses.OpenMail()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var review = mail.Message{
	To: "reviewer@example.com", Subject: "Überprüfung von “Kaffee” 1.2.0", Text: "Bitte prüfen.", HTML: "<p>Bitte prüfen.</p>", Reference: "request/17#reviewer",
}

func TestMailOnMoto(t *testing.T) {
	server := moto.Start(t)
	server.Env(t)
	t.Setenv("SLIPWAY_MAIL_FROM", "slipway@example.com")
	_, err := openMail(t).Send(context.Background(), review)
	cloudtest.Has(t, err, fault.Unprocessable, "address_refused") // nobody has verified the sender yet

	client := sesv2.New(sesv2.Options{
		Region: moto.Region, BaseEndpoint: sdk.String(os.Getenv("AWS_ENDPOINT_URL")), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	if _, err := client.CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: sdk.String("slipway@example.com")}); err != nil {
		t.Fatal(err)
	}
	id, err := openMail(t).Send(context.Background(), review)
	if err != nil || id == "" {
		t.Errorf("message %q, %v", id, err)
	}
}

// sent is what SES is asked.
type sent struct {
	FromEmailAddress     string
	ConfigurationSetName string
	Destination          struct{ ToAddresses []string }
	EmailTags            []struct{ Name, Value string }
	Content              struct {
		Simple struct {
			Subject struct{ Data, Charset string }
			Headers []struct{ Name, Value string }
			Body    struct {
				Text, Html struct{ Data, Charset string }
			}
		}
	}
}

func TestMailAsSent(t *testing.T) {
	s := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Header: map[string]string{"Content-Type": "application/json"}, Body: `{"MessageId":"m-1"}`})
	t.Setenv("SLIPWAY_MAIL_CONFIGURATION", "bounces")
	id, err := openMail(t).Send(context.Background(), review)
	if id != "m-1" || err != nil {
		t.Fatalf("message %q, %v", id, err)
	}
	var got sent
	if err := json.Unmarshal([]byte(s.Requests[0].Body), &got); err != nil {
		t.Fatal(err)
	}
	subject := got.Content.Simple.Subject.Data
	if strings.IndexFunc(subject, func(r rune) bool { return r > 0x7e }) >= 0 {
		t.Errorf("subject %q is not ASCII", subject)
	}
	var want sent
	want.FromEmailAddress, want.ConfigurationSetName = "slipway@example.com", "bounces"
	want.Destination.ToAddresses = []string{review.To}
	want.EmailTags = append(want.EmailTags, struct{ Name, Value string }{"reference", "request_17_reviewer"})
	simple := &want.Content.Simple
	simple.Headers = append(simple.Headers, struct{ Name, Value string }{"X-Slipway-Reference", "request_17_reviewer"})
	simple.Subject.Data, simple.Subject.Charset = review.Subject, "UTF-8"
	simple.Body.Text.Data, simple.Body.Text.Charset = review.Text, "UTF-8"
	simple.Body.Html.Data, simple.Body.Html.Charset = review.HTML, "UTF-8"
	if got.Content.Simple.Subject.Data, err = new(mime.WordDecoder).DecodeHeader(subject); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("what SES is asked (-want +got):\n%s", d)
	}
}

func TestMailFaults(t *testing.T) {
	for kind, want := range map[string]struct {
		kind fault.Kind
		code string
	}{
		"MessageRejected":                    {fault.Unprocessable, "address_refused"},
		"TooManyRequestsException":           {fault.Limited, "mail_limited"},
		"LimitExceededException":             {fault.Limited, "mail_limited"},
		"SendingPausedException":             {fault.Unavailable, "mail_unavailable"},
		"AccountSuspendedException":          {fault.Unavailable, "mail_unavailable"},
		"MailFromDomainNotVerifiedException": {fault.Unavailable, "mail_unavailable"},
	} {
		t.Run(kind, func(t *testing.T) {
			cloudtest.AWS(t, cloudtest.Refusal(400, kind))
			_, err := openMail(t).Send(context.Background(), review)
			cloudtest.Has(t, err, want.kind, want.code)
		})
	}
	cloudtest.AWS(t, cloudtest.Refusal(400, "NotFoundException"))
	if _, err := openMail(t).Send(context.Background(), review); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("a missing configuration set: %v", err)
	}
}

func TestMailAddresses(t *testing.T) {
	s := cloudtest.AWS(t, cloudtest.Answer{Status: 200, Body: `{"MessageId":"m-1"}`})
	for _, to := range []string{"", "nobody", "a@b@c", "a@example.com, b@example.com", "A <a@example.com>", "a@example.com\r\nBcc: b@example.com", "ü@example.com", " a@example.com"} {
		_, err := openMail(t).Send(context.Background(), mail.Message{To: to, Subject: "s", Text: "t"})
		cloudtest.Has(t, err, fault.Unprocessable, "address_refused")
	}
	if s.Count() != 0 {
		t.Errorf("%d mails were sent", s.Count())
	}
}
