package console

import (
	"time"

	"github.com/a-h/templ"
)

// RequestPage is a request as a signed-in person sees it: the same facts, and the form if they may decide.
type RequestPage struct {
	Facts
	Form
	Viewer      string // who is signed in
	SignOut     string // where the sign-out button posts; empty leaves it out
	Status      string // pending, approved, rejected, withdrawn, expired
	CompletedAt time.Time
	CanDecide   bool
	Party       string   // for whom, when CanDecide
	Why         string   // when not CanDecide and pending: a sentence why
	Outcome     string   // the reason of a rejection, the cause of a withdrawal
	Mail        []string // sentences about mails that did not arrive
}

// Render implements Page.
func (p RequestPage) Render() ([]byte, error) {
	return render(document{title: problemFirst(p.Form, p.title()), who: p.who(), body: p.body()})
}

// role says what the viewer may do here, or why nothing.
func (p RequestPage) role() templ.Component {
	if p.CanDecide {
		return words(" You decide for ", say(p.Party), on(", by ", p.ExpiresAt), ".")
	}
	return after(" ", p.Why)
}

// Headers implements Page.
func (p RequestPage) Headers() map[string]string { return headers(p.images()...) }

// Problem is the page for anything that went wrong, for people who came by browser.
type Problem struct {
	Status    int    // of HTTP; shown small, for whoever is asked for help
	Title     string // "Not found"
	Detail    string // a sentence: what is wrong and what would be right
	RequestID string
	Back      Link // where to go from here; empty leaves it out
}

// Render implements Page.
func (p Problem) Render() ([]byte, error) {
	return render(document{title: p.Title, body: p.body()})
}

// Headers implements Page.
func (p Problem) Headers() map[string]string { return headers() }

// Why a mini program's QR code opens nothing.
const (
	UnavailableRemoved = "removed" // by the super app
	UnavailableOffline = "offline" // by its maker
	UnavailableNotYet  = "not_available"
)

// Unavailable is what a QR code opens when there is nothing to open any more. Its readers are users, not members.
type Unavailable struct {
	MiniProgram string
	App         string
	Cause       string // one of the Unavailable constants
	Since       time.Time
}

// Render implements Page.
func (p Unavailable) Render() ([]byte, error) {
	return render(document{title: p.MiniProgram + " is not available", body: p.body()})
}

// Headers implements Page.
func (p Unavailable) Headers() map[string]string { return headers() }

// OpenApp goes with a deep link, for phones that do not open it by themselves or lack the app.
type OpenApp struct {
	MiniProgram string
	App         string
	URL         string // deep link
}

// Render implements Page.
func (p OpenApp) Render() ([]byte, error) {
	return render(document{title: "Open " + p.MiniProgram, body: p.body()})
}

// Headers implements Page.
func (p OpenApp) Headers() map[string]string { return headers() }

// CodeUnknown answers a QR code that never was, with 404.
type CodeUnknown struct{}

// Render implements Page.
func (p CodeUnknown) Render() ([]byte, error) {
	return render(document{title: "This code is not known", body: p.body()})
}

// Headers implements Page.
func (p CodeUnknown) Headers() map[string]string { return headers() }
