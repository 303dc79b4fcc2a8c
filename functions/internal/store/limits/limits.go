// Package limits holds what every store.Table refuses before it asks its database, so that a mistake shows on a
// laptop and not first on AWS.
//
// The numbers are those of DynamoDB, rounded down. Breaking one is a bug of the caller, so the errors are no faults.
// Conditions, which depend on what is stored, do not belong here.
package limits

import (
	"fmt"
	"unicode/utf8"

	"slipway/functions/internal/store"
)

// The limits of one call.
const (
	MaxKeys     = 100        // keys of a Get
	MaxWrites   = 100        // writes of a Transact
	MaxData     = 300 << 10  // bytes of one item's Data
	MaxTransact = 3584 << 10 // bytes of Data in one Transact; DynamoDB takes 4 MB with keys and names
	MaxPage     = 1000       // items of a Page
	MaxPageData = 1 << 20    // a Page ends once it holds this many bytes
	MaxPK       = 2048       // bytes
	MaxSK       = 1024       // bytes
)

// Keys checks the arguments of Get. The same key may be asked for twice.
func Keys(keys []store.Key) error {
	if len(keys) > MaxKeys {
		return fmt.Errorf("table: get of %d keys, at most %d are allowed", len(keys), MaxKeys)
	}
	for _, k := range keys {
		if err := key(k); err != nil {
			return err
		}
	}
	return nil
}

// Query checks the argument of Query.
func Query(q store.Query) error {
	switch {
	case q.Limit < 1 || q.Limit > MaxPage:
		return fmt.Errorf("table: query limit %d, must be 1 to %d", q.Limit, MaxPage)
	case !text(q.PK, MaxPK):
		return fmt.Errorf("table: query partition %.80q, must be 1 to %d bytes of UTF-8", q.PK, MaxPK)
	case q.Prefix != "" && !text(q.Prefix, MaxSK):
		return fmt.Errorf("table: query prefix %.80q, must be at most %d bytes of UTF-8", q.Prefix, MaxSK)
	case q.After != "" && !text(q.After, MaxSK):
		return fmt.Errorf("table: query after %.80q, must be at most %d bytes of UTF-8", q.After, MaxSK)
	}
	return nil
}

// Writes checks the arguments of Transact.
func Writes(writes []store.Write) error {
	if len(writes) > MaxWrites {
		return fmt.Errorf("table: transaction of %d writes, at most %d are allowed", len(writes), MaxWrites)
	}
	total := 0
	seen := make(map[store.Key]bool, len(writes))
	for _, w := range writes {
		if err := write(w); err != nil {
			return err
		}
		if seen[w.Key] {
			return fmt.Errorf("table: key %q %q is written twice in one transaction", w.Key.PK, w.Key.SK)
		}
		seen[w.Key] = true
		total += len(w.Data)
	}
	if total > MaxTransact {
		return fmt.Errorf("table: transaction of %d bytes, at most %d are allowed", total, MaxTransact)
	}
	return nil
}

func write(w store.Write) error {
	if err := key(w.Key); err != nil {
		return err
	}
	switch {
	case w.Op != store.Put && w.Op != store.Delete && w.Op != store.Check:
		return fmt.Errorf("table: unknown operation %d on %q %q", w.Op, w.Key.PK, w.Key.SK)
	case w.IfRev < store.Any:
		return fmt.Errorf("table: condition on revision %d of %q %q, must be Any, Absent or at least 1", w.IfRev, w.Key.PK, w.Key.SK)
	case w.Op != store.Put && (len(w.Data) > 0 || !w.Expires.IsZero()):
		return fmt.Errorf("table: data with operation %d on %q %q, only Put takes data", w.Op, w.Key.PK, w.Key.SK)
	case len(w.Data) > MaxData:
		return fmt.Errorf("table: %d bytes for %q %q, at most %d are allowed", len(w.Data), w.Key.PK, w.Key.SK, MaxData)
	case !utf8.Valid(w.Data):
		// DynamoDB keeps Data as a string and would quietly replace what is not UTF-8.
		return fmt.Errorf("table: data for %q %q is not UTF-8", w.Key.PK, w.Key.SK)
	case !w.Expires.IsZero() && w.Expires.Unix() <= 0:
		return fmt.Errorf("table: %q %q expires before 1970", w.Key.PK, w.Key.SK)
	}
	return nil
}

func key(k store.Key) error {
	if !text(k.PK, MaxPK) {
		return fmt.Errorf("table: partition key %.80q, must be 1 to %d bytes of UTF-8", k.PK, MaxPK)
	}
	if !text(k.SK, MaxSK) {
		return fmt.Errorf("table: sort key %.80q of partition %.80q, must be 1 to %d bytes of UTF-8", k.SK, k.PK, MaxSK)
	}
	return nil
}

func text(s string, most int) bool { return s != "" && len(s) <= most && utf8.ValidString(s) }
