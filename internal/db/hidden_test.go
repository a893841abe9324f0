package db_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/db/dbtest"
)

func TestErrors_QuoteNoValues(t *testing.T) {
	d := dbtest.New(t)
	for _, statement := range []string{
		"INSERT INTO outbox (id, topic, event_key, lane, payload, state, run_at, attempts, lease, last_error, created_at) VALUES (1, 'x', 'x', ?, '{}', 'ready', 1, 0, '', '', 1)",
		"INSERT INTO no_such_table VALUES (?)",
		"INSERT INTO outbox VALUES (?) oops",
		"UPDATE outbox SET lane = CAST(? AS DATE) WHERE id = 1; nonsense",
	} {
		err := d.Tx(t.Context(), func(tx *gorm.DB) error { return tx.Exec(statement, "王志强 it's 13812345678").Error })
		if err == nil {
			continue // SQLite takes a word for a number
		}
		if strings.Contains(err.Error(), "王志强") || strings.Contains(err.Error(), "138") {
			t.Errorf("%s: %v", statement, err)
		}
	}
}

// What the driver says goes where all else goes, and not past it to standard error.
func TestMySQL_ItsDriverSpeaksIntoTheLog(t *testing.T) {
	d := dbtest.New(t)
	if dbtest.Server() == "" {
		t.Skip("on a server only; SQLite's driver says nothing")
	}
	var said bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewJSONHandler(&said, nil)))
	defer slog.SetDefault(before)
	pool, err := d.SQL()
	if err != nil {
		t.Fatal(err)
	}
	broken, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var id int64
	if err := broken.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.ExecContext(t.Context(), "KILL ?", id); err != nil {
		t.Fatal(err)
	}
	if _, err := broken.ExecContext(t.Context(), "SELECT 1"); err == nil {
		t.Fatal("the connection still serves")
	}
	_ = broken.Close() // it is broken
	if !strings.Contains(said.String(), "MySQL's driver complains") {
		t.Errorf("said: %q", said.String())
	}
}
