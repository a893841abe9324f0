package lists

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// Unite gives what one person did to another, as part of the caller's
// transaction: they are found to be the same.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	return tx.Exec("UPDATE list_events SET actor_id = ? WHERE actor_id = ?", to, from).Error
}

// Forget takes a person who leaves out of all timelines, as part of the caller's
// transaction; for whom they spoke stays.
func (s *Service) Forget(tx *gorm.DB, person int64) error {
	return tx.Exec("UPDATE list_events SET actor_id = 0 WHERE actor_id = ?", person).Error
}

// Mine is what a person did, for their own eyes.
func (s *Service) Mine(ctx context.Context, person int64) ([]Event, error) {
	var out []Event
	return out, s.DB.Read(ctx).Order("id").Find(&out, "actor_id = ?", person).Error
}

// Expire takes people out of what was done before a moment.
func (s *Service) Expire(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "list_events WHERE at < ? AND actor_id <> 0", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("UPDATE list_events SET actor_id = 0 WHERE id IN ? AND actor_id <> 0", ids)
		},
	})
}
