package stack

import (
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"slipway/functions/internal/local"
	"slipway/functions/internal/mail"
)

// postOffice keeps the mails that moto took, for the stories to read.
type postOffice struct {
	mu    sync.Mutex
	mails []local.Mail
}

// sent takes down a mail by what SES was asked and what it answered.
func (p *postOffice) sent(asked, answered []byte) {
	var in struct {
		Destination struct{ ToAddresses []string }
		Content     struct {
			Simple struct {
				Subject struct{ Data string }
				Body    struct{ Text, Html struct{ Data string } }
				Headers []struct{ Name, Value string }
			}
		}
	}
	var out struct{ MessageId string }
	if json.Unmarshal(asked, &in) != nil || json.Unmarshal(answered, &out) != nil || len(in.Destination.ToAddresses) != 1 || out.MessageId == "" {
		return // then the story that waits for the mail says so
	}
	m := mail.Message{To: in.Destination.ToAddresses[0], Text: in.Content.Simple.Body.Text.Data, HTML: in.Content.Simple.Body.Html.Data}
	m.Subject, _ = new(mime.WordDecoder).DecodeHeader(in.Content.Simple.Subject.Data)
	for _, h := range in.Content.Simple.Headers {
		if strings.HasSuffix(h.Name, "Reference") {
			m.Reference = h.Value
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = append(p.mails, local.NewMail(out.MessageId, time.Now(), m))
}

// list answers GET /local/outbox, the newest first.
func (p *postOffice) list(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	newest := make([]local.Mail, 0, len(p.mails))
	for i := len(p.mails) - 1; i >= 0; i-- {
		newest = append(newest, p.mails[i])
	}
	answer(w, map[string]any{"items": newest})
}
