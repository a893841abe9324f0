package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/app"
	"fenlin/internal/org"
	"fenlin/internal/stats"
	"fenlin/internal/ticket"
)

const (
	rateYears    = 3
	rateAsks     = 1000                  // questions of each kind
	rateMax      = 30 * time.Millisecond // of 99 in 100 questions
	naiveTimes   = 50                    // how much longer the naive way takes at least
	rebuildLeast = 50_000                // tickets a second
	storied      = 1_000_000             // tickets with their logs
	storySeeds   = 20_000                // tickets that are made here; the server copies them
)

// kept measures the rates that are kept, over five million tickets of three
// years on MariaDB: questions of one level and twelve months, and the pages
// behind them, beside the naive GROUP BY over the tickets; and how fast they are
// computed anew from the log.
func kept(ctx context.Context, _ time.Duration, _ int) ([]line, error) {
	a, drop, err := storyCity(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	start := time.Now()
	if err := a.Stats.Keep(ctx); err != nil {
		return nil, err
	}
	say("1,000,000 tickets counted in %s", time.Since(start).Round(time.Second))
	start = time.Now()
	found, err := a.Stats.Rebuild(ctx, func(done, total int) {
		if done%100_000 == 0 {
			say("rebuild: %d of %d tickets", done, total)
		}
	})
	if err == nil && (found.Found > 0 || found.Waiting > 0) {
		err = fmt.Errorf("rebuild found %+v", found)
	}
	if err != nil {
		return nil, err
	}
	speed := float64(found.Tickets) / time.Since(start).Seconds()
	bare, err := bareLog(ctx, a)
	if err != nil {
		return nil, err
	}
	lines := []line{{
		fmt.Sprintf("rates of %d tickets computed anew from %d events, tickets/s / bare scan of both", found.Tickets, found.Events),
		fmt.Sprintf("%.0f", speed), fmt.Sprintf("%.0f", bare), fmt.Sprintf("%.2f", speed/bare), fmt.Sprintf("≥ %d /s", rebuildLeast), speed >= rebuildLeast,
	}}
	if err := story(ctx, a, 5_000_000, false); err != nil {
		return nil, err
	}
	start = time.Now()
	if err := a.Stats.Keep(ctx); err != nil {
		return nil, err
	}
	say("4,000,000 more counted in %s", time.Since(start).Round(time.Second))
	more, err := questions(ctx, a)
	return append(lines, more...), err
}

func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// storyCity is the sample city with a million tickets and their logs in place of its own.
func storyCity(ctx context.Context) (*app.App, func(), error) {
	a, drop, err := sampleCity(ctx)
	if err != nil {
		return nil, nil, err
	}
	err = a.DB.Tx(ctx, func(tx *gorm.DB) error {
		return errors.Join(tx.Exec("DELETE FROM tickets").Error, tx.Exec("DELETE FROM ticket_events").Error)
	})
	if err == nil {
		err = story(ctx, a, storied, true)
	}
	if err != nil {
		drop()
		return nil, nil, err
	}
	return a, drop, nil
}

// story fills the last three years with tickets up to so many, in every state
// that tickets end or stand in, with their logs if asked for: some thousands are
// made here for a few days, and the server copies them, each copy some days later.
func story(ctx context.Context, a *app.App, total int, logs bool) error {
	pool, err := a.DB.SQL()
	if err != nil {
		return err
	}
	var there int
	if err := pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM tickets").Scan(&there); err != nil {
		return err
	}
	if there == 0 {
		if err := seeds(ctx, a); err != nil {
			return err
		}
		there = storySeeds
	}
	columns, err := columnsOf(ctx, pool)
	if err != nil {
		return err
	}
	windows := 5_000_000 / storySeeds
	step := (rateYears * 365 * 24 * time.Hour / time.Duration(windows)).Milliseconds()
	begin := time.Now()
	for copied := there / storySeeds; copied < total/storySeeds; copied++ {
		// 97 windows further each time: a million are spread over all years as five are
		offset, later := copied*storySeeds, int64(copied*97%windows)*step
		values := columns
		for _, c := range []string{"created_at", "respond_by", "due_at", "accepted_at", "contacted_at", "finished_at", "closed_at"} {
			values = strings.Replace(values, "`"+c+"`", fmt.Sprintf("CASE WHEN %s > 0 THEN %s + %d ELSE 0 END", c, c, later), 1)
		}
		values = strings.NewReplacer("`uncounted_at`", fmt.Sprintf("created_at + %d", later), "`id`", fmt.Sprintf("id + %d", offset), "`number`", fmt.Sprintf("CONCAT(number, '-%d')", copied)).Replace(values)
		if _, err := pool.ExecContext(ctx, "INSERT INTO tickets ("+columns+") SELECT "+values+" FROM tickets WHERE id <= ?", storySeeds); err != nil {
			return err
		}
		if logs {
			_, err := pool.ExecContext(ctx, `INSERT INTO ticket_events (id, ticket_id, seq, action, from_state, to_state, actor_id, actor_post, actor_title, note, data, at, prev_hash, hash, salt, words, place)
SELECT id + ?, ticket_id + ?, seq, action, from_state, to_state, actor_id, actor_post, actor_title, note,
  CASE action WHEN 'dispatch' THEN JSON_SET(data, '$.due_at', JSON_VALUE(data, '$.due_at') + ?, '$.respond_by', JSON_VALUE(data, '$.respond_by') + ?)
    WHEN 'contact' THEN JSON_SET(data, '$.contacted_at', JSON_VALUE(data, '$.contacted_at') + ?) ELSE data END,
  at + ?, prev_hash, hash, salt, words, place FROM ticket_events WHERE ticket_id <= ?`, 8*offset, offset, later, later, later, later, storySeeds)
			if err != nil {
				return err
			}
		}
		if (copied+1)%10 == 0 {
			say("%d of %d tickets made, %s", (copied+1)*storySeeds, total, time.Since(begin).Round(time.Second))
		}
	}
	return nil
}

// seeds are the first tickets, of the first days.
func seeds(ctx context.Context, a *app.App) error {
	known, err := a.Tickets.Places(ctx)
	if err != nil {
		return err
	}
	leads := make([]int64, len(known.List))
	for i, c := range known.List {
		desk, err := a.Org.Desk(ctx, c.OrgID, "")
		if err != nil {
			return err
		}
		for _, p := range desk.Posts {
			if p.Filled && leads[i] == 0 {
				leads[i] = p.ID
			}
		}
	}
	kinds := a.Tickets.Rules().Reader.Categories()
	dice := rand.New(rand.NewPCG(5, 5))
	begin := time.Now().AddDate(-rateYears, 0, 0)
	width := rateYears * 365 * 24 * time.Hour / 250
	tickets, events := make([]ticket.Ticket, 0, storySeeds), []ticket.Event{}
	for i := range storySeeds {
		c := dice.IntN(len(known.List))
		at := begin.Add(time.Duration(i) * width / storySeeds).UnixMilli()
		t, log := life(dice, int64(i+1), at, known.List[c].OrgID, leads[c], kinds[dice.IntN(len(kinds))].Code)
		tickets, events = append(tickets, t), append(events, log...)
	}
	return a.DB.Tx(ctx, func(tx *gorm.DB) error {
		if err := tx.CreateInBatches(tickets, 400).Error; err != nil {
			return err
		}
		return tx.CreateInBatches(events, 1000).Error
	})
}

// life is a ticket and its log: most were finished in time and confirmed or
// settled by silence, some late, excluded, withdrawn, done again or open.
func life(dice *rand.Rand, id, at, unit, lead int64, category string) (ticket.Ticket, []ticket.Event) {
	const hour = int64(3_600_000)
	t := ticket.Ticket{
		ID: id, Number: fmt.Sprintf("B%d", id), OrgID: unit, Building: fmt.Sprint(1 + dice.IntN(20)), Category: category, Text: strings.Repeat("楼道灯坏了", 4), Channel: "chat",
		Grade: "7d", LeadPost: lead, RouteRule: "root", RouteReason: "按通用规则派单", CreatedAt: at, RespondBy: at + 24*hour, DueAt: at + 168*hour, UncountedAt: at, LastHash: strings.Repeat("0", 64),
	}
	var log []ticket.Event
	happen := func(action ticket.Action, to ticket.State, later int64, d ticket.Detail) {
		data, _ := json.Marshal(d)
		t.Version++
		log = append(log, ticket.Event{
			ID: 8*id + t.Version, TicketID: id, Seq: t.Version, Action: action, FromState: t.State, ToState: to, ActorTitle: "福馨苑小区党支部书记", Note: "说明", Data: string(data), At: at + later,
			PrevHash: t.LastHash, Hash: t.LastHash, Salt: strings.Repeat("S", 26), Words: t.LastHash,
		})
		t.State = to
	}
	yes := true
	answer := hour/4 + dice.Int64N(40*hour)
	finish := answer + hour + dice.Int64N(200*hour)
	happen(ticket.Submit, ticket.Submitted, 0, ticket.Detail{OrgID: unit, Category: category})
	happen(ticket.Dispatch, ticket.Dispatched, 0, ticket.Detail{LeadPost: lead, RespondBy: t.RespondBy, DueAt: t.DueAt})
	chance := dice.IntN(100)
	if chance < 3 {
		happen(ticket.Withdraw, ticket.Withdrawn, hour, ticket.Detail{})
		return t, log
	}
	happen(ticket.Accept, ticket.Accepted, hour/8, ticket.Detail{})
	if chance < 5 {
		happen(ticket.Decide, ticket.Excluded, 2*hour, ticket.Detail{})
		return t, log
	}
	t.ContactedAt = at + answer
	happen(ticket.Contact, ticket.Contacted, answer, ticket.Detail{ContactedAt: &t.ContactedAt})
	if chance < 6 {
		return t, log // nobody ever went on
	}
	t.FinishedAt, t.Late, t.Bare = at+finish, finish > 168*hour, chance%2 == 0
	done := ticket.Detail{}
	if !t.Bare {
		done.Photos = []int64{id}
	}
	happen(ticket.Finish, ticket.Finished, finish, done)
	t.ClosedAt = at + finish + 72*hour
	if chance < 40 {
		t.Outcome = ticket.Tacit
		happen(ticket.Close, ticket.Closed, finish+72*hour, ticket.Detail{})
		return t, log
	}
	t.Outcome, t.Solved, t.Satisfaction = ticket.Confirmed, &yes, []ticket.Satisfaction{ticket.Satisfied, ticket.Basic}[chance%2]
	happen(ticket.Confirm, ticket.Closed, finish+72*hour, ticket.Detail{Solved: &yes, Satisfaction: t.Satisfaction})
	return t, log
}

// bareLog is how many tickets a second come out of the database when what a
// rebuild needs of them and their events is read and nothing is done with it.
func bareLog(ctx context.Context, a *app.App) (float64, error) {
	pool, err := a.DB.SQL()
	if err != nil {
		return 0, err
	}
	start := time.Now()
	for _, q := range []string{
		"SELECT id, org_id, lead_post, category, state, created_at, due_at, finished_at, outcome, satisfaction FROM tickets ORDER BY created_at, id",
		"SELECT ticket_id, action, from_state, to_state, data, at FROM ticket_events ORDER BY ticket_id, seq",
	} {
		if _, err := readAll(ctx, pool, q); err != nil {
			return 0, err
		}
	}
	var tickets float64
	err = pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM tickets").Scan(&tickets)
	return tickets / time.Since(start).Seconds(), err
}

// questions asks of one level and twelve months, beginning on any day, and
// looks at pages behind the figures; and asks the same of the tickets themselves.
func questions(ctx context.Context, a *app.App) ([]line, error) {
	root, err := a.Org.Root(ctx)
	if err != nil {
		return nil, err
	}
	who := org.Actor{Person: 1, Posts: []org.Post{{ID: 1, Role: org.CitySecretary, OrgPath: root.Path, OrgID: root.ID}}}
	dice := rand.New(rand.NewPCG(7, 7))
	pool, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	measures := []stats.Measure{stats.Accepted, stats.Matured, stats.Settled, stats.Tacit, stats.Excluded, stats.Overdue, stats.Bare}
	var lines []line
	for _, by := range []stats.Group{stats.Whole, stats.Month, stats.Category, stats.Subdistrict, stats.Community, stats.Compound, stats.Handler} {
		var asks, pages []time.Duration
		for range rateAsks {
			from := time.Now().AddDate(-1-dice.IntN(2), -dice.IntN(12), -dice.IntN(28))
			y, m, d := from.In(a.Stats.Location).Date()
			from = time.Date(y, m, d, 0, 0, 0, 0, a.Stats.Location)
			q := stats.Query{By: who, Org: root.ID, From: from, To: from.AddDate(1, 0, 0), Group: by}
			start := time.Now()
			table, err := a.Stats.Rates(ctx, q)
			if err != nil {
				return nil, err
			}
			asks = append(asks, time.Since(start))
			row := table.Rows[dice.IntN(len(table.Rows))]
			start = time.Now()
			if _, err := a.Stats.Tickets(ctx, q, measures[dice.IntN(len(measures))], row.Key, 20, ""); err != nil {
				return nil, err
			}
			pages = append(pages, time.Since(start))
		}
		naive, err := naiveRates(ctx, pool, by, root.Path)
		if err != nil {
			return nil, err
		}
		name := string(by)
		if by == stats.Whole {
			name = "nothing"
		}
		ask, page := p99(asks), p99(pages)
		lines = append(lines, line{
			fmt.Sprintf("rates of 12 months by %s, p99 of %d / naive GROUP BY", name, rateAsks),
			ask.Round(10 * time.Microsecond).String(), naive.Round(time.Millisecond).String(), fmt.Sprintf("%.4f", ask.Seconds()/naive.Seconds()),
			fmt.Sprintf("< %s, %d × faster", rateMax, naiveTimes), ask < rateMax && naive > naiveTimes*ask,
		}, line{
			fmt.Sprintf("page behind a figure by %s, p99 of %d", name, rateAsks), page.Round(10 * time.Microsecond).String(), "", "", "< " + rateMax.String(), page < rateMax,
		})
		say("%s: rates p50 %s p99 %s max %s; pages p50 %s p99 %s max %s; naive %s", name, asks[len(asks)/2], ask, asks[len(asks)-1], pages[len(pages)/2], page, pages[len(pages)-1], naive)
	}
	return lines, nil
}

func p99(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)*99/100]
}

// naiveRates is how long it takes to count the same of the tickets themselves.
func naiveRates(ctx context.Context, pool *sql.DB, by stats.Group, path string) (time.Duration, error) {
	key := map[stats.Group]string{
		stats.Whole: "''", stats.Month: "FROM_UNIXTIME(t.created_at DIV 1000, '%Y-%m')", stats.Category: "t.category", stats.Handler: "t.lead_post",
		stats.Compound: "h.org_id", stats.Community: "h.parent_id", stats.Subdistrict: "c.parent_id",
	}[by]
	from, to := org.Below(path)
	start := time.Now()
	_, err := readAll(ctx, pool, `SELECT `+key+`, COUNT(*), SUM(t.state NOT IN ('withdrawn', 'merged', 'excluded')), SUM(t.state IN ('closed', 'rejected') OR t.due_at < ?), SUM(t.finished_at > 0),
SUM(t.finished_at > 0 AND NOT t.late), SUM(t.outcome <> ''), SUM(t.outcome = 'tacit'), SUM(t.solved IS NOT NULL), SUM(t.satisfaction = 'satisfied'), SUM(t.satisfaction = 'basic'), SUM(t.state = 'excluded'), SUM(t.redos > 0)
FROM tickets t JOIN org_history h ON h.org_id = t.org_id AND h.from_at <= t.created_at AND h.to_at > t.created_at
LEFT JOIN org_history c ON c.org_id = h.parent_id AND c.from_at <= t.created_at AND c.to_at > t.created_at
WHERE t.created_at >= ? AND t.created_at < ? AND h.path >= ? AND h.path < ? GROUP BY 1`,
		time.Now().UnixMilli(), time.Now().AddDate(-2, 0, 0).UnixMilli(), time.Now().AddDate(-1, 0, 0).UnixMilli(), from, to)
	return time.Since(start), err
}
