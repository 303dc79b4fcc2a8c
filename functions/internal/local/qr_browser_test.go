package local_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slipway/functions/internal/phone"
	"slipway/functions/internal/story"
)

// TestQRCodeOnAPhoneWithoutTheApp opens a code in a real browser that knows nobody for the scheme: what stays on the
// screen is the button and what to do, not the browser's own error.
func TestQRCodeOnAPhoneWithoutTheApp(t *testing.T) {
	w := story.Start(t)
	c := coded(w, live(w))
	ctx := phone.Browser(t, os.Getenv("CI") == "true", 60*time.Second)
	if err := chromedp.Do(ctx, chromedp.Navigate(c.URL), chromedp.WaitReady("body")); err != nil {
		t.Fatal(err)
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	if err != nil || !strings.Contains(text, "Open in Demo Wallet") || !strings.Contains(text, "install Demo Wallet") {
		t.Errorf("the screen says %q, %v", text, err)
	}
}
