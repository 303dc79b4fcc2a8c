package local

import (
	"context"
	"strings"

	"slipway/functions/internal/store"
)

// watched is the table with a bell that rings when something was put into the outbox, as the table's stream does in
// the cloud; and with another for changes of placements, of which one process knows at once what many learn within a
// bound: it rings before such a change is committed, so that nobody who sees the change is given what was before it,
// and once more when it is over.
type watched struct {
	store.Table
	changed chan struct{}
	placing func() (done func())
}

// Transact implements store.Table.
func (w watched) Transact(ctx context.Context, writes ...store.Write) error {
	if store.ChangesPlacements(writes) {
		defer w.placing()() // also after an error: the answer may be what was lost
	}
	err := w.Table.Transact(ctx, writes...)
	if err != nil {
		return err
	}
	for _, write := range writes {
		if strings.HasPrefix(write.Key.PK, "OUTBOX") && write.Op == store.Put {
			select {
			case w.changed <- struct{}{}:
			default:
			}
		}
	}
	return nil
}
