package approval

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"slipway/functions/internal/catalog"
	"slipway/functions/internal/fault"
)

// MaxReason is how long a reason may be, in characters.
const MaxReason = 1000

// Party finds a party by its id, nil when there is none.
func (q *Request) Party(id string) *Party {
	for i := range q.Parties {
		if q.Parties[i].ID == id {
			return &q.Parties[i]
		}
	}
	return nil
}

// unseen are letters and symbols that show nothing.
const unseen = "\u115f\u1160\u2800\u3164\uffa0"

// says tells whether somebody who reads a text sees anything.
func says(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) && !strings.ContainsRune(unseen, r)
	})
}

// CheckReason refuses a reason that is missing, shows nothing, or is too long.
func CheckReason(reason string) error {
	switch n := utf8.RuneCountInString(reason); {
	case !says(reason):
		return fault.Fields([]fault.Field{{Field: "reason", Detail: "is required: say why, in at most 1000 characters"}})
	case n > MaxReason:
		return fault.Fields([]fault.Field{{Field: "reason", Detail: fmt.Sprintf("has %d characters; at most %d are possible", n, MaxReason)}})
	}
	return nil
}

// Open says whether a party can still decide, or why not.
func (q *Request) Open(party string) error {
	if q.Status != Pending {
		return q.closed()
	}
	p := q.Party(party)
	if p == nil {
		return fault.New(fault.NotFound, "no_such_party", "Request %s does not ask %q.", q.ID, party)
	}
	if p.Decision != Pending {
		e := fault.New(fault.Conflict, "already_decided", "%s has already %s this for %s.", p.By.Label(), p.Decision, p.Name)
		e.Status = string(q.Status)
		return e
	}
	return nil
}

// Decide records what a party decided and says whether the request is complete: rejected by this party, or approved
// by all.
func (q *Request) Decide(party string, decision Status, by catalog.Person, reason string, at time.Time) (complete bool, err error) {
	if err := q.Open(party); err != nil {
		return false, err
	}
	for _, other := range q.Parties {
		if other.Decision == Approved && by.Email != "" && other.By.Email == by.Email {
			return false, fault.New(fault.Conflict, "same_person", "You have decided for %s; somebody else has to decide for %s.", other.Name, q.Party(party).Name)
		}
	}
	p := q.Party(party)
	p.Decision, p.By, p.At, p.Reason = decision, by, at, reason
	if decision == Rejected {
		q.End(Rejected, reason, at)
		return true, nil
	}
	for _, other := range q.Parties {
		if other.Decision != Approved {
			return false, nil
		}
	}
	q.End(Approved, "", at)
	return true, nil
}

// Known says whether the people of the mini program may know of the request. A force removal is the super app's own
// affair until it has happened, and stays so when it comes to nothing.
func (q *Request) Known() bool {
	return q.Category != ForceRemoval || q.Status == Approved && q.Outcome == ""
}

// End completes the request, and keeps why.
func (q *Request) End(status Status, why string, at time.Time) {
	q.Status, q.CompletedOn, q.EndReason = status, at, why
	if q.Category == Release { // nobody gave another
		q.Reason = why
	}
}

// RejectedBecause is the reason that the rejecting party gave.
func (q *Request) RejectedBecause() string {
	for _, p := range q.Parties {
		if p.Decision == Rejected {
			return p.Reason
		}
	}
	return ""
}

func (q *Request) closed() error {
	e := fault.New(fault.Conflict, "request_"+string(q.Status), "This request is already %s.", q.Status)
	e.Status = string(q.Status)
	e.Actions = []string{}
	return e
}

// Action is what the permission matrix calls deciding a request of this category.
func (c Category) Action() catalog.Action {
	if c == ForceRemoval {
		return catalog.DecideRemoval
	}
	return catalog.DecideRequest
}
