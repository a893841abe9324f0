package activity

import (
	"context"
	"fmt"

	"gorm.io/gorm"
)

// sealed are the columns that the keyring sealed.
var sealed = []struct {
	table, column string
	place         func(id int64) string
}{{"activities", "code_key", keyPlace}, {"certificates", "snapshot", snapshotPlace}}

// resealBatch is how many rows one transaction of Rotate takes.
const resealBatch = 50

// Rotate seals by the newest key what older ones sealed, and says how many.
// Begun again it goes on where it was.
func (s *Service) Rotate(ctx context.Context) (int, error) {
	done, keys := 0, s.Members.Keys
	for _, c := range sealed {
		for after := int64(0); ; {
			var rows []struct {
				ID   int64
				Text string
			}
			find := "SELECT id, " + c.column + " AS text FROM " + c.table + " WHERE id > ? AND " + c.column + " <> '' AND " + c.column + " NOT LIKE ? ORDER BY id LIMIT ?"
			if err := s.DB.Read(ctx).Raw(find, after, keys.Newest()+"%", resealBatch).Scan(&rows).Error; err != nil {
				return done, err
			}
			if len(rows) == 0 {
				break
			}
			err := s.DB.Tx(ctx, func(tx *gorm.DB) error {
				for _, r := range rows {
					plain, err := keys.Open(r.Text, c.place(r.ID))
					if err != nil {
						return fmt.Errorf("%s %d: %w", c.table, r.ID, err)
					}
					update := "UPDATE " + c.table + " SET " + c.column + " = ? WHERE id = ? AND " + c.column + " = ?"
					if err := tx.Exec(update, keys.Seal(plain, c.place(r.ID)), r.ID, r.Text).Error; err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return done, err
			}
			after, done = rows[len(rows)-1].ID, done+len(rows)
		}
	}
	return done, nil
}
