// Package review is how a request comes to be decided: who its parties are and who may decide for them, what they are
// mailed, and what they can answer.
//
// What belongs here is what the API and the tasks of the machines share about that. What does not: when a review begins
// and ends, which is the machine's; what a decision leads to, which is package task's; how a mail reads, which is package
// mail's.
package review

import (
	"time"

	"slipway/functions/internal/catalog"
)

// What a party's answer can be.
const (
	Approve  = "approve"
	Reject   = "reject"
	Withdraw = "withdraw"
)

// Decision is the answer of a party, as the approval link or the API sent it to the parked task.
type Decision struct {
	ID       string         `json:"id"` // of the answer; the release remembers the last one that moved it
	Decision string         `json:"decision"`
	By       catalog.Person `json:"by"`
	Via      string         `json:"via"`
	IP       string         `json:"ip"`
	At       time.Time      `json:"at"`
	Reason   string         `json:"reason"`
}
