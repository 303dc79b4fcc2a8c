package asl

import (
	"strings"
	"time"
)

// Event is one event in the history of an execution; types and order are those of Step Functions. Unlike there, the
// parameters of a task are left out, because they may hold its token.
type Event struct {
	ID       int       `json:"id"` // from 1
	Previous int       `json:"previous,omitzero"`
	Type     string    `json:"type"` // "TaskStateEntered", …
	Time     time.Time `json:"time"`
	State    string    `json:"state,omitempty"`    // the state it happened in
	Index    int       `json:"index,omitzero"`     // MapIteration…: which item
	Length   int       `json:"length,omitzero"`    // MapStateStarted: how many items
	Function string    `json:"function,omitempty"` // TaskScheduled
	Input    raw       `json:"input,omitempty"`    // ExecutionStarted and …StateEntered
	Output   raw       `json:"output,omitempty"`   // …Succeeded and …StateExited
	Error    string    `json:"error,omitempty"`    // …Failed, …TimedOut and ExecutionAborted
	Cause    string    `json:"cause,omitempty"`
}

// Path lists the states that were entered, in order.
func Path(events []Event) []string {
	var names []string
	for _, e := range events {
		if strings.HasSuffix(e.Type, "StateEntered") {
			names = append(names, e.State)
		}
	}
	return names
}

// BilledTransitions counts what a Standard workflow bills: every state entered, and every retry of one.
func BilledTransitions(events []Event) int {
	types := make(map[int]string, len(events))
	n := 0
	for _, e := range events {
		types[e.ID] = e.Type
		switch before := types[e.Previous]; e.Type {
		case "TaskScheduled":
			if before == "TaskFailed" || before == "TaskTimedOut" {
				n++
			}
		case "ParallelStateStarted", "MapStateStarted":
			if strings.HasSuffix(before, "StateFailed") {
				n++
			}
		}
		if strings.HasSuffix(e.Type, "StateEntered") {
			n++
		}
	}
	return n
}
