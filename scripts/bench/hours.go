package main

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/app"
	"fenlin/internal/db"
)

const (
	hourPairs   = 1_000_000
	pairsEach   = 50 // of one person, on so many days
	hourAtATime = 50_000
	hoursMax    = time.Minute
)

// hours computes everybody's hours anew from 1,000,000 pairs, against the bare
// scan of the columns that counting reads, in its order.
func hours(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	a, drop, err := ground(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	if err := attendances(ctx, a); err != nil {
		return nil, err
	}
	start := time.Now()
	sums, err := a.Activities.ServedIn(ctx, time.Time{}, time.Time{})
	if err != nil {
		return nil, err
	}
	ours, minutes := time.Since(start), int64(0)
	for _, s := range sums {
		minutes += s.Minutes
	}
	if want := int64(hourPairs * 90); minutes != want {
		return nil, fmt.Errorf("%d minutes were counted of %d", minutes, want)
	}
	start = time.Now()
	if err := bareScan(ctx, a); err != nil {
		return nil, err
	}
	bare := time.Since(start)
	return []line{{
		fmt.Sprintf("hours of %d pairs computed anew / bare scan", hourPairs), ours.Round(10 * time.Millisecond).String(), bare.Round(10 * time.Millisecond).String(),
		fmt.Sprintf("%.1f", ours.Seconds()/bare.Seconds()), "< " + hoursMax.String(), ours < hoursMax,
	}}, nil
}

// attendances puts pairs of an hour and a half into the tables: each person's
// are a day apart, each in another activity of two hours that is over.
func attendances(ctx context.Context, a *app.App) error {
	first := time.Now().AddDate(0, 0, -pairsEach-1).Truncate(24 * time.Hour)
	on := make([]activity.Activity, pairsEach)
	for i := range on {
		begins := first.AddDate(0, 0, i)
		on[i] = activity.Activity{
			ID: a.DB.NewID(), Title: "bench", Kind: "other", Place: "bench", State: activity.Archived, Audience: activity.Everybody,
			StartsAt: begins.UnixMilli(), EndsAt: begins.Add(2 * time.Hour).UnixMilli(), SignupUntil: begins.UnixMilli(),
		}
	}
	if err := a.DB.Tx(ctx, func(tx *gorm.DB) error { return activity.Load(tx, on, nil) }); err != nil {
		return err
	}
	columns := []string{"id", "activity_id", "person_id", "state", "in_at", "in_how", "in_by", "out_at", "out_how", "out_by", "created_at"}
	for person := int64(1); person <= hourPairs/pairsEach; {
		var rows [][]any
		for ; len(rows) < hourAtATime; person++ {
			for _, o := range on {
				in := o.StartsAt + 10*time.Minute.Milliseconds()
				rows = append(rows, []any{a.DB.NewID(), o.ID, person, activity.PairOK, in, activity.ByCode, 0, in + 90*time.Minute.Milliseconds(), activity.ByCode, 0, in})
			}
		}
		if err := a.DB.Tx(ctx, func(tx *gorm.DB) error { return db.Insert(tx, "activity_checkins", columns, rows) }); err != nil {
			return err
		}
	}
	return nil
}

// bareScan reads what counting reads, and does nothing with it.
func bareScan(ctx context.Context, a *app.App) error {
	rows, err := a.DB.Read(ctx).Raw("SELECT person_id, activity_id, in_at, out_at, state FROM activity_checkins ORDER BY person_id, in_at").Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var person, on, in, out int64
		var state string
		if err := rows.Scan(&person, &on, &in, &out, &state); err != nil {
			return err
		}
	}
	return rows.Err()
}
