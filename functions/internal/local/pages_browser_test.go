package local_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slipway/functions/internal/approval"
	"slipway/functions/internal/phone"
	"slipway/functions/internal/story"
)

// TestFormsInABrowser signs in, decides and lets a mail bounce by the buttons of the pages. Only a browser says where a
// form was posted from, and on pages that tell nobody their address it says so in a way of its own.
func TestFormsInABrowser(t *testing.T) {
	ctx := phone.Browser(t, os.Getenv("CI") == "true", 60*time.Second)
	w := story.Start(t)
	q := askedForAll(t, w)[0]
	page, mail := "/requests/"+q.ID, "/local/outbox/"
	w.Link("wallet-reviewer", q.ID) // waits for the mail
	mail += w.MailsTo("wallet-reviewer", q.ID)[0].ID

	visit(t, ctx, w.Base+"/local/sign-in?to="+page)
	if landed := press(t, ctx, `form:has(input[value="wallet-reviewer@demo.test"]) button`); landed != w.Base+page {
		t.Fatalf("signing in leads to %s", landed)
	}
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`approve.checked = !!(document.querySelector('#confirm').value = '`+q.Version+`')`)); err != nil {
		t.Fatal(err)
	}
	press(t, ctx, `form:has(#confirm) button`)
	if now := w.As("wallet-reviewer").Request(q.ID); now.Status != approval.Approved {
		t.Errorf("decided by the button, the request is %s", now.Status)
	}
	visit(t, ctx, w.Base+mail)
	press(t, ctx, `form[action$="/bounce"] button`)
	if a := w.Nobody().Do("GET", mail, nil); !strings.Contains(string(a.Body), "bounced") {
		t.Errorf("bounced by the button: %s", a)
	}
}

func visit(t *testing.T, ctx context.Context, address string) {
	t.Helper()
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("%s: %v", address, err)
	}
}

// press clicks a button, waits for the page that its form leads to, and gives that page's address.
func press(t *testing.T, ctx context.Context, button string) (landed string) {
	t.Helper()
	if _, err := chromedp.RunResponse(ctx, chromedp.Click(button)); err != nil {
		t.Fatalf("%s: %v", button, err)
	}
	landed, err := chromedp.Run(ctx, chromedp.Location())
	if err != nil {
		t.Fatalf("%s: %v", button, err)
	}
	return landed
}
