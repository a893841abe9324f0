package db_test

import (
	"errors"
	"fmt"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

func TestBulk_ManyRowsGoInChangeAndAreFound(t *testing.T) {
	d := dbtest.New(t)
	const n = 9_001 // more than one statement of each kind
	rows, changes, keys := make([][]any, 0, n), make([][]any, 0, n), make([]int64, 0, n)
	for i := range int64(n) {
		rows = append(rows, []any{i + 1, "oAbC", fmt.Sprintf("h%05d", i), 7, 5, ""})
		if i%2 == 0 {
			changes = append(changes, []any{i + 1, fmt.Sprintf("k'%05d", i), i})
			keys = append(keys, i+1)
		}
	}
	columns := []string{"id", "app", "openid", "person_id", "created_at", "unionid"}
	put := func(rows [][]any) error {
		return d.Tx(t.Context(), func(tx *gorm.DB) error { return db.Insert(tx, "identities", columns, rows) })
	}
	if err := put(rows); err != nil {
		t.Fatal(err)
	}
	if err := put(rows[:1]); !errors.Is(err, gorm.ErrDuplicatedKey) {
		t.Errorf("the same again: %v", err)
	}
	if err := put(nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	err := d.Tx(t.Context(), func(tx *gorm.DB) error {
		return db.Update(tx, "identities", "id", []string{"openid", "person_id"}, changes)
	})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		ID       int64
		OpenID   string `gorm:"column:openid"`
		PersonID int64
	}
	found, err := db.Lookup[row](d.Read(t.Context()), "SELECT * FROM identities WHERE id IN ?", keys)
	if err != nil || len(found) != len(keys) {
		t.Fatalf("%d %v", len(found), err)
	}
	for _, r := range found {
		if r.OpenID != fmt.Sprintf("k'%05d", r.ID-1) || r.PersonID != r.ID-1 {
			t.Fatalf("%+v", r)
		}
	}
	var same int
	if err := d.Read(t.Context()).Raw("SELECT COUNT(*) FROM identities WHERE person_id = 7 AND openid LIKE 'h%'").Scan(&same).Error; err != nil || same != n-len(keys) {
		t.Errorf("%d stayed: %v", same, err)
	}
}
