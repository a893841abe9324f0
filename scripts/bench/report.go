package main

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"fenlin/internal/app"
	"fenlin/internal/chat"
	"fenlin/internal/db"
	"fenlin/internal/kv"
	"fenlin/internal/member"
)

// report measures a report by chat on MariaDB against the bare SQL of the very
// statements that one such report sends, taken from the server's own log and
// put into one transaction.
func report(ctx context.Context, d time.Duration, rounds int) ([]line, error) {
	a, service, address, drop, err := city(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	statements, err := record(ctx, a, service)
	if err != nil {
		return nil, err
	}
	dsn, err := db.MySQLDSN(address)
	if err != nil {
		return nil, err
	}
	bare, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, err
	}
	defer func() { _ = bare.Close() }()
	ours, err := a.DB.SQL()
	if err != nil {
		return nil, err
	}
	var out []line
	for _, n := range []int{8, 32, 64} {
		for _, pool := range []*sql.DB{ours, bare} {
			pool.SetMaxOpenConns(n)
			pool.SetMaxIdleConns(n)
		}
		o, l, ratio, err := rates(rounds,
			func() (float64, error) {
				return crowd(n, d, func() error { return tell(ctx, service) })
			},
			func() (float64, error) {
				return crowd(n, d, func() error { return statements.run(ctx, bare, a.DB.NewID) })
			})
		if err != nil {
			return nil, err
		}
		out = append(out, compared(fmt.Sprintf("report by chat, %d connections / bare SQL of its %d statements", n, len(statements.list)), o, l, ratio, 0.8))
	}
	return out, nil
}

// city is the sample city with people who report by chat, and its database's address.
func city(ctx context.Context) (*app.App, *chat.Service, string, func(), error) {
	a, drop, err := sampleCity(ctx)
	if err != nil {
		return nil, nil, "", nil, err
	}
	if err := settle(ctx, a); err != nil {
		drop()
		return nil, nil, "", nil, err
	}
	service := &chat.Service{Tickets: a.Tickets, Org: a.Org, Members: a.Members, KV: kv.NewMemory(), Now: time.Now}
	return a, service, a.Config.Database, drop, nil
}

var told atomic.Int64

// residents are known people of all compounds; each reports a few times.
const (
	residents = 5000
	inARow    = 20
)

// neighbour is the openid of one of them.
func neighbour(i int) string { return fmt.Sprintf("o-bench-%d", i) }

// settle makes them.
func settle(ctx context.Context, a *app.App) error {
	known, err := a.Tickets.Places(ctx)
	if err != nil {
		return err
	}
	var group errgroup.Group
	group.SetLimit(16)
	for i := range residents {
		group.Go(func() error {
			_, err := a.Members.Add(ctx, member.Person{Name: "bench", CompoundID: known.List[i%len(known.List)].OrgID}, neighbour(i))
			return err
		})
	}
	return group.Wait()
}

// tell is one report by chat.
func tell(ctx context.Context, service *chat.Service) error {
	n := told.Add(1)
	reply, err := service.Answer(ctx, chat.Message{
		Key: fmt.Sprintf("wx:bench:%d", n), OpenID: neighbour(int(n / inARow % residents)), Kind: "text", Text: fmt.Sprintf("3号楼2单元%d室门口楼道灯坏了", 101+n%899), At: time.Now(),
	})
	if err != nil {
		return err
	}
	if !strings.Contains(reply.Text, "已登记") {
		return fmt.Errorf("no ticket: %s", reply.Text)
	}
	return nil
}

// crush has n reports by chat made, so many at once.
func crush(ctx context.Context, a *app.App, n, atOnce int) error {
	service := &chat.Service{Tickets: a.Tickets, Org: a.Org, Members: a.Members, KV: a.KV, Now: time.Now}
	var group errgroup.Group
	group.SetLimit(atOnce)
	for range n {
		group.Go(func() error { return tell(ctx, service) })
	}
	return group.Wait()
}

// script is the statements of one report, with its ids and keys to be made new each time.
type script struct {
	list   []statement
	base   int64 // ids above it were made by the report
	person int64 // who reported
}

// record lets one report of a known person run while the server logs what it is sent.
func record(ctx context.Context, a *app.App, service *chat.Service) (script, error) {
	if err := tell(ctx, service); err != nil { // the person, the day's number and the caches are there
		return script{}, err
	}
	pool, err := a.DB.SQL()
	if err != nil {
		return script{}, err
	}
	s := script{base: a.DB.NewID()}
	if err := a.DB.Read(ctx).Raw("SELECT reporter_id FROM tickets ORDER BY id DESC LIMIT 1").Scan(&s.person).Error; err != nil {
		return s, err
	}
	for _, q := range []string{"SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = 1"} {
		if _, err := pool.ExecContext(ctx, q); err != nil {
			return s, fmt.Errorf("log the statements: %w", err)
		}
	}
	err = tell(ctx, service)
	if _, off := pool.ExecContext(ctx, "SET GLOBAL general_log = 0"); err == nil {
		err = off
	}
	if err != nil {
		return s, err
	}
	rows, err := pool.QueryContext(ctx, "SELECT CONVERT(argument USING utf8mb4) FROM mysql.general_log WHERE command_type = 'Query' ORDER BY event_time")
	if err != nil {
		return s, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var q string
		if err := rows.Scan(&q); err != nil {
			return s, err
		}
		word := strings.ToUpper(strings.Fields(q + " x")[0])
		if strings.Contains(q, "general_log") || word == "SET" || word == "START" || word == "BEGIN" || word == "COMMIT" {
			continue
		}
		s.list = append(s.list, s.cut(q))
	}
	if len(s.list) < 6 {
		return s, fmt.Errorf("only %d statements were logged", len(s.list))
	}
	return s, rows.Err()
}

// fresh finds what must be new each time: ids, the ticket's number, the request's key.
var fresh = regexp.MustCompile(`\b\d{15,19}\b|FY\d{6}-\d+|wx:bench:\d+`)

var replayed atomic.Int64

// statement is SQL cut where something must be new: texts[0], slots[0], texts[1] and so on.
type statement struct {
	query bool
	texts []string
	slots []string
}

// cut prepares a statement, so that its replay costs nothing but the SQL.
func (s script) cut(q string) statement {
	out := statement{query: strings.HasPrefix(q, "SELECT")}
	from := 0
	for _, at := range fresh.FindAllStringIndex(q, -1) {
		slot := q[at[0]:at[1]]
		if id, err := strconv.ParseInt(slot, 10, 64); err == nil && id < s.base && id != s.person {
			continue // a post or a unit: there before the report
		}
		out.texts, out.slots = append(out.texts, q[from:at[0]]), append(out.slots, slot)
		from = at[1]
	}
	out.texts = append(out.texts, q[from:])
	return out
}

func (t statement) with(made func(slot string) string) string {
	var b strings.Builder
	for i, text := range t.texts {
		b.WriteString(text)
		if i < len(t.slots) {
			b.WriteString(made(t.slots[i]))
		}
	}
	return b.String()
}

// run sends the statements in one transaction with ids of their own.
func (s script) run(ctx context.Context, pool *sql.DB, newID func() int64) error {
	n := replayed.Add(1)
	ids := map[string]string{}
	made := func(slot string) string {
		switch {
		case strings.HasPrefix(slot, "FY"):
			return "FYBARE-" + strconv.FormatInt(n, 10)
		case strings.HasPrefix(slot, "wx:"):
			return "wx:bare:" + strconv.FormatInt(n, 10)
		case slot == strconv.FormatInt(s.person, 10): // nobody reports for ever
			return strconv.FormatInt(s.person+n/20, 10)
		case ids[slot] == "":
			ids[slot] = strconv.FormatInt(newID(), 10)
		}
		return ids[slot]
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, t := range s.list {
		q := t.with(made)
		if t.query {
			err = read(ctx, tx, q)
		} else {
			_, err = tx.ExecContext(ctx, q)
		}
		if err != nil {
			return fmt.Errorf("%w in %.80s", err, q)
		}
	}
	return tx.Commit()
}

// read fetches every row, as anybody would.
func read(ctx context.Context, tx *sql.Tx, q string) error {
	rows, err := tx.QueryContext(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		continue
	}
	return rows.Err()
}

// crowd lets n workers do it again and again for d and returns how often a second it was done.
func crowd(n int, d time.Duration, do func() error) (float64, error) {
	var total atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, n)
	start := time.Now()
	for range n {
		wg.Go(func() {
			for time.Since(start) < d {
				if err := do(); err != nil {
					failed <- err
					return
				}
				total.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return 0, err
	default:
		return float64(total.Load()) / took.Seconds(), nil
	}
}
