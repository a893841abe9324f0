package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"fenlin/internal/outbox"
)

const noticeReports = 3000

// notices measures how fast one replica works off what is owed after a rush of
// reports, with a WeChat on this machine that answers at once, against the bare
// SQL of it: one commit for the notice and one for the event, as many side by
// side as the outbox has lanes.
func notices(ctx context.Context, d time.Duration, _ int) ([]line, error) {
	a, stop, err := demoOnServer(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	first := told.Load() / inARow
	for i := range int64(noticeReports/inARow + 2) { // who reports follows the account
		if _, err := a.Sim.Follow(ctx, neighbour(int((first+i)%residents)), ""); err != nil {
			return nil, err
		}
	}
	if err := crush(ctx, a, noticeReports, 32); err != nil {
		return nil, err
	}
	owed, _, err := a.Outbox.Late(ctx)
	if err != nil || owed < noticeReports {
		return nil, errors.Join(err, fmt.Errorf("only %d events are left to work off", owed))
	}
	start := time.Now()
	for due := owed; due > 0; time.Sleep(50 * time.Millisecond) {
		if due, _, err = a.Outbox.Late(ctx); err != nil || time.Since(start) > 5*time.Minute {
			return nil, errors.Join(err, fmt.Errorf("%d events are left", due))
		}
	}
	ours := float64(owed) / time.Since(start).Seconds()
	pool, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	var sent, events []int64
	if err := errors.Join(a.DB.Read(ctx).Raw("SELECT id FROM notices").Scan(&sent).Error, a.DB.Read(ctx).Raw("SELECT id FROM outbox").Scan(&events).Error); err != nil {
		return nil, err
	}
	var n atomic.Int64
	bare, err := crowd(outbox.Lanes, d, func() error {
		i := int(n.Add(1))
		_, one := pool.ExecContext(ctx, "UPDATE notices SET sent_at = sent_at + 1 WHERE id = ?", sent[i%len(sent)])
		_, other := pool.ExecContext(ctx, "UPDATE outbox SET run_at = run_at + 1 WHERE id = ?", events[i%len(events)])
		return errors.Join(one, other)
	})
	if err != nil {
		return nil, err
	}
	return []line{{fmt.Sprintf("events of the outbox worked off, of %d that are owed / bare SQL", owed), fmt.Sprintf("%.0f/s", ours), fmt.Sprintf("%.0f/s", bare), fmt.Sprintf("%.2f", ours/bare), "", true}}, nil
}
