package mail_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/mail"
	"slipway/functions/internal/phone"
)

var pictures = flag.String("pictures", "", "a folder in which to keep pictures of the mails on a phone")

// kept are fields with one of few words.
var kept = []string{"Category", "Outcome", "Next", "From", "To", "Environment"}

// length is how long a text of a mail can be.
func length(field string) int {
	switch {
	case slices.Contains(kept, field):
		return 0
	case field == "Reason" || field == "Notes" || field == "Cause":
		return 1000
	case field == "Version":
		return 32
	}
	return 100
}

// TestMailsOnAPhone: nothing has to be scrolled sideways, is too small, cannot be hit or is cut off, also with the
// longest names and reasons and nowhere to break them.
func TestMailsOnAPhone(t *testing.T) {
	ctx := phone.Browser(t, os.Getenv("CI") == "true", 90*time.Second)
	looked := 0
	for name, content := range samples() {
		for suffix, c := range map[string]mail.Content{"": content, "_longest": phone.Longest(content, length)} {
			kind, data, err := mail.Encode(c)
			if err != nil {
				t.Fatal(err)
			}
			m, err := mail.Render(kind, data, to, reference, link+strings.Repeat("A", 35))
			if err != nil {
				t.Fatal(err)
			}
			for _, wrong := range phone.Look(t, ctx, name+suffix, []byte(m.HTML), nil, *pictures) {
				t.Errorf("%s%s: %s", name, suffix, wrong)
			}
			looked++
		}
	}
	if looked < 28 {
		t.Errorf("looked at %d mails", looked)
	}
}
