package store

import (
	"context"

	"slipway/functions/internal/approval"
)

// Partitions in which requests are listed, newest last; each row's sort key is the same in all of them.
func SubmittedBy(email string) string { return "S#" + email }
func DecidedBy(email string) string   { return "D#" + email }
func AskedOf(workspace string) string { return "W#" + workspace }

var requests = kind[approval.Request]{
	prefix: "Q#", load: RequestsByID,
	mark: func(q approval.Request) string { return stamp(q.CreatedAt) + "#" + q.ID },
}

// ended lists the same requests by when they were completed. One that is pending will be completed after all others:
// its mark begins with what is greater than any time, and goes on with when it was made.
var ended = kind[approval.Request]{
	prefix: "QE#", load: RequestsByID,
	mark: func(q approval.Request) string {
		if q.Status == approval.Pending {
			return notEnded(q)
		}
		return stamp(q.CompletedOn) + "#" + q.ID
	},
}

func notEnded(q approval.Request) string { return "~" + stamp(q.CreatedAt) + "#" + q.ID }

// RequestsByID reads requests in the order of their ids; one that is missing has no ID.
func RequestsByID(ctx context.Context, t Table, ids []string) ([]approval.Request, error) {
	keys := make([]Key, len(ids))
	for i, id := range ids {
		keys[i] = requestKey(id)
	}
	records, _, err := LoadAll[RequestRecord](ctx, t, keys)
	out := make([]approval.Request, len(records))
	for i, r := range records {
		out[i] = r.Request
	}
	return out, err
}

// RequestOrder is how a list of requests is sorted. By completion, those that are still pending stand where the latest
// do: before all others, or after them when ascending.
type RequestOrder struct{ ByCompletion, Ascending bool }

// Requests lists the requests of several partitions as one list, without repeating one, from after a position on; keep
// filters. The position to go on from comes back, "" at the end. One that is completed between two pages by completion
// may be on both.
func Requests(ctx context.Context, t Table, partitions []string, order RequestOrder, after string, size int, keep func(approval.Request) bool) ([]approval.Request, string, error) {
	k := requests
	if order.ByCompletion {
		k = ended
	}
	return k.listed(ctx, t, partitions, after, size, !order.Ascending, func(q approval.Request) (bool, error) { return q.ID != "" && keep(q), nil })
}
