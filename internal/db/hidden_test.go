package db_test

import (
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
