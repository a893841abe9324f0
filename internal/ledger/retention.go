package ledger

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// Expire empties imports that ended before a moment, and those that never came
// to an end: their workbooks go, and the problems, which quote cells. What was
// imported when, by whom and with which counts stays.
func (s *Service) Expire(ctx context.Context, x db.Expiry) (int64, error) {
	before := x.Before.UnixMilli()
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		// Lengths, because SQLite finds an empty blob and an empty text different.
		Key: "id", From: "imports WHERE finished_at < ? AND created_at < ? AND (LENGTH(marked) > 0 OR LENGTH(workbook) > 0 OR problems <> '')",
		Args: []any{before, before}, Batch: 20, // megabytes each
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("UPDATE imports SET marked = '', workbook = '', problems = '' WHERE id IN ?", ids)
		},
	})
}
