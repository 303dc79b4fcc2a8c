package console

import (
	"time"

	"github.com/a-h/templ"

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
	return render(document{title: problemFirst(p.Form, p.title()), body: p.body(), foot: p.foot()})
}

func (p ApprovalPage) foot() templ.Component {
	whose := words()
	if p.Reviewer != "" {
		whose = words("This link was sent to ", say(p.Reviewer), " and is theirs alone; please do not forward it. ")
	}
	if len(p.Errors) > 0 {
		return words(whose, "Nothing has been decided yet.")
	}
	return words(whose, "Opening this page has changed nothing.")
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
	title := "You rejected: " + p.title()
	if p.Decision == Approved {
		title = "You approved: " + p.title()
	}
	return render(document{title: title, body: p.body(), foot: words("You can close this page.")})
}

// next says what happens now.
func (p ApprovalDone) next() templ.Component {
	program, where, by := say(p.MiniProgram), say(targets(p.Targets)), say(p.SubmittedBy)
	switch {
	case p.Decision == Rejected:
		return words(by, " is mailed your reason. ", only(p.Category == Release, "The release goes back to New Version Created and can be applied for again."),
			only(p.Category != Release, "Nothing changes for users."))
	case len(p.Waiting) > 1:
		return words(say(list(p.Waiting)), " still have to decide. You need not do anything more.")
	case len(p.Waiting) == 1:
		return words(say(p.Waiting[0]), " still has to decide. You need not do anything more.")
	case p.Category == Offline:
		return words(program, " is being taken offline in ", where, ". ", by, " is mailed.")
	case p.Category == ForceRemoval:
		return words(program, " is being removed from ", where, ". Its merchant and ", by, " are mailed.")
	}
	return words("The release goes on, and ", by, " is mailed. You need not do anything more.")
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
	ClosedSuperseded    = "superseded"     // a newer version has taken its place meanwhile
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
	ClosedSuperseded:    "A newer version has taken its place",
}

// Title is the page's heading.
func (p ApprovalClosed) Title() string {
	if t, ok := closedTitles[p.Cause]; ok {
		return t
	}
	return "This link no longer decides anything"
}

// Render implements Page.
func (p ApprovalClosed) Render() ([]byte, error) {
	return render(document{title: p.Title(), body: p.body()})
}

// by says who ended the request, for whom and when, as far as it is known.
func (p ApprovalClosed) by() templ.Component {
	return words(after(" by ", p.By), after(" for ", p.Party), on(" on ", p.At))
}

func (p ApprovalClosed) submitter() templ.Component {
	if p.SubmittedBy == "" {
		return words("the submitter")
	}
	return say(p.SubmittedBy)
}

// decided is what somebody did with the request, did what the reader did with it.
func (p ApprovalClosed) decided() string {
	switch p.Decision {
	case Approved:
		return "approved"
	case Rejected:
		return "rejected"
	}
	return "decided"
}

func (p ApprovalClosed) did() string {
	switch p.Decision {
	case Approved:
		return "approved this request"
	case Rejected:
		return "rejected this request"
	}
	return "have used this link"
}

// back says where a request that nobody decided leaves what it was about.
func back(category string) string {
	if category == Release {
		return "The release is back in New Version Created."
	}
	return "Nothing changed for users."
}

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
	return render(document{title: "Sign in to decide: " + p.title(), body: p.body(), foot: words("Opening this page has changed nothing.")})
}

// Headers implements Page.
func (p ApprovalSignIn) Headers() map[string]string { return headers() }

// LinkUnknown answers an approval link that never was, with 404. It tells nothing else on purpose: guessing must not pay.
type LinkUnknown struct{}

// Render implements Page.
func (p LinkUnknown) Render() ([]byte, error) {
	return render(document{title: "This link is not known", body: p.body()})
}

// Headers implements Page.
func (p LinkUnknown) Headers() map[string]string { return headers() }
