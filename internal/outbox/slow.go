package outbox

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"
)

// runSlow works through the slow topics until ctx ends.
func (o *Outbox) runSlow(ctx context.Context, poll time.Duration) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		worked, err := o.WorkSlow(ctx)
		if err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "outbox cannot work", "error", err)
		}
		if worked && err == nil && ctx.Err() == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-o.wakeSlow:
		case <-tick.C:
		}
	}
}

// WorkSlow handles one due event of a slow topic, if there is one. Its lease is
// renewed as long as it takes; when ctx ends its own ends too, and what it did
// not finish is begun anew by the next.
func (o *Outbox) WorkSlow(ctx context.Context) (bool, error) {
	events, err := o.claim(ctx, "IN", 1)
	if err != nil || len(events) == 0 {
		return false, err
	}
	e := events[0]
	work, stop := context.WithCancel(ctx)
	defer stop()
	go o.renew(work, e)
	err = safely(work, o.Slow[e.Topic], e)
	if ctx.Err() != nil && err != nil {
		err = Snooze(0)
	}
	o.settle(ctx, e, err)
	return true, nil
}

// renew keeps the lease of an event while it is worked on.
func (o *Outbox) renew(ctx context.Context, e Event) {
	tick := time.NewTicker(lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := o.DB.Tx(ctx, func(tx *gorm.DB) error {
			return tx.Exec("UPDATE outbox SET run_at = ? WHERE id = ? AND lease = ?", o.Now().Add(lease).UnixMilli(), e.ID, e.Lease).Error
		})
		if err != nil && ctx.Err() == nil {
			slog.WarnContext(ctx, "outbox cannot renew a lease", "key", e.Key, "error", err)
		}
	}
}
