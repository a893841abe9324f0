package db

import (
	"strings"

	"gorm.io/gorm"
)

// Unite gives the rows that person from has in a table to person to, as part of
// the caller's transaction: they are found to be the same. Of two rows with the
// same keys, the columns of which a person has one row each, to's own stays.
func Unite(tx *gorm.DB, table string, from, to int64, keys ...string) error {
	if len(keys) > 0 {
		columns := strings.Join(keys, ", ")
		// The inner table has a name of its own, or MySQL would not read what it deletes from.
		err := tx.Exec("DELETE FROM "+table+" WHERE person_id = ? AND ("+columns+") IN (SELECT "+columns+" FROM (SELECT "+columns+" FROM "+table+" WHERE person_id = ?) own)", from, to).Error
		if err != nil {
			return err
		}
	}
	return tx.Exec("UPDATE "+table+" SET person_id = ? WHERE person_id = ?", to, from).Error
}
