package task

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// wakeUp is what both sources of tasks/deliver have of interest: a schedule tells its time, and the table's stream
// the times of the changes.
type wakeUp struct {
	Time    time.Time `json:"time"`
	Records []struct {
		Change struct {
			At events.SecondsEpochTime `json:"ApproximateCreationDateTime"`
		} `json:"dynamodb"`
	} `json:"Records"`
}

// at is the latest time that the event tells of.
func (w wakeUp) at() time.Time {
	latest := w.Time
	for _, r := range w.Records {
		if at := r.Change.At.Time; at.After(latest) {
			latest = at
		}
	}
	return latest.UTC()
}

// Deliver makes the handler of the outbox, whoever wakes it. It goes on until a round delivers nothing, because a
// round takes a limited number of notices. What it could not deliver stays in the outbox and is no error: repeating
// the event would not help, the next schedule does.
func Deliver(c Courier) func(ctx context.Context, event json.RawMessage) error {
	return func(ctx context.Context, event json.RawMessage) error {
		var w wakeUp
		if err := json.Unmarshal(event, &w); err != nil {
			return fmt.Errorf("deliver: event: %w", err)
		}
		now := w.at()
		if now.IsZero() {
			return fmt.Errorf("deliver: the event tells no time; a schedule or a table stream does")
		}
		total := 0
		for {
			n, oldest, err := c.round(ctx, now)
			total += n
			if err != nil {
				return fmt.Errorf("deliver: %w", err)
			}
			if n == 0 {
				// An alarm reads "oldest", in seconds.
				slog.InfoContext(ctx, "outbox", "action", "deliver", "outcome", "ok", "delivered", total, "oldest", int(oldest.Seconds()))
				return nil
			}
		}
	}
}
