// Package store keeps the domain's records as items of one table.
//
// The table itself is a port: package cloud implements it on DynamoDB and package local on bbolt. What an item
// looks like is written once, here; what a record means is written in the domain packages.
package store

import (
	"context"
	"time"
)

// Key names one item. PK groups what is read together; SK orders it, bytewise.
type Key struct{ PK, SK string }

// Item is one stored record.
type Item struct {
	Key
	// Rev counts the writes of this item: 1 after the first. It is set by the table, never by the caller.
	Rev int64
	// Data is the record as JSON, at most 300 KiB.
	Data []byte
	// Expires is when the item may be dropped (whole seconds); zero means never.
	// An expired item may still be returned for some time: readers check.
	Expires time.Time
}

// Op is what a Write does.
type Op int

// The operations of a transaction.
const (
	Put    Op = iota // write Data and Expires
	Delete           // remove the item
	Check            // only hold the condition
)

// Conditions on the item's revision before the write. Any revision ≥ 1 asks for exactly that one.
const (
	Absent int64 = 0  // the item must not exist
	Any    int64 = -1 // no condition
)

// Write is one part of a transaction.
type Write struct {
	Op      Op
	Key     Key
	IfRev   int64 // Absent, Any, or the exact revision
	Data    []byte
	Expires time.Time
}

// Query reads items of one partition in the order of SK.
type Query struct {
	PK         string
	Prefix     string // only SKs that begin so
	After      string // exclusive start: the SK of the last item seen; "" starts at the end it reads from
	Limit      int    // 1–1000; fewer may come back with More set
	Descending bool
}

// Page is one answer to a Query.
type Page struct {
	Items []Item
	More  bool // there may be more after the last item
}

// Table is the one port of persistence.
//
// Errors are faults: Conflict with code "write_conflict" when a condition of Transact does not hold (nothing was
// written), Limited when throttled, Unavailable when the table cannot be reached. Other errors are bugs.
type Table interface {
	// Get reads up to 100 items, strongly consistent, in the order asked; a missing item has Rev 0.
	Get(ctx context.Context, keys ...Key) ([]Item, error)
	// Query reads a page of one partition, strongly consistent.
	Query(ctx context.Context, q Query) (Page, error)
	// Transact makes all writes or none, at most 100, each key at most once.
	Transact(ctx context.Context, writes ...Write) error
}
