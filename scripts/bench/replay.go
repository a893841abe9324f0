package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/config"
	"fenlin/internal/app"
	"fenlin/internal/routing"
	"fenlin/internal/ticket"
)

const (
	pastTickets = 1_000_000 // past tickets
	sown        = 20_000    // of them that are inserted; the others are copies made by the server
	replayMax   = 30 * time.Second
)

// replay measures `fenlin route replay` over a million past tickets on MariaDB,
// beside the bare scan of the same columns of the same rows.
func replay(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	a, drop, err := sampleCity(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	since, err := sow(ctx, a)
	if err != nil {
		return nil, err
	}
	text, err := config.FS.ReadFile("routing.yaml")
	if err != nil {
		return nil, err
	}
	changed, err := routing.Load([]byte(strings.Replace(string(text), "lead: property_manager", "lead: branch_secretary", 1)))
	if err != nil {
		return nil, err
	}
	scanned, err := scan(ctx, a, since)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	r, err := a.Tickets.Replay(ctx, since, changed, func(int, int) {})
	took := time.Since(start)
	if err == nil && (r.Tickets < pastTickets || r.Moved == 0) {
		err = fmt.Errorf("%d tickets, %d of them moved", r.Tickets, r.Moved)
	}
	return []line{{
		fmt.Sprintf("route replay of %d tickets (%d move) / bare scan of their columns", r.Tickets, r.Moved),
		took.Round(time.Millisecond).String(), scanned.Round(time.Millisecond).String(), fmt.Sprintf("%.1f", took.Seconds()/scanned.Seconds()),
		"< " + replayMax.String(), took < replayMax,
	}}, err
}

// sow fills the last year with tickets of every compound, building and category.
func sow(ctx context.Context, a *app.App) (time.Time, error) {
	known, err := a.Tickets.Places(ctx)
	if err != nil {
		return time.Time{}, err
	}
	now := time.Now()
	since := now.AddDate(-1, 0, 0)
	kinds := a.Tickets.Rules().Reader.Categories()
	tickets := make([]ticket.Ticket, sown)
	for i := range tickets {
		at := since.Add(time.Duration(i) * (360 * 24 * time.Hour / sown)).UnixMilli()
		tickets[i] = ticket.Ticket{
			ID: int64(i + 1), Number: fmt.Sprintf("B%d", i), OrgID: known.List[i*7919%len(known.List)].OrgID, Building: fmt.Sprint(1 + i/3%20), Category: kinds[i*31%len(kinds)].Code,
			Emergency: i%50 == 0, Text: strings.Repeat("楼道灯坏了", 8), Channel: "chat", State: ticket.Closed, Version: 5, Grade: []string{"2h", "24h", "7d", "15d"}[i%4],
			LeadPost: int64(1 + i%900), RouteRule: "root", RouteReason: "按通用规则派单", CreatedAt: at, DueAt: at + 1, FinishedAt: at + 1, ClosedAt: at + 2, Late: i%9 == 0,
		}
	}
	return since, multiply(ctx, a, tickets, pastTickets)
}

// multiply inserts tickets whose ids count from 1, and has the server copy them
// until there are so many.
func multiply(ctx context.Context, a *app.App, tickets []ticket.Ticket, total int) error {
	err := a.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.CreateInBatches(tickets, 400).Error })
	if err != nil {
		return err
	}
	pool, err := a.DB.SQL()
	if err != nil {
		return err
	}
	columns, err := columnsOf(ctx, pool)
	if err != nil {
		return err
	}
	for copied := range total/len(tickets) - 1 {
		values := strings.NewReplacer("`id`", fmt.Sprintf("id + %d", (copied+1)*len(tickets)), "`number`", fmt.Sprintf("CONCAT(number, '-%d')", copied)).Replace(columns)
		if _, err := pool.ExecContext(ctx, "INSERT INTO tickets ("+columns+") SELECT "+values+" FROM tickets WHERE id <= ?", len(tickets)); err != nil {
			return err
		}
	}
	return nil
}

// columnsOf are the columns of tickets, between commas.
func columnsOf(ctx context.Context, pool *sql.DB) (string, error) {
	rows, err := pool.QueryContext(ctx, "SELECT * FROM tickets WHERE 1 = 0")
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return "", err
	}
	return "`" + strings.Join(names, "`, `") + "`", rows.Err()
}

// scan reads the columns that a replay needs and does nothing with them.
func scan(ctx context.Context, a *app.App, since time.Time) (time.Duration, error) {
	pool, err := a.DB.SQL()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	n, err := readAll(ctx, pool, "SELECT id, org_id, building, category, emergency, grade, lead_post, late, due_at, finished_at, paused_at, state FROM tickets WHERE created_at >= ? ORDER BY id", since.UnixMilli())
	if err != nil || n < pastTickets {
		return 0, fmt.Errorf("%d rows: %w", n, err)
	}
	return time.Since(start), nil
}

// readAll reads every row of a query, does nothing with it, and counts them.
func readAll(ctx context.Context, pool *sql.DB, query string, args ...any) (int, error) {
	rows, err := pool.QueryContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }()
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	cells, into := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range cells {
		into[i] = &cells[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return n, err
		}
	}
	return n, rows.Err()
}
