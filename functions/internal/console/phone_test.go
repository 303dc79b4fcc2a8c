package console_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"slipway/functions/internal/console"
	"slipway/functions/internal/phone"
)

var pictures = flag.String("pictures", "", "a folder in which to keep pictures of the pages on a phone")

// kept are fields with one of few words, and addresses.
var kept = []string{"Category", "Decision", "State", "Status", "Cause", "URL", "LogoURL", "ReportURL", "Action", "SignOut", "Back", "Home", "Bounce", "HTML", "Field", "Environment", "Language"}

func length(field string) int {
	switch {
	case slices.Contains(kept, field):
		return 0
	case field == "Reason" || field == "Notes" || field == "Note" || field == "Outcome" || field == "Description":
		return 1000
	case field == "Version":
		return 32
	}
	return 100
}

// TestPagesOnAPhone: nothing has to be scrolled sideways, is too small, cannot be hit or is cut off, also with the
// longest names and reasons and nowhere to break them.
func TestPagesOnAPhone(t *testing.T) {
	ctx := phone.Browser(t, os.Getenv("CI") == "true", 120*time.Second)
	looked := 0
	for name, p := range samples() {
		for suffix, p := range map[string]console.Page{"": p, "_longest": phone.Longest(p, length)} {
			headers := p.Headers()
			headers["Content-Security-Policy"] = strings.ReplaceAll(headers["Content-Security-Policy"], "img-src", "x-img-src") // nothing is fetched
			for _, wrong := range phone.Look(t, ctx, name+suffix, []byte(page(t, p)), headers, *pictures) {
				t.Errorf("%s%s: %s", name, suffix, wrong)
			}
			looked++
		}
	}
	if looked < 60 {
		t.Errorf("looked at %d pages", looked)
	}
}
