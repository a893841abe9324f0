package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"fenlin/internal/app"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

const sizeTickets = 1000

// size measures what a ticket weighs on disk: so many go the whole way from the
// chat to the reporter's answer, with all that is told meanwhile; then the leaf
// pages of each table and index are counted. What is told and done in the
// background goes after its time (config/retention.yaml), the rest stays.
func size(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	a, stop, err := demoOnServer(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	before, err := pages(ctx, a)
	if err != nil {
		return nil, err
	}
	if err := crush(ctx, a, sizeTickets, 16); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := handleAll(ctx, a); err != nil {
		return nil, err
	}
	say("%d tickets handled in %s", sizeTickets, time.Since(start).Round(time.Second))
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(time.Second) {
		due, _, err := a.Outbox.Late(ctx)
		if err != nil || due > 0 && time.Now().After(deadline) {
			return nil, errors.Join(err, errors.New("the outbox does not run dry"))
		}
		if due == 0 {
			break
		}
	}
	if err := a.Stats.Keep(ctx); err != nil {
		return nil, err
	}
	after, err := pages(ctx, a)
	if err != nil {
		return nil, err
	}
	var lines []line
	total := 0.0
	for table, n := range after {
		each := float64(n-before[table]) * 16384 / sizeTickets
		total += each
		if each >= 20 {
			lines = append(lines, line{"bytes a ticket in " + table, fmt.Sprintf("%.0f", each), "", "", "", true})
		}
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.what, b.what) })
	return append(lines, line{"bytes a ticket in all tables and indexes", fmt.Sprintf("%.0f", total), "", "", "", true}), nil
}

// handleAll lets every new ticket be accepted, contacted, finished and confirmed.
func handleAll(ctx context.Context, a *app.App) error {
	var todo []ticket.Ticket
	err := a.DB.Read(ctx).Find(&todo, "state = ?", ticket.Dispatched).Error
	if err != nil || len(todo) < sizeTickets {
		return errors.Join(err, fmt.Errorf("%d tickets to handle", len(todo)))
	}
	yes := true
	var group errgroup.Group
	group.SetLimit(16)
	for _, t := range todo {
		group.Go(func() error {
			holders, err := a.Org.Holders(ctx, []int64{t.LeadPost})
			if err != nil || len(holders) == 0 {
				return errors.Join(err, fmt.Errorf("%s has no holder", t.Number))
			}
			by, err := a.Org.Actor(ctx, holders[0], 0)
			if err != nil {
				return err
			}
			for _, in := range []ticket.Input{{Action: ticket.Accept}, {Action: ticket.Contact, Note: "已电话联系，下午上门"}, {Action: ticket.Finish, Note: "已更换灯泡，请居民放心使用"}} {
				if _, err := a.Tickets.Act(ctx, by, t.Number, in); err != nil {
					return fmt.Errorf("%s %s: %w", t.Number, in.Action, err)
				}
			}
			_, err = a.Tickets.Act(ctx, org.Actor{Person: t.ReporterID}, t.Number, ticket.Input{Action: ticket.Confirm, Solved: &yes, Satisfaction: ticket.Satisfied})
			return err
		})
	}
	return group.Wait()
}

// pages are the leaf pages of each table with its indexes.
func pages(ctx context.Context, a *app.App) (map[string]int64, error) {
	pool, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	var tables []string
	if err := a.DB.Read(ctx).Raw("SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()").Scan(&tables).Error; err != nil {
		return nil, err
	}
	for _, t := range tables {
		if _, err := readAll(ctx, pool, "ANALYZE TABLE "+t); err != nil {
			return nil, err
		}
	}
	var rows []struct {
		TableName string
		N         int64
	}
	err = a.DB.Read(ctx).Raw("SELECT table_name, SUM(stat_value) AS n FROM mysql.innodb_index_stats WHERE database_name = DATABASE() AND stat_name = 'n_leaf_pages' GROUP BY table_name").Scan(&rows).Error
	out := map[string]int64{}
	for _, r := range rows {
		out[r.TableName] = r.N
	}
	return out, err
}
