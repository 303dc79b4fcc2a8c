package cloud

import (
	"context"
	"errors"
	"mime"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
)

// sending is mail.Sender on SES v2.
type sending struct {
	client        *sesv2.Client
	from          string
	configuration *string // nil for the identity's own
}

// Mail sends from SLIPWAY_MAIL_FROM, through the configuration set in SLIPWAY_MAIL_CONFIGURATION if there is one. For
// mains: without the former the process ends, naming it.
func Mail() mail.Sender { return orExit(OpenMail()) }

// OpenMail is Mail with an error in place of the exit. It sends nothing.
func OpenMail() (mail.Sender, error) {
	from, err := Require(mailFromVariable)
	if err != nil {
		return nil, err
	}
	env, err := environment("SESV2")
	if err != nil {
		return nil, err
	}
	s := &sending{from: from}
	if set := Optional(configurationVariable, ""); set != "" {
		s.configuration = &set
	}
	s.client = sesv2.New(sesv2.Options{
		Region: env.region, Credentials: env.credentials, BaseEndpoint: env.endpoint,
		HTTPClient: httpClient(10 * time.Second), Retryer: retryer(),
	})
	return s, nil
}

// Send implements mail.Sender. The reference goes along twice: as the header X-Slipway-Reference, for whoever holds the
// mail, and as the tag "reference", which SES repeats in every event about it.
func (s *sending) Send(ctx context.Context, m mail.Message) (string, error) {
	if !deliverable(m.To) {
		return "", fault.New(fault.Unprocessable, "address_refused", "%q is no address that mail can be sent to; it must look like name@example.com.", m.To)
	}
	ctx, cancel := within(ctx)
	defer cancel()
	message := &types.Message{
		// SES takes a subject in ASCII only and leaves the encoding to its callers.
		Subject: content(mime.QEncoding.Encode("utf-8", m.Subject)),
		Body:    &types.Body{Text: content(m.Text)},
	}
	if m.HTML != "" {
		message.Body.Html = content(m.HTML)
	}
	in := &sesv2.SendEmailInput{
		FromEmailAddress: &s.from, ConfigurationSetName: s.configuration,
		Destination: &types.Destination{ToAddresses: []string{m.To}},
		Content:     &types.EmailContent{Simple: message},
	}
	if m.Reference != "" {
		message.Headers = []types.MessageHeader{{Name: aws.String("X-Slipway-Reference"), Value: aws.String(plain(m.Reference, 800))}}
		in.EmailTags = []types.MessageTag{{Name: aws.String("reference"), Value: aws.String(plain(m.Reference, 256))}}
	}
	out, err := s.client.SendEmail(ctx, in)
	var rejected *types.MessageRejected
	var paused *types.SendingPausedException
	var unverified *types.MailFromDomainNotVerifiedException
	var suspended *types.AccountSuspendedException
	switch {
	case err == nil:
		return aws.ToString(out.MessageId), nil
	case errors.As(err, &rejected):
		return "", fault.Wrap(fault.Unprocessable, "address_refused", err, "The mail service refused to send to %s.", m.To)
	case errors.As(err, &paused), errors.As(err, &unverified), errors.As(err, &suspended):
		// Nothing is wrong with the mail: it can go once the operator has put the account right.
		return "", sender.unavailable("send", err)
	}
	return "", sender.fault("send", err)
}

func content(s string) *types.Content {
	return &types.Content{Data: aws.String(s), Charset: aws.String("UTF-8")}
}

// deliverable says whether SES can take the address at all: it is plain, and in ASCII.
func deliverable(address string) bool {
	parsed, err := netmail.ParseAddress(address)
	return err == nil && parsed.Address == address && isASCII(address)
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r < 0x21 || r > 0x7e }) < 0
}

// plain makes a value that SES takes as a tag: ASCII letters, digits and _ - . @
func plain(s string, n int) string {
	return cut(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_-.@", r):
			return r
		}
		return '_'
	}, s), n)
}
