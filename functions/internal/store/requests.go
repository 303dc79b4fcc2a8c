package store

import (
	"context"

	"slipway/functions/internal/approval"
)

// Partitions in which requests are listed, newest last; each row's sort key is the same in all of them.
func SubmittedBy(email string) string      { return "S#" + email }
func DecidedBy(email string) string        { return "D#" + email }
func AskedOf(workspace string) string      { return "W#" + workspace }
func AskedAbout(miniProgram string) string { return "P#" + miniProgram }

var requests = kind[approval.Request]{
	prefix: "Q#",
	load: func(ctx context.Context, t Table, ids []string) ([]approval.Request, error) {
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
	},
	mark: func(q approval.Request) string { return stamp(q.CreatedAt) + "#" + q.ID },
}

// Requests lists the requests of several partitions as one list, newest first, without repeating one, from after a
// position on; keep filters. The position to go on from comes back, "" at the end.
func Requests(ctx context.Context, t Table, partitions []string, after string, size int, keep func(approval.Request) bool) ([]approval.Request, string, error) {
	return requests.newest(ctx, t, partitions, after, size, func(q approval.Request) (bool, error) { return q.ID != "" && keep(q), nil })
}
