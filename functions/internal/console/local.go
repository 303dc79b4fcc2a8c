package console

import (
	"slices"
	"time"
)

// Link is something to click; URL is http, https or a path on this host.
type Link struct{ Text, URL, About string }

// Item is a name and what it is now.
type Item struct{ Name, Value string }

// Step is one command to try.
type Step struct{ Title, Text, Command string }

// Home is the first page on a laptop.
type Home struct {
	Address    string // where it listens
	SignedInAs string // empty when nobody is
	SignOut    string // where the sign-out button posts; empty leaves it out
	Requests   []RequestList
	Links      []Link // sign in, outbox, OpenAPI
	Running    []Item // what runs: data folder, apps, executions
	Steps      []Step // how to start with curl
}

// Render implements Page.
func (p Home) Render() ([]byte, error) {
	return render(document{title: "Slipway on this machine", who: p.who(), body: p.body()})
}

// Headers implements Page.
func (p Home) Headers() map[string]string { return headers() }

// RequestList is a list of requests, the latest first.
type RequestList struct {
	Title string
	None  string // what is said when there is none
	Rows  []RequestRow
}

// RequestRow leads to the page of a request. Of the facts only those that name it are shown.
type RequestRow struct {
	Facts
	URL    string
	Status string
}

// Person is somebody one can sign in as on a laptop.
type Person struct {
	Name  string
	Email string
	Roles []string // "admin of Demo Wallet (super app)"
}

// SignIn is the local identity provider's page: each person is a form that posts email and the hidden values to Action.
type SignIn struct {
	Action   string
	Hidden   []Hidden
	People   []Person
	AnyEmail bool   // also offer to type an address, for people who were invited later
	Email    string // as typed
	Problem  string // what was wrong with it
}

// Render implements Page.
func (p SignIn) Render() ([]byte, error) {
	return render(document{title: "Sign in", body: p.body()})
}

// Headers implements Page.
func (p SignIn) Headers() map[string]string { return headers() }

// OutboxRow is one mail in the list.
type OutboxRow struct {
	URL     string
	Subject string
	To      string
	At      time.Time
}

// Outbox lists the mails that were "sent" on a laptop; it puts the newest first.
type Outbox struct {
	Mails []OutboxRow
	Home  string // where "Home" leads
}

// Render implements Page.
func (p Outbox) Render() ([]byte, error) {
	p.Mails = slices.Clone(p.Mails)
	slices.SortStableFunc(p.Mails, func(a, b OutboxRow) int { return b.At.Compare(a.At) })
	return render(document{title: "Outbox", who: way(p.Home, "Home"), body: p.body()})
}

// Headers implements Page.
func (p Outbox) Headers() map[string]string { return headers() }

// OutboxMail is one mail: its text with live links, and its HTML in a frame that can run nothing.
type OutboxMail struct {
	Subject   string
	To        string
	At        time.Time
	Reference string
	Text      string
	HTML      string
	Back      string // where the list is
	Bounce    string // where the button posts that lets the mail bounce; empty leaves it out
	Bounced   string // what the mail service would have reported, once it has
}

// Render implements Page.
func (p OutboxMail) Render() ([]byte, error) {
	return render(document{title: p.Subject, who: way(p.Back, "Back to the outbox"), body: p.body()})
}

// Headers implements Page. A frame made from srcdoc inherits this page's policy, and mails style themselves in line, as
// mail programs demand; so this one page, which exists on laptops only, lets in-line styles pass. Nothing can be loaded
// and nothing can run with them.
func (p OutboxMail) Headers() map[string]string { return headersWith("'unsafe-inline'", nil) }
