package notify

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// Expire drops notices made before a moment, sent or not: after patience
// nobody tries to send them any more.
func (s *Service) Expire(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "notices WHERE created_at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM notices WHERE id IN ?", ids)
		},
	})
}
