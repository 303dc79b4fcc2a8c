package console

import (
	"time"

	"github.com/a-h/templ"
)

// Categories of a request.
const (
	Release      = "release"
	Offline      = "offline"
	ForceRemoval = "force_removal"
)

// Decisions, as the form posts them and as a party's state shows them.
const (
	Approve  = "approve"
	Reject   = "reject"
	Approved = "approved"
	Rejected = "rejected"
	Waiting  = "waiting"
)

// Target is an app and one of its environments; an empty environment means all of them (force removal).
type Target struct{ App, Environment string }

// Facts is what a reviewer must see before deciding. Empty parts are left out of the page.
type Facts struct {
	Category      string // Release, Offline or ForceRemoval
	RequestID     string
	MiniProgram   string
	MiniProgramID string
	Version       string // empty for a force removal
	Targets       []Target
	SubmittedBy   string
	SubmittedAt   time.Time
	ExpiresAt     time.Time
	Reason        string // why offline, why force removal
	Notes         string // the version's notes
	Parties       []Party
	Compatibility Compatibility
	Images        []Image
	Information   []Information
	Configuration Configuration
	Package       Package
	Digest        string // of the frozen snapshot
}

// Party is one side that decides.
type Party struct {
	Name  string
	You   bool   // the reader decides for it
	State string // Waiting, Approved or Rejected
	By    string // who decided, when it is known and may be told
	At    time.Time
}

// Compatibility sums up the report of the release's latest test.
type Compatibility struct {
	State            string // "passed", "failed", "stale", "testing", "none"; empty leaves the section out
	Summary          string // a sentence
	Pass, Warn, Fail int    // cells of the matrix profiles × pages
	TestedAt         time.Time
	ReportURL        string // page of the whole report: http, https or a path on this host
}

// Image is a supporting image of a force removal. URL is https, http on loopback, or a path on this host.
type Image struct{ URL, Name string }

// Information is what users read about the mini program, in one language.
type Information struct {
	Language     string // tag, "en" or "ar"
	Default      bool
	Name         string
	Tagline      string
	Description  string
	Category     string
	ServicePhone string
	ServiceEmail string
	LogoURL      string
}

// Configuration is what the snapshot froze of the release's settings.
type Configuration struct {
	Frozen        bool // false: there is none to show (force removal)
	ServerDomains []string
	H5Domains     []string
	ClientID      string
	MerchantID    string
	Testers       int
	Variables     []Variable
}

// Variable is a release-specific environment variable.
type Variable struct{ Name, Value string }

// Package is what would be delivered: a package (dsl) or an entrance (h5).
type Package struct {
	SHA256      string
	Size        int64 // bytes
	Pages       int
	EntranceURL string
}

// TypeBack is what the decision form asks to be typed back: the version number, for a force removal the name.
func (f Facts) TypeBack() string {
	if f.Category == ForceRemoval {
		return f.MiniProgram
	}
	return f.Version
}

// title is what is decided, as one line for the browser's tab.
func (f Facts) title() string {
	where := targets(f.Targets)
	switch f.Category {
	case Offline:
		return "Take " + f.MiniProgram + " " + f.Version + " offline in " + where
	case ForceRemoval:
		return "Force remove " + f.MiniProgram + " from " + where
	}
	return "Release " + f.MiniProgram + " " + f.Version + " to " + where
}

// kind is the category as the line above a heading.
func kind(category string) string {
	switch category {
	case Offline:
		return "Offline request"
	case ForceRemoval:
		return "Force removal"
	}
	return "Release request"
}

// subject is title with its names marked as such.
func subject(f Facts) templ.Component {
	where := say(targets(f.Targets))
	switch f.Category {
	case Offline:
		return words("Take ", say(f.MiniProgram), " ", say(f.Version), " offline in ", where)
	case ForceRemoval:
		return words("Force remove ", say(f.MiniProgram), " from ", where)
	}
	return words("Release ", say(f.MiniProgram), " ", say(f.Version), " to ", where)
}

// environment names one, or all of them.
func environment(name string) templ.Component {
	if name == "" {
		return words("every environment")
	}
	return say(name)
}

// tested is the state of a compatibility test as a person reads it.
func tested(state string) string {
	if state == "none" {
		return "Not tested"
	}
	return status(state)
}

// ifApproved says what approving does, ifRejected what rejecting does.
func ifApproved(f Facts) templ.Component {
	switch f.Category {
	case Offline:
		return words("Users of ", say(targets(f.Targets)), " can no longer open it.")
	case ForceRemoval:
		return words("Every released version is removed at once, in every environment, and ongoing releases are stopped.")
	}
	return words("It goes on towards its users, once everyone who decides has approved.")
}

func ifRejected(f Facts) templ.Component {
	if f.Category == Release {
		return words("It goes back to ", say(f.SubmittedBy), " with your reason.")
	}
	return words("Nothing changes for users. ", say(f.SubmittedBy), " is told your reason.")
}

// images is every address the page would load.
func (f Facts) images() []string {
	var all []string
	for _, i := range f.Images {
		all = append(all, i.URL)
	}
	for _, i := range f.Information {
		all = append(all, i.LogoURL)
	}
	return all
}
