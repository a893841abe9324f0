package apptest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"fenlin/internal/db"
	"fenlin/internal/notify"
	"fenlin/internal/outbox"
	"fenlin/internal/ticket"
)

// Quiet waits until nothing is left to do in the background but what waits for
// its time: timers, briefs, the looks at photos a day later. After patience it
// says what is left.
func Quiet(ctx context.Context, d *db.DB, patience time.Duration) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		var left []string
		err := d.Read(ctx).Model(&outbox.Event{}).Where("state = ? AND topic NOT LIKE '%.timer' AND topic NOT IN ?", outbox.Ready, []string{notify.TopicBriefs, ticket.TopicPhoto}).Limit(20).Pluck("event_key", &left).Error
		switch {
		case err == nil && len(left) == 0:
			return nil
		case ctx.Err() != nil || time.Now().After(deadline):
			return fmt.Errorf("events are left after %s: %s %w", patience, strings.Join(left, ", "), err)
		}
	}
}
