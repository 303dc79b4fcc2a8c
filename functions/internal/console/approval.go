package console

import (
	"time"

	"slipway/functions/internal/fault"
)

// Hidden is a value a form carries along.
type Hidden struct{ Name, Value string }

// Form is the decision form: it posts confirm, decision (Approve or Reject) and reason, url-encoded, to Action or,
// when that is empty, to the page's own address. What was typed comes back with what is wrong.
type Form struct {
	Action   string
	Hidden   []Hidden // for example the signed-in page's CSRF token
	Confirm  string   // as typed
	Decision string
	Reason   string
	Errors   []fault.Field // Field is confirm, decision or reason; anything else is shown at the top only
}

// Error is the first complaint about a field, or "".
func (f Form) Error(field string) string {
	for _, e := range f.Errors {
		if e.Field == field {
			return e.Detail
		}
	}
	return ""
}

// ApprovalPage is what an emailed approval link opens: all that is decided, then the form.
type ApprovalPage struct {
	Facts
	Form
	Party    string // the reader decides for it
	Reviewer string // whom the link was sent to
}

// Render implements Page.
func (p ApprovalPage) Render() ([]byte, error) {
	return render("approval", problemFirst(p.Form, p.title()), p)
}

// Headers implements Page.
func (p ApprovalPage) Headers() map[string]string { return headers(p.images()...) }

// problemFirst puts the news into the title, which is what a screen reader says first after a form comes back.
func problemFirst(f Form, title string) string {
	if len(f.Errors) > 0 {
		return "Not sent yet: " + title
	}
	return title
}

// ApprovalDone answers a decision made by link or on the signed-in page.
type ApprovalDone struct {
	Facts           // only what names the request is shown
	Decision string // Approved or Rejected
	Party    string // for which it was made
	At       time.Time
	Waiting  []string // parties that still have to decide; empty when the request is decided
}

// Render implements Page.
func (p ApprovalDone) Render() ([]byte, error) {
	if p.Decision == Approved {
		return render("approval_done", "You approved: "+p.title(), p)
	}
	return render("approval_done", "You rejected: "+p.title(), p)
}

// Headers implements Page.
func (p ApprovalDone) Headers() map[string]string { return headers() }

// Why a link no longer decides anything.
const (
	ClosedUsed          = "used"           // the reader has decided
	ClosedExpired       = "expired"        // nobody decided in time
	ClosedWithdrawn     = "withdrawn"      // by the submitter, or by the system with a Note
	ClosedOvertaken     = "overtaken"      // somebody else's decision settled it
	ClosedDigestChanged = "digest_changed" // what was to be reviewed is not what there is now
	ClosedForceRemoved  = "force_removed"  // the mini program was removed meanwhile
	ClosedReplaced      = "replaced"       // a newer link was sent to the same reviewer
)

// ApprovalClosed says why a link no longer decides, by whom and when if that is known, and what to do now.
type ApprovalClosed struct {
	Facts
	Cause    string // one of the Closed constants
	Decision string // used, overtaken: Approved or Rejected
	By       string // who decided, withdrew or removed
	Party    string // for whom
	At       time.Time
	Note     string // the reason of a rejection, the cause of a withdrawal
}

var closedTitles = map[string]string{
	ClosedUsed:          "You have already decided",
	ClosedExpired:       "This request has expired",
	ClosedWithdrawn:     "This request was withdrawn",
	ClosedOvertaken:     "This request is already decided",
	ClosedDigestChanged: "What you were asked to review has changed",
	ClosedForceRemoved:  "This mini program was force removed",
	ClosedReplaced:      "A newer link was sent to you",
}

// Title is the page's heading.
func (p ApprovalClosed) Title() string {
	if t, ok := closedTitles[p.Cause]; ok {
		return t
	}
	return "This link no longer decides anything"
}

// Render implements Page.
func (p ApprovalClosed) Render() ([]byte, error) { return render("approval_closed", p.Title(), p) }

// Headers implements Page.
func (p ApprovalClosed) Headers() map[string]string { return headers() }

// ApprovalSignIn is what a link opens when the target app asks its reviewers to sign in. It decides nothing.
type ApprovalSignIn struct {
	Facts
	Party string
	URL   string // the signed-in page of the request: https, http on loopback, or a path on this host
}

// Render implements Page.
func (p ApprovalSignIn) Render() ([]byte, error) {
	return render("approval_sign_in", "Sign in to decide: "+p.title(), p)
}

// Headers implements Page.
func (p ApprovalSignIn) Headers() map[string]string { return headers() }

// LinkUnknown answers an approval link that never was, with 404. It tells nothing else on purpose: guessing must not pay.
type LinkUnknown struct{}

// Render implements Page.
func (p LinkUnknown) Render() ([]byte, error) {
	return render("link_unknown", "This link is not known", p)
}

// Headers implements Page.
func (p LinkUnknown) Headers() map[string]string { return headers() }
