package mail

import (
	"time"

	"slipway/functions/internal/fault"
)

// maxFaults is how many faults of a build a mail lists; the build log has them all.
const maxFaults = 10

// ForceRemoved goes to the merchant's admins and the mini program's members.
type ForceRemoved struct {
	Subject             // Version is empty; Targets are the chosen apps
	RemovedBy string    `json:"removedBy"` // the super app's workspace, not a person: the merchant deals with the organisation
	RemovedAt time.Time `json:"removedAt"`
	Reason    string    `json:"reason" mail:"text"`
	Changes   []Change  `json:"changes,omitempty"`
	Contact   string    `json:"contact,omitempty"` // the super app's service address
}

// Kind implements Content.
func (ForceRemoved) Kind() string { return "force_removed" }

// Message implements Content.
func (m ForceRemoved) Message(to, reference, link string) (Message, error) {
	return compose(m, to, reference, link)
}

func (m ForceRemoved) check() []fault.Field {
	return append(m.Subject.check(ForceRemoval), missing("removedBy", m.RemovedBy),
		missing("reason", m.Reason), missingTime("removedAt", m.RemovedAt)).all()
}

func (m ForceRemoved) facts() []fact {
	return append(m.Subject.facts(),
		fact{Label: "Removed by", Value: m.RemovedBy},
		fact{Label: "Removed on", Value: utc(m.RemovedAt)},
		fact{Label: "Contact", Value: m.Contact},
	)
}

// OfflineDone goes to the merchant when a version no longer reaches users of one target.
type OfflineDone struct {
	Subject
	RequestedBy string    `json:"requestedBy"`
	ApprovedBy  string    `json:"approvedBy,omitempty"` // empty when the environment needs no review
	OfflineAt   time.Time `json:"offlineAt"`
	Reason      string    `json:"reason" mail:"text"`
}

// Kind implements Content.
func (OfflineDone) Kind() string { return "offline_done" }

// Message implements Content.
func (m OfflineDone) Message(to, reference, link string) (Message, error) {
	return compose(m, to, reference, link)
}

func (m OfflineDone) check() []fault.Field {
	return append(m.Subject.check(Offline), missing("requestedBy", m.RequestedBy),
		missing("reason", m.Reason), missingTime("offlineAt", m.OfflineAt)).all()
}

func (m OfflineDone) facts() []fact {
	return append(m.Subject.facts(),
		fact{Label: "Offline since", Value: utc(m.OfflineAt)},
		fact{Label: "Asked for by", Value: m.RequestedBy},
		fact{Label: "Approved by", Value: m.ApprovedBy},
	)
}

// Fault is one thing that stopped a build.
type Fault struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`   // 1-based, 0 when unknown
	Column  int    `json:"column,omitempty"` // 1-based, 0 when unknown
	Message string `json:"message" mail:"sentence"`
	Advice  string `json:"advice,omitempty" mail:"sentence"`
}

// BuildFailed goes to whoever started the build. Faults beyond the first ten are only counted, so the caller may store
// just the first ones and say in Total how many there were.
type BuildFailed struct {
	Subject
	StartedBy string    `json:"startedBy,omitempty"` // the recipient's name
	FailedAt  time.Time `json:"failedAt"`
	Faults    []Fault   `json:"faults"`
	Total     int       `json:"total,omitempty"` // all faults of the build; 0 means len(Faults)
}

// Kind implements Content.
func (BuildFailed) Kind() string { return "build_failed" }

// Message implements Content.
func (m BuildFailed) Message(to, reference, link string) (Message, error) {
	return compose(m, to, reference, link)
}

func (m BuildFailed) check() []fault.Field {
	fields := append(m.Subject.check(Release), missingTime("failedAt", m.FailedAt))
	if len(m.Faults) == 0 {
		fields = append(fields, fault.Field{Field: "faults", Detail: "must say what stopped the build"})
	}
	return fields.all()
}

func (m BuildFailed) facts() []fact {
	return append(m.Subject.facts(), fact{Label: "Failed on", Value: utc(m.FailedAt)})
}

// First is what the mail lists.
func (m BuildFailed) First() []Fault { return m.Faults[:min(len(m.Faults), maxFaults)] }

// Count is how many faults the build has.
func (m BuildFailed) Count() int { return max(m.Total, len(m.Faults)) }

// More is how many the mail does not list.
func (m BuildFailed) More() int { return m.Count() - len(m.First()) }

// Where is file:line:column, as far as it is known, in the form editors open.
func (f Fault) Where() string {
	switch {
	case f.File == "" || f.Line <= 0:
		return f.File
	case f.Column <= 0:
		return f.File + ":" + number(f.Line)
	}
	return f.File + ":" + number(f.Line) + ":" + number(f.Column)
}
