package member

import (
	"context"

	"gorm.io/gorm"

	"fenlin/internal/db"
)

// ExpireSessions drops sign-ins that ended before a moment.
func (s *Service) ExpireSessions(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[string]{
		Key: "token_hash", From: "sessions WHERE expires_at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, hashes []string) *gorm.DB {
			return tx.Exec("DELETE FROM sessions WHERE token_hash IN ?", hashes)
		},
	})
}

// ExpireAccesses drops looks at personal data before a moment. Nothing else
// ever takes a row out of that log, and nothing changes one.
func (s *Service) ExpireAccesses(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "access_log WHERE at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM access_log WHERE id IN ?", ids)
		},
	})
}

// ExpireConsents drops consents that were withdrawn before a moment.
func (s *Service) ExpireConsents(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "consents WHERE withdrawn_at > 0 AND withdrawn_at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM consents WHERE id IN ? AND withdrawn_at > 0", ids)
		},
	})
}

// ExpireCorrections drops what was asked for and decided before a moment; what
// waits stays, as do the field that was corrected and its history.
func (s *Service) ExpireCorrections(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "corrections WHERE decided_at > 0 AND decided_at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM corrections WHERE id IN ? AND decided_at > 0", ids)
		},
	})
}
