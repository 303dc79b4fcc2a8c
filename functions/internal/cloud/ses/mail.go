// Package ses is the mail of Slipway on SES v2. What a mail says does not belong here.
package ses

import (
	"context"
	"errors"
	"mime"
	netmail "net/mail"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"

	"slipway/functions/internal/cloud"
	"slipway/functions/internal/cloud/client"
	"slipway/functions/internal/fault"
	"slipway/functions/internal/mail"
)

var below = client.Below{Code: "mail", Name: "The mail service"}

// sending is mail.Sender on SES v2. It holds the operation that it calls and not its client, which leads to dozens.
type sending struct {
	send          func() send // made for the first mail: what the outbox holds may be none
	from          string
	configuration *string // nil for the identity's own
}

type send func(context.Context, *sesv2.SendEmailInput, ...func(*sesv2.Options)) (*sesv2.SendEmailOutput, error)

// Mail sends from SLIPWAY_MAIL_FROM, through the configuration set in SLIPWAY_MAIL_CONFIGURATION if there is one. For
// mains: without the former the process ends, naming it.
func Mail() mail.Sender { return cloud.OrExit(OpenMail()) }

// OpenMail is Mail with an error in place of the exit. It sends nothing.
func OpenMail() (mail.Sender, error) {
	from, err := cloud.Require("SLIPWAY_MAIL_FROM")
	if err != nil {
		return nil, err
	}
	env, err := client.Environment("SESV2")
	if err != nil {
		return nil, err
	}
	s := &sending{from: from}
	if set := cloud.Optional("SLIPWAY_MAIL_CONFIGURATION", ""); set != "" {
		s.configuration = &set
	}
	s.send = sync.OnceValue(func() send {
		return sesv2.New(sesv2.Options{
			Region: env.Region, Credentials: env.Credentials, BaseEndpoint: env.Endpoint,
			HTTPClient: client.HTTP(10 * time.Second), Retryer: client.Retryer(),
		}).SendEmail
	})
	return s, nil
}

// Send implements mail.Sender. The reference goes along twice: as the header X-Slipway-Reference, for whoever holds the
// mail, and as the tag "reference", which SES repeats in every event about it.
func (s *sending) Send(ctx context.Context, m mail.Message) (string, error) {
	if !deliverable(m.To) {
		return "", fault.New(fault.Unprocessable, "address_refused", "%q is no address that mail can be sent to; it must look like name@example.com.", m.To)
	}
	ctx, cancel := client.Within(ctx)
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
	out, err := s.send()(ctx, in)
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
		return "", below.Unavailable("send", err)
	}
	return "", below.Fault("send", err)
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
	ascii := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("_-.@", r):
			return r
		}
		return '_'
	}, s)
	return ascii[:min(len(ascii), n)]
}
