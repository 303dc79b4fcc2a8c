package mail

import (
	"time"

	"slipway/functions/internal/fault"
)

// Categories of a request.
const (
	Release      = "release"
	Offline      = "offline"
	ForceRemoval = "force_removal"
)

// Outcomes of a decision.
const (
	Approved = "approved"
	Rejected = "rejected"
)

// Target is an app and one of its environments; an empty environment means all of them (force removal).
type Target struct {
	App         string `json:"app"`
	Environment string `json:"environment,omitempty"`
}

// Subject is what a request or a mail is about.
type Subject struct {
	MiniProgram   string   `json:"miniProgram"`             // its name as people know it
	MiniProgramID string   `json:"miniProgramId,omitempty"` // shown so that two of one name can be told apart
	Version       string   `json:"version,omitempty"`       // empty for a force removal
	Targets       []Target `json:"targets"`
}

// ReviewRequested goes to each eligible reviewer, with a link of their own.
type ReviewRequested struct {
	Subject
	Category      string    `json:"category"` // Release, Offline or ForceRemoval
	RequestID     string    `json:"requestId"`
	Reviewer      string    `json:"reviewer,omitempty"` // the recipient's name, for the greeting
	Party         string    `json:"party"`              // for whom they decide: the super app's or the platform's name
	OtherParties  []string  `json:"otherParties,omitempty"`
	SubmittedBy   string    `json:"submittedBy"`
	SubmittedAt   time.Time `json:"submittedAt"`
	ExpiresAt     time.Time `json:"expiresAt"`
	Notes         string    `json:"notes,omitempty" mail:"text"`  // the version's notes
	Reason        string    `json:"reason,omitempty" mail:"text"` // why offline, why force removal
	Digest        string    `json:"digest,omitempty"`             // SHA-256 of the package
	Compatibility string    `json:"compatibility,omitempty"`      // one line: "passed: 7 pages, 2 warnings"
	Images        int       `json:"images,omitempty"`             // how many the approval page shows
	SignIn        bool      `json:"signIn,omitempty"`             // the app asks its reviewers to sign in; the link decides nothing
}

// Kind implements Content.
func (ReviewRequested) Kind() string { return "review_requested" }

// Message implements Content; it refuses an empty link.
func (m ReviewRequested) Message(to, reference, link string) (Message, error) {
	if link == "" {
		return Message{}, fault.New(fault.Invalid, "invalid", "A review mail needs the reviewer's link.")
	}
	return compose(m, to, reference, link)
}

func (m ReviewRequested) check() []fault.Field {
	return append(m.Subject.check(m.Category),
		missing("party", m.Party), missing("submittedBy", m.SubmittedBy),
		missingTime("submittedAt", m.SubmittedAt), missingTime("expiresAt", m.ExpiresAt)).all()
}

func (m ReviewRequested) facts() []fact {
	rows := m.Subject.facts()
	return append(rows,
		fact{Label: "Submitted by", Value: m.SubmittedBy},
		fact{Label: "Submitted on", Value: utc(m.SubmittedAt)},
		fact{Label: "Decide by", Value: utc(m.ExpiresAt)},
		fact{Label: "You decide for", Value: m.Party},
		fact{Label: "Also deciding", Value: list(m.OtherParties)},
		fact{Label: "Compatibility", Value: m.Compatibility},
		fact{Label: "Package SHA-256", Value: m.Digest, Mono: true},
		fact{Label: "Images", Value: count(m.Images)},
		fact{Label: "Request", Value: m.RequestID, Mono: true},
	)
}

// Decision is what one party said.
type Decision struct {
	Party   string    `json:"party"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Outcome string    `json:"outcome,omitempty"` // Approved or Rejected
}

// Change is what a force removal did to one release.
type Change struct {
	Version string `json:"version"`
	Target  Target `json:"target"`
	From    string `json:"from"` // statuses as the API names them
	To      string `json:"to"`
}

// Decided goes to the submitter when a request is approved by all parties or rejected by one.
type Decided struct {
	Subject
	Category  string     `json:"category"`
	RequestID string     `json:"requestId"`
	Submitter string     `json:"submitter,omitempty"` // the recipient's name
	Outcome   string     `json:"outcome"`             // Approved or Rejected
	Reason    string     `json:"reason,omitempty" mail:"text"`
	Decisions []Decision `json:"decisions"`
	Next      string     `json:"next,omitempty"`    // approved release: the status it has now
	Final     bool       `json:"final,omitempty"`   // partner apps say Final Release where others say Full Release
	Changes   []Change   `json:"changes,omitempty"` // approved force removal; none means that nothing was left to remove
}

// Kind implements Content.
func (Decided) Kind() string { return "decided" }

// Message implements Content.
func (m Decided) Message(to, reference, link string) (Message, error) {
	return compose(m, to, reference, link)
}

func (m Decided) check() []fault.Field {
	fields := m.Subject.check(m.Category)
	if m.Outcome != Approved && m.Outcome != Rejected {
		fields = append(fields, fault.Field{Field: "outcome", Detail: "must be approved or rejected"})
	}
	if m.Outcome == Rejected {
		fields = append(fields, missing("reason", m.Reason))
	}
	if len(m.Decisions) == 0 {
		fields = append(fields, fault.Field{Field: "decisions", Detail: "must name who decided"})
	}
	return fields.all()
}

func (m Decided) facts() []fact {
	rows := m.Subject.facts()
	for _, d := range m.Decisions {
		rows = append(rows, fact{Label: outcomeLabel(d.Outcome, m.Outcome), Value: d.By + ", for " + d.Party + ", " + utc(d.At)})
	}
	return append(rows, fact{Label: "Request", Value: m.RequestID, Mono: true})
}

// Expired goes to the submitter when nobody decided in time.
type Expired struct {
	Subject
	Category    string    `json:"category"`
	RequestID   string    `json:"requestId"`
	Submitter   string    `json:"submitter,omitempty"`
	SubmittedAt time.Time `json:"submittedAt"`
	ExpiredAt   time.Time `json:"expiredAt"`
	Waiting     []string  `json:"waiting,omitempty"` // the parties that did not answer
}

// Kind implements Content.
func (Expired) Kind() string { return "expired" }

// Message implements Content.
func (m Expired) Message(to, reference, link string) (Message, error) {
	return compose(m, to, reference, link)
}

func (m Expired) check() []fault.Field {
	return append(m.Subject.check(m.Category), missingTime("expiredAt", m.ExpiredAt)).all()
}

func (m Expired) facts() []fact {
	return append(m.Subject.facts(),
		fact{Label: "Submitted on", Value: utc(m.SubmittedAt)},
		fact{Label: "Expired on", Value: utc(m.ExpiredAt)},
		fact{Label: "No answer from", Value: list(m.Waiting)},
		fact{Label: "Request", Value: m.RequestID, Mono: true},
	)
}

// Withdrawn goes to the submitter when the system, not a person, withdrew their request.
type Withdrawn struct {
	Subject
	Category    string    `json:"category"`
	RequestID   string    `json:"requestId"`
	Submitter   string    `json:"submitter,omitempty"`
	WithdrawnAt time.Time `json:"withdrawnAt"`
	Cause       string    `json:"cause" mail:"text"` // a sentence: "Demo Wallet force removed Coffee Now."
}

// Kind implements Content.
func (Withdrawn) Kind() string { return "withdrawn" }

// Message implements Content.
func (m Withdrawn) Message(to, reference, link string) (Message, error) {
	return compose(m, to, reference, link)
}

func (m Withdrawn) check() []fault.Field {
	return append(m.Subject.check(m.Category), missing("cause", m.Cause), missingTime("withdrawnAt", m.WithdrawnAt)).all()
}

func (m Withdrawn) facts() []fact {
	return append(m.Subject.facts(),
		fact{Label: "Withdrawn on", Value: utc(m.WithdrawnAt)},
		fact{Label: "Request", Value: m.RequestID, Mono: true},
	)
}
