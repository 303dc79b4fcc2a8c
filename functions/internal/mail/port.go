package mail

import "context"

// Message is one whole mail, as it is sent.
type Message struct {
	To        string `json:"to"`
	Subject   string `json:"subject"`
	Text      string `json:"text"`
	HTML      string `json:"html"`
	Reference string `json:"reference"` // stable for one mail; a repeated send carries the same
}

// Sender hands a mail to a mail service. Package cloud implements it on SES v2, package local with an outbox.
//
// Errors are faults: Unprocessable with code "address_refused" when the service will never take this address,
// Limited when the sending rate is exceeded, Unavailable when the service cannot be reached.
type Sender interface {
	// Send returns the service's message id. Sending the same Reference twice may deliver twice.
	Send(ctx context.Context, m Message) (messageID string, err error)
}
