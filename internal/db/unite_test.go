package db_test

import (
	"context"
	"slices"
	"testing"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/db/dbtest"
)

func TestUnite_OfTwoRowsWithTheSameKeysTheOtherPersonsOwnStays(t *testing.T) {
	d := dbtest.New(t)
	const from, to = 1, 2
	var left []string
	err := d.Tx(context.Background(), func(tx *gorm.DB) error {
		for _, r := range []struct {
			outage, person, at int64
		}{{10, from, 1}, {10, to, 2}, {11, from, 3}, {12, to, 4}, {12, 3, 5}} {
			if err := tx.Exec("INSERT INTO outage_askers (outage_id, person_id, asked_at) VALUES (?, ?, ?)", r.outage, r.person, r.at).Error; err != nil {
				return err
			}
		}
		if err := db.Unite(tx, "outage_askers", from, to, "outage_id"); err != nil {
			return err
		}
		return tx.Raw("SELECT CONCAT(outage_id, ' ', person_id, ' ', asked_at) FROM outage_askers ORDER BY outage_id, person_id").Scan(&left).Error
	})
	if want := []string{"10 2 2", "11 2 3", "12 2 4", "12 3 5"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("%v, %q; want %q", err, left, want)
	}
}
