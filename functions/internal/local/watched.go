package local

import (
	"context"
	"strings"

	"slipway/functions/internal/store"
)

// watched is the table with a bell that rings when something was put into the outbox, as the table's stream does in
// the cloud.
type watched struct {
	store.Table
	changed chan struct{}
}

// Transact implements store.Table.
func (w watched) Transact(ctx context.Context, writes ...store.Write) error {
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
