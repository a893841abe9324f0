package main

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/app"
	"fenlin/internal/member"
)

const (
	rushPeople = 10_000
	rushSeats  = 100
	rushLeast  = 3.0         // times the rate of the bare requests
	rushMax    = time.Second // of the slowest but one in a hundred
)

// signups measures a rush: 10,000 people sign up at once for one activity with
// 100 seats, against one durable insert and one conditional update a request,
// bare, into the same tables. What they got is checked after each round.
func signups(ctx context.Context, _ time.Duration, rounds int) ([]line, error) {
	a, drop, err := ground(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	people, err := volunteers(ctx, a, rushPeople)
	if err != nil {
		return nil, err
	}
	pool, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	var slowest []time.Duration
	o, l, ratio, err := rates(rounds, func() (float64, error) {
		on, slot, err := occasion(ctx, a, rushSeats)
		if err != nil {
			return 0, err
		}
		took, each, err := rush(people, func(p member.Person) error {
			_, _, err := a.Activities.SignUp(ctx, p, activity.Choice{Activity: on})
			return err
		})
		if err == nil {
			slowest = append(slowest, p99(each))
			err = seatedRightly(ctx, a, slot)
		}
		return float64(len(people)) / took.Seconds(), err
	}, func() (float64, error) {
		on, slot, err := occasion(ctx, a, rushSeats)
		if err != nil {
			return 0, err
		}
		took, _, err := rush(people, func(p member.Person) error { return bareSeat(ctx, pool, a.DB.NewID(), on, slot, p.ID) })
		return float64(len(people)) / took.Seconds(), err
	})
	if err != nil {
		return nil, err
	}
	late := slowest[0]
	for _, s := range slowest {
		late = max(late, s)
	}
	return []line{
		compared(fmt.Sprintf("%d sign-ups at once for %d seats / bare insert and conditional update each", rushPeople, rushSeats), o, l, ratio, rushLeast),
		{"the same, p99 of the worst round", late.Round(time.Millisecond).String(), "", "", "< " + rushMax.String(), late < rushMax},
	}, nil
}

// volunteers are new people.
func volunteers(ctx context.Context, a *app.App, n int) ([]member.Person, error) {
	people := make([]member.Person, n)
	for i := range people {
		people[i] = member.Person{ID: a.DB.NewID(), Name: "bench", CreatedAt: time.Now().UnixMilli()}
	}
	return people, a.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.CreateInBatches(people, 500).Error })
}

// occasion is a published activity with one post that begins tomorrow.
func occasion(ctx context.Context, a *app.App, seats int) (id, slot int64, err error) {
	id, slot = a.DB.NewID(), a.DB.NewID()
	begins := time.Now().Add(24 * time.Hour)
	on := activity.Activity{
		ID: id, Title: "bench", Kind: "other", Place: "bench", State: activity.Published, Audience: activity.Everybody,
		StartsAt: begins.UnixMilli(), EndsAt: begins.Add(2 * time.Hour).UnixMilli(), SignupUntil: begins.UnixMilli(),
	}
	err = a.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.Exec("UPDATE activities SET state = ? WHERE state = ?", activity.Done, activity.Published).Error; err != nil { // those of earlier rounds, at the same time
			return err
		}
		return activity.Load(tx, []activity.Activity{on}, []activity.Slot{{ID: slot, ActivityID: id, Seq: 1, Name: "bench", Capacity: seats}})
	})
	return id, slot, err
}

// rush lets everybody do it at once, and says how long all and each waited.
func rush[P any](people []P, do func(P) error) (time.Duration, []time.Duration, error) {
	each := make([]time.Duration, len(people))
	failed := make(chan error, len(people))
	gate := make(chan struct{})
	var wg sync.WaitGroup
	var start time.Time
	for i, p := range people {
		wg.Go(func() {
			<-gate
			if err := do(p); err != nil {
				failed <- err
			}
			each[i] = time.Since(start)
		})
	}
	start = time.Now()
	close(gate)
	wg.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return took, each, err
	default:
		return took, each, nil
	}
}

// seatedRightly fails unless exactly the seats are taken and all others wait,
// each with a place of their own behind those who were seated.
func seatedRightly(ctx context.Context, a *app.App, slot int64) error {
	var is struct {
		Seated, Waiting, Places, Taken int
		LastSeat, FirstWait            int64
	}
	err := a.DB.Read(ctx).Raw(`SELECT SUM(g.state = 'seated') AS seated, SUM(g.state = 'waiting') AS waiting, COUNT(DISTINCT g.queue) AS places,
MAX(CASE WHEN g.state = 'seated' THEN g.queue END) AS last_seat, MIN(CASE WHEN g.state = 'waiting' THEN g.queue END) AS first_wait, MAX(s.taken) AS taken
FROM activity_signups g JOIN activity_slots s ON s.id = g.slot_id WHERE g.slot_id = ?`, slot).Scan(&is).Error
	if err == nil && (is.Seated != rushSeats || is.Taken != rushSeats || is.Waiting != rushPeople-rushSeats || is.Places != rushPeople || is.LastSeat >= is.FirstWait) {
		err = fmt.Errorf("the rush ended wrongly: %+v", is)
	}
	return err
}

// bareSeat is what one request takes without us: a durable insert, and the seat
// if there is one.
func bareSeat(ctx context.Context, pool *sql.DB, id, on, slot, person int64) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	now := time.Now().UnixMilli()
	if _, err := tx.ExecContext(ctx, "INSERT INTO activity_signups (id, activity_id, slot_id, person_id, state, queue, offered_until, of_age, created_at, changed_at) VALUES (?, ?, ?, ?, 'waiting', 0, 0, FALSE, ?, ?)",
		id, on, slot, person, now, now); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE activity_slots SET taken = taken + 1 WHERE id = ? AND taken < capacity", slot); err != nil {
		return err
	}
	return tx.Commit()
}
