package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"fenlin/internal/app"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

const (
	openTickets = 1_000_000 // open tickets, none of them due
	lateTickets = 10_000    // beside them, all late at once
	scanMax     = time.Second
	vacantMax   = 6 * time.Second // a tenth of the minute after which every replica looks again
	lateMax     = time.Minute
)

// clocks measures on MariaDB how long it takes to see that nothing is due among
// a million open tickets and that all their posts are held, and to report ten thousand that are late to the next
// level, beside the bare writes of as many.
func clocks(ctx context.Context, _ time.Duration, rounds int) ([]line, error) {
	a, drop, err := sampleCity(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	if err := openAll(ctx, a); err != nil {
		return nil, err
	}
	quiet, err := fastest(rounds, func() error {
		n, err := a.Tickets.Ring(ctx)
		if err == nil && n != 0 {
			err = fmt.Errorf("%d clocks spoke up though none was due", n)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	pool, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	bareScan, err := fastest(rounds, func() error {
		var n int
		return pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM tickets WHERE alarm_at >= 1 AND alarm_at <= ?", time.Now().UnixMilli()).Scan(&n)
	})
	if err != nil {
		return nil, err
	}
	vacant, err := fastest(rounds, func() error {
		n, err := a.Tickets.Succeed(ctx)
		if err == nil && n != 0 {
			err = fmt.Errorf("%d were handed on though every post is held", n)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := allLate(ctx, a); err != nil {
		return nil, err
	}
	start := time.Now()
	n, err := a.Tickets.Ring(ctx)
	took := time.Since(start)
	if err == nil && n != lateTickets {
		err = fmt.Errorf("%d of %d were reported", n, lateTickets)
	}
	if err != nil {
		return nil, err
	}
	bare, err := bareWrites(ctx, a, pool)
	return []line{
		{
			fmt.Sprintf("what is due among %d open tickets: nothing / bare SELECT", openTickets),
			quiet.Round(time.Microsecond).String(), bareScan.Round(time.Microsecond).String(), fmt.Sprintf("%.1f", quiet.Seconds()/bareScan.Seconds()), "< " + scanMax.String(), quiet < scanMax,
		},
		{
			fmt.Sprintf("whose post nobody holds among %d open tickets: none", openTickets),
			vacant.Round(time.Microsecond).String(), "", "", "< " + vacantMax.String(), vacant < vacantMax,
		},
		{
			fmt.Sprintf("%d late tickets told to the next level, %d side by side / their bare writes", lateTickets, bareSide),
			took.Round(time.Millisecond).String(), bare.Round(time.Millisecond).String(), fmt.Sprintf("%.1f", took.Seconds()/bare.Seconds()), "< " + lateMax.String(), took < lateMax,
		},
	}, err
}

// fastest is the shortest of some rounds.
func fastest(rounds int, f func() error) (time.Duration, error) {
	best := time.Duration(0)
	for range rounds {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if took := time.Since(start); best == 0 || took < best {
			best = took
		}
	}
	return best, nil
}

// openAll fills the city with open tickets whose clocks speak up within the next weeks.
func openAll(ctx context.Context, a *app.App) error {
	leads, err := branches(ctx, a)
	if err != nil {
		return err
	}
	now := time.Now()
	tickets := make([]ticket.Ticket, sown)
	for i := range tickets {
		at := leads[i*7919%len(leads)]
		due := now.Add(time.Duration(60+i) * time.Minute).UnixMilli() // not while this fills the table
		tickets[i] = ticket.Ticket{
			ID: int64(i + 1), Number: fmt.Sprintf("B%d", i), OrgID: at.unit, Building: fmt.Sprint(1 + i/3%20), Category: "lighting", Text: strings.Repeat("楼道灯坏了", 8), Channel: "chat",
			State: ticket.Contacted, Version: 4, Grade: "7d", LeadPost: at.post, OwnerPost: at.post, RouteRule: "root", RouteReason: "按通用规则派单",
			CreatedAt: now.AddDate(0, 0, -5).UnixMilli(), AcceptedAt: 1, ContactedAt: 1, DueAt: due, DueLate: due, AlarmAt: due,
		}
	}
	return multiply(ctx, a, tickets, openTickets)
}

type led struct{ unit, post int64 }

// branches are compounds with who leads their branch.
func branches(ctx context.Context, a *app.App) ([]led, error) {
	var out []led
	known, err := a.Tickets.Places(ctx)
	if err != nil {
		return nil, err
	}
	for _, c := range known.List[:40] {
		desk, err := a.Org.Desk(ctx, c.OrgID, "")
		if err != nil {
			return nil, err
		}
		for _, p := range desk.Posts {
			if p.Role == org.BranchSecretary && p.Filled {
				out = append(out, led{c.OrgID, p.ID})
				break
			}
		}
	}
	return out, nil
}

// allLate makes so many of them late.
func allLate(ctx context.Context, a *app.App) error {
	ago := time.Now().Add(-time.Minute).UnixMilli()
	return a.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Exec("UPDATE tickets SET due_at = ?, due_late = ?, alarm_at = ? WHERE id > ? AND id <= ?", ago, ago, ago, 2*sown, 2*sown+lateTickets).Error
	})
}

// bareSide is how many of the bare writes go on at once.
const bareSide = 8

// bareWrites is how long as many transactions take that write what a late
// ticket writes, and do nothing else.
func bareWrites(ctx context.Context, a *app.App, pool *sql.DB) (time.Duration, error) {
	start := time.Now()
	var next atomic.Int64
	var group errgroup.Group
	for range bareSide {
		group.Go(func() error {
			for i := next.Add(1); i <= lateTickets; i = next.Add(1) {
				if err := bareWrite(ctx, pool, a.DB.NewID(), 4*sown+i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return time.Since(start), err
}

func bareWrite(ctx context.Context, pool *sql.DB, fresh, id int64) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	hash := strings.Repeat("0", 64)
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"UPDATE tickets SET version = version + 1, due_late = 0, alarm_at = 0, told_post = 1, last_hash = ? WHERE id = ? AND version = 4", []any{hash, id}},
		{"INSERT INTO ticket_events (id, ticket_id, seq, action, from_state, to_state, actor_id, actor_post, actor_title, note, data, at, prev_hash, hash, salt, words, place) VALUES (?, ?, 5, 'escalate', 'contacted', 'contacted', 0, 0, '汾邻', '超过办结时限，已报社区党委书记督办', '{}', 1, ?, ?, ?, ?, '')", []any{fresh, id, hash, hash, hash[:26], hash}},
		{"INSERT INTO outbox (id, topic, event_key, lane, payload, state, run_at, attempts, lease, last_error, created_at) VALUES (?, 'ticket.event', ?, ?, '{}', 'done', 1, 0, '', '', 1)", []any{fresh, fmt.Sprintf("bare:%d", fresh), id}},
	} {
		if _, err := tx.ExecContext(ctx, q.sql, q.args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}
