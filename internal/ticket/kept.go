package ticket

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/errs"
	"fenlin/internal/org"
)

// ErrAdvert refuses what reads like an advertisement and is no report. It was
// kept; whoever means a problem says so once more.
var ErrAdvert = errs.New(errs.Conflict, "advertisement", "这段话像是广告，没有登记成工单，已留给工作人员查看")

// ErrNotCity refuses what only the city's desk may see.
var ErrNotCity = errs.New(errs.Forbidden, "not_city", "只有市级可以查看")

// KeptText is what looked like an advertisement and became no ticket.
type KeptText struct {
	ID        int64
	PersonID  int64
	Channel   string
	Text      string
	SourceKey *string
	CreatedAt int64
}

// refuseAdvert answers an advertisement, unless the same request filed a ticket before.
func (s *Service) refuseAdvert(ctx context.Context, r Report) (Ticket, error) {
	if e, done, err := s.requested(ctx, r.Key); err != nil || done && e.Action == Submit && e.ActorID == r.Reporter {
		return s.filedBy(ctx, e, err)
	}
	if err := s.keep(ctx, r); err != nil {
		return Ticket{}, err
	}
	return Ticket{}, ErrAdvert
}

// keep keeps a text for review, once for each request.
func (s *Service) keep(ctx context.Context, r Report) error {
	k := KeptText{ID: s.DB.NewID(), PersonID: r.Reporter, Channel: r.Channel, Text: r.Text, CreatedAt: s.Now().UnixMilli()}
	if r.Key != "" {
		k.SourceKey = &r.Key
	}
	err := s.DB.Tx(ctx, func(tx *gorm.DB) error { return tx.Create(&k).Error })
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return nil
	}
	return err
}

// Kept are the texts that were kept for review, those before an id (0: all),
// the newest first. Errors: ErrNotCity.
func (s *Service) Kept(ctx context.Context, by org.Actor, before int64, limit int) ([]KeptText, error) {
	city, err := s.Org.Root(ctx)
	if err != nil {
		return nil, err
	}
	if !by.May(org.Supervise, city.Path) {
		return nil, ErrNotCity
	}
	q := s.DB.Read(ctx).Order("id DESC").Limit(limit)
	if before != 0 {
		q = q.Where("id < ?", before)
	}
	var found []KeptText
	return found, q.Find(&found).Error
}

// KeptOf are the texts of a person that were kept.
func (s *Service) KeptOf(ctx context.Context, person int64) ([]KeptText, error) {
	var found []KeptText
	return found, s.DB.Read(ctx).Order("id").Find(&found, "person_id = ?", person).Error
}

// ExpireKept drops texts that were kept before a moment.
func (s *Service) ExpireKept(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "kept_texts WHERE created_at < ?", Args: []any{x.Before.UnixMilli()}, Batch: 100,
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB { return tx.Exec("DELETE FROM kept_texts WHERE id IN ?", ids) },
	})
}
