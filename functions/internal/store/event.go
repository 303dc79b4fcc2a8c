package store

import (
	"context"
	"time"

	"slipway/functions/internal/catalog"
)

// Event is one line of history: who did what, when, from where, and what it changed. Events are never rewritten.
type Event struct {
	ID          string         `json:"id"`
	At          time.Time      `json:"at"`
	Action      string         `json:"action"`
	Actor       catalog.Person `json:"actor"`
	Via         string         `json:"via"`          // "api", "ci", "link" or "system"
	IP          string         `json:"ip,omitempty"` // address the request came from
	Workspace   string         `json:"workspace,omitempty"`
	MiniProgram string         `json:"miniProgram,omitempty"`
	Release     string         `json:"release,omitempty"`
	Request     string         `json:"request,omitempty"`
	Before      string         `json:"before,omitempty"`
	After       string         `json:"after,omitempty"`
	Detail      string         `json:"detail,omitempty"`
}

// EventWrites puts an event into the history of each thing it names: the release and the mini program, or the
// workspace when it names neither.
func EventWrites(e Event) []Write {
	sk := eventSK(e.At, e.ID)
	var out []Write
	for _, pk := range []string{prefixed("R#", e.Release), prefixed("P#", e.MiniProgram)} {
		if pk != "" {
			out = append(out, writeOf(Key{pk, sk}, e, Any))
		}
	}
	if len(out) == 0 && e.Workspace != "" {
		out = append(out, writeOf(Key{"W#" + e.Workspace, sk}, e, Any))
	}
	return out
}

// WorkspaceEvent puts an event into the history of a workspace too, which its people see who do not see that of the mini
// program.
func WorkspaceEvent(workspace string, e Event) Write {
	return writeOf(Key{"W#" + workspace, eventSK(e.At, e.ID)}, e, Any)
}

// Happened says whether an event is in the history of a mini program.
func Happened(ctx context.Context, t Table, miniProgram string, at time.Time, id string) (bool, error) {
	_, rev, err := Load[Event](ctx, t, Key{"P#" + miniProgram, eventSK(at, id)})
	return rev > 0, err
}

func eventSK(at time.Time, id string) string { return "E#" + stamp(at) + "#" + id }

func prefixed(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}
