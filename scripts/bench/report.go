package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"fenlin/internal/app"
	"fenlin/internal/chat"
	"fenlin/internal/db"
	"fenlin/internal/kv"
)

// report measures a report by chat on MariaDB against the bare SQL of the very
// statements that one such report sends, taken from the server's own log and
// put into one transaction.
func report(ctx context.Context, d time.Duration, rounds int) ([]line, error) {
	server := os.Getenv("FENLIN_TEST_DATABASE")
	if server == "" {
		return nil, errors.New("FENLIN_TEST_DATABASE is not set: run `make bench`")
	}
	a, service, address, drop, err := city(ctx, server)
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
				return crowd(n, d, func(worker int) error { return tell(ctx, service, worker) })
			},
			func() (float64, error) {
				return crowd(n, d, func(int) error { return statements.run(ctx, bare, a.DB.NewID) })
			})
		if err != nil {
			return nil, err
		}
		out = append(out, compared(fmt.Sprintf("report by chat, %d connections / bare SQL of its %d statements", n, len(statements.list)), o, l, ratio, 0.8))
	}
	return out, nil
}

// city is the sample city on a new database.
func city(ctx context.Context, server string) (*app.App, *chat.Service, string, func(), error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, nil, "", nil, errors.New("FENLIN_TEST_DATABASE is not an address")
	}
	u.Path = "/"
	dsn, err := db.MySQLDSN(u.String())
	if err != nil {
		return nil, nil, "", nil, err
	}
	root, err := sql.Open("mysql", dsn)
	if err != nil {
		return nil, nil, "", nil, err
	}
	name := fmt.Sprintf("fenlin_bench_%d", os.Getpid())
	if _, err := root.ExecContext(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"); err != nil {
		return nil, nil, "", nil, err
	}
	drop := func() { _, _ = root.ExecContext(ctx, "DROP DATABASE "+name); _ = root.Close() }
	u.Path = "/" + name
	a, err := app.Ground(app.Config{Database: u.String()})
	if err == nil {
		err = a.DB.Migrate(ctx)
	}
	if err == nil {
		err = a.Sample.Seed(ctx)
	}
	if err != nil {
		drop()
		return nil, nil, "", nil, err
	}
	service := &chat.Service{Tickets: a.Tickets, Org: a.Org, Members: a.Members, KV: kv.NewMemory(), Now: time.Now}
	return a, service, u.String(), drop, nil
}

var told atomic.Int64

// tell is one report by chat, by a person of their own as far as possible:
// people of the sample city, and newcomers bound to 福馨苑 by naming it.
func tell(ctx context.Context, service *chat.Service, worker int) error {
	n := told.Add(1)
	reply, err := service.Answer(ctx, chat.Message{
		Key: fmt.Sprintf("wx:bench:%d", n), OpenID: fmt.Sprintf("o-bench-%d-%d", worker, n/20), Kind: "text", Text: fmt.Sprintf("福馨苑3号楼2单元%d室门口楼道灯坏了", 101+n%20), At: time.Now(),
	})
	if err != nil {
		return err
	}
	if !strings.Contains(reply.Text, "FY") {
		return fmt.Errorf("no ticket: %s", reply.Text)
	}
	return nil
}

// script is the statements of one report, with its ids and keys to be made new each time.
type script struct {
	list []string
	base int64 // ids above it were made by the report
}

// record lets one report of a known person run while the server logs what it is sent.
func record(ctx context.Context, a *app.App, service *chat.Service) (script, error) {
	if err := tell(ctx, service, 0); err != nil { // the person, the day's number and the caches are there
		return script{}, err
	}
	pool, err := a.DB.SQL()
	if err != nil {
		return script{}, err
	}
	s := script{base: a.DB.NewID()}
	for _, q := range []string{"SET GLOBAL log_output = 'TABLE'", "TRUNCATE mysql.general_log", "SET GLOBAL general_log = 1"} {
		if _, err := pool.ExecContext(ctx, q); err != nil {
			return s, fmt.Errorf("log the statements: %w", err)
		}
	}
	err = tell(ctx, service, 0)
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
		s.list = append(s.list, q)
	}
	if len(s.list) < 6 {
		return s, fmt.Errorf("only %d statements were logged", len(s.list))
	}
	return s, rows.Err()
}

var (
	anID     = regexp.MustCompile(`\b\d{15,19}\b`)
	aNumber  = regexp.MustCompile(`FY\d{6}-\d+`)
	aKey     = regexp.MustCompile(`wx:bench:\d+`)
	replayed atomic.Int64
)

// run sends the statements in one transaction with ids of their own.
func (s script) run(ctx context.Context, pool *sql.DB, newID func() int64) error {
	n := replayed.Add(1)
	ids := map[string]string{}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for _, q := range s.list {
		q = anID.ReplaceAllStringFunc(q, func(id string) string {
			if v, err := strconv.ParseInt(id, 10, 64); err != nil || v < s.base {
				return id
			}
			if ids[id] == "" {
				ids[id] = strconv.FormatInt(newID(), 10)
			}
			return ids[id]
		})
		q = aNumber.ReplaceAllString(q, fmt.Sprintf("FYBARE-%d", n))
		q = aKey.ReplaceAllString(q, fmt.Sprintf("wx:bare:%d", n))
		if strings.HasPrefix(q, "SELECT") {
			if err := read(ctx, tx, q); err != nil {
				return err
			}
			continue
		}
		if _, err := tx.ExecContext(ctx, q); err != nil {
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
func crowd(n int, d time.Duration, do func(worker int) error) (float64, error) {
	var total atomic.Int64
	var wg sync.WaitGroup
	failed := make(chan error, n)
	start := time.Now()
	for worker := range n {
		wg.Go(func() {
			for time.Since(start) < d {
				if err := do(worker); err != nil {
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
