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

// Requests lists the requests of several partitions as one list, newest first, without repeating one, from after a
// position on; keep filters. The position of the last row looked at comes back, "" at the end.
func Requests(ctx context.Context, t Table, partitions []string, after string, size int, keep func(approval.Request) bool) ([]approval.Request, string, error) {
	return newest(ctx, t, partitions, "Q#", after, size, func(ids []string) ([]approval.Request, error) {
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
	}, func(q approval.Request) (bool, error) { return q.ID != "" && keep(q), nil })
}
