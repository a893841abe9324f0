package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/activity"
	"fenlin/internal/app"
	"fenlin/internal/chat"
	"fenlin/internal/member"
	"fenlin/internal/org"
	"fenlin/internal/stats"
)

const (
	checkIns   = 5000
	checkInMax = time.Minute
	phones     = 64 // that check in at the same moment
	reportsPer = 10 // reports by chat a second meanwhile
	boardEvery = time.Second
)

// checkins measures 5,000 check-ins by the changing code over HTTP through the
// whole application (serve with its sample city on MariaDB: outbox, clocks,
// rates, notices to the simulator), while ten reports a second come by chat and
// a board is asked for the rates of a year each second.
func checkins(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	a, stop, err := demoOnServer(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	people, err := volunteers(ctx, a, checkIns)
	if err != nil {
		return nil, err
	}
	on, by, err := gathering(ctx, a, people)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, len(people))
	for i, p := range people {
		if tokens[i], _, err = a.Members.SignIn(ctx, p.ID, "h5", ""); err != nil {
			return nil, err
		}
	}
	busy, rest := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- meanwhile(busy, a) }()
	took, each, err := checkAllIn(ctx, a, on, by, tokens)
	rest()
	if load := <-done; err == nil {
		err = load
	}
	if err != nil {
		return nil, err
	}
	var kept int
	if err := a.DB.Read(ctx).Raw("SELECT COUNT(DISTINCT person_id) FROM activity_checkins WHERE activity_id = ? AND in_how = ?", on, activity.ByCode).Scan(&kept).Error; err != nil {
		return nil, err
	}
	if kept != checkIns {
		return nil, fmt.Errorf("%d people are in, not %d", kept, checkIns)
	}
	return []line{{
		fmt.Sprintf("%d check-ins over HTTP, the whole system running, %d reports/s and a board beside (p99 %s)", checkIns, reportsPer, p99(each).Round(time.Millisecond)),
		took.Round(10 * time.Millisecond).String(), "", "", "< " + checkInMax.String(), took < checkInMax,
	}}, nil
}

// gathering is an activity that is on, in which everybody has a seat, and who runs it.
func gathering(ctx context.Context, a *app.App, people []member.Person) (int64, org.Actor, error) {
	const post = 1 // held by nobody else
	id, slot, now := a.DB.NewID(), a.DB.NewID(), time.Now()
	on := activity.Activity{
		ID: id, PostID: post, Title: "bench", Kind: "other", Place: "bench", State: activity.Running, Audience: activity.Everybody,
		StartsAt: now.UnixMilli(), EndsAt: now.Add(2 * time.Hour).UnixMilli(), SignupUntil: now.UnixMilli(),
	}
	seats := make([]activity.SignUp, len(people))
	for i, p := range people {
		seats[i] = activity.SignUp{ID: a.DB.NewID(), ActivityID: id, SlotID: slot, PersonID: p.ID, State: activity.Seated, Queue: int64(i + 1)}
	}
	err := a.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := activity.Load(tx, []activity.Activity{on}, []activity.Slot{{ID: slot, ActivityID: id, Seq: 1, Name: "bench", Capacity: len(people), Taken: len(people)}}); err != nil {
			return err
		}
		return tx.CreateInBatches(seats, 500).Error
	})
	return id, org.Actor{Person: people[0].ID, Posts: []org.Post{{ID: post}}}, err
}

// checkAllIn lets everybody scan what the screen shows at that moment.
func checkAllIn(ctx context.Context, a *app.App, on int64, by org.Actor, tokens []string) (time.Duration, []time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: phones}, Timeout: time.Minute}
	each := make([]time.Duration, len(tokens))
	failed := make(chan error, phones)
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range phones {
		wg.Go(func() {
			var screen activity.Code
			for i := next.Add(1) - 1; i < int64(len(tokens)); i = next.Add(1) - 1 {
				if time.Now().After(screen.Until) {
					var err error
					if screen, _, err = a.Activities.Codes(ctx, by, on); err != nil {
						failed <- err
						return
					}
				}
				began := time.Now()
				if err := checkOne(ctx, client, a.Addr(), tokens[i], screen.Text); err != nil {
					failed <- err
					return
				}
				each[i] = time.Since(began)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return took, each, err
	default:
		return took, each, nil
	}
}

func checkOne(ctx context.Context, client *http.Client, address, token, code string) error {
	body, err := json.Marshal(map[string]string{"code": code})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/api/v1/checkins", bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusCreated {
		err = fmt.Errorf("check-in: %s %.200s", answer.Status, said)
	}
	return err
}

// meanwhile is the rest of a busy day, until ctx ends.
func meanwhile(ctx context.Context, a *app.App) error {
	service := &chat.Service{Tickets: a.Tickets, Org: a.Org, Members: a.Members, KV: a.KV, Now: time.Now}
	report, board := time.NewTicker(time.Second/reportsPer), time.NewTicker(boardEvery)
	defer report.Stop()
	defer board.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-report.C:
			err = tell(ctx, service)
		case <-board.C:
			err = askBoard(ctx, a)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// askBoard is what the city's board shows first.
func askBoard(ctx context.Context, a *app.App) error {
	root, err := a.Org.Root(ctx)
	if err != nil {
		return err
	}
	who := org.Actor{Person: 1, Posts: []org.Post{{ID: 1, Role: org.CitySecretary, OrgPath: root.Path, OrgID: root.ID}}}
	_, err = a.Stats.Rates(ctx, stats.Query{By: who, Org: root.ID, Group: stats.Month})
	return err
}
