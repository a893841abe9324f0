package station

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"fenlin/internal/db"
	"fenlin/internal/org"
)

// Verdict is what a visitor says.
type Verdict string

// The verdicts, with the codes of tickets.
const (
	Satisfied    Verdict = "satisfied"
	Basic        Verdict = "basic"
	Dissatisfied Verdict = "dissatisfied"
)

// Visit is what one person said of a point on a day.
type Visit struct {
	ID       int64
	PointID  int64
	PersonID int64
	Day      string // 2006-01-02
	Verdict  Verdict
	Note     string
	RatedAt  int64 // epoch milliseconds
}

// TableName is gorm's.
func (Visit) TableName() string { return "service_visits" }

const maxWords = 100 // characters of a visitor

// Rate keeps what a visitor says of a point today; said again, the last counts.
// Errors: ErrUnknown, ErrClosed, ErrInvalid.
func (s *Service) Rate(ctx context.Context, person, point int64, v Verdict, note string) error {
	note = strings.TrimSpace(note)
	switch {
	case !slices.Contains([]Verdict{Satisfied, Basic, Dissatisfied}, v):
		return ErrInvalid.At("verdict", "请选满意、基本满意或不满意")
	case len([]rune(note)) > maxWords:
		return ErrInvalid.At("note", fmt.Sprintf("请控制在 %d 字以内", maxWords))
	}
	p, err := s.Point(ctx, point)
	if err != nil {
		return err
	}
	if p.ClosedAt != 0 {
		return ErrClosed
	}
	now := s.Now()
	visit := Visit{s.DB.NewID(), point, person, now.In(s.Location).Format(time.DateOnly), v, note, now.UnixMilli()}
	return s.DB.Tx(ctx, func(tx *gorm.DB) error {
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "point_id"}, {Name: "person_id"}, {Name: "day"}},
			DoUpdates: clause.AssignmentColumns([]string{"verdict", "note", "rated_at"}),
		}).Create(&visit).Error
	})
}

// Said is what visitors said of a point in a year: how many said what.
type Said struct{ Satisfied, Basic, Dissatisfied int64 }

// Total is how many said anything.
func (s Said) Total() int64 { return s.Satisfied + s.Basic + s.Dissatisfied }

// Said adds up what visitors said of points in the last 365 days.
func (s *Service) Said(ctx context.Context, points []int64) (map[int64]Said, error) {
	out := map[int64]Said{}
	if len(points) == 0 {
		return out, nil
	}
	var rows []struct {
		PointID int64
		Verdict Verdict
		N       int64
	}
	from := s.Now().In(s.Location).AddDate(0, 0, -365).Format(time.DateOnly)
	err := s.DB.Read(ctx).Raw("SELECT point_id, verdict, COUNT(*) AS n FROM service_visits WHERE point_id IN ? AND day >= ? GROUP BY point_id, verdict", points, from).Scan(&rows).Error
	for _, r := range rows {
		one := out[r.PointID]
		switch r.Verdict {
		case Satisfied:
			one.Satisfied = r.N
		case Basic:
			one.Basic = r.N
		case Dissatisfied:
			one.Dissatisfied = r.N
		}
		out[r.PointID] = one
	}
	return out, err
}

// Words are what visitors wrote of a point, the newest first, without who they
// are, for those who look after it. before is a moment, epoch milliseconds; 0 =
// from the newest. Errors: ErrUnknown, org.ErrOutside.
func (s *Service) Words(ctx context.Context, by org.Actor, point, before int64, limit int) ([]Visit, error) {
	if _, err := s.Managed(ctx, by, point); err != nil {
		return nil, err
	}
	q := s.DB.Read(ctx).Select("day", "verdict", "note", "rated_at").Where("point_id = ? AND note <> ''", point)
	if before != 0 {
		q = q.Where("rated_at < ?", before)
	}
	var out []Visit
	return out, q.Order("rated_at DESC").Limit(limit).Find(&out).Error
}

// Unite gives what one person said to another, as part of the caller's
// transaction: they are found to be the same.
func (s *Service) Unite(tx *gorm.DB, from, to int64) error {
	return db.Unite(tx, "service_visits", from, to, "point_id", "day")
}

// Forget drops what a person said, as part of the caller's transaction.
func (s *Service) Forget(tx *gorm.DB, person int64) error {
	return tx.Exec("DELETE FROM service_visits WHERE person_id = ?", person).Error
}

// Mine are what a person said of points, for their own eyes.
func (s *Service) Mine(ctx context.Context, person int64) ([]Visit, error) {
	var out []Visit
	return out, s.DB.Read(ctx).Order("rated_at").Find(&out, "person_id = ?", person).Error
}

// Expire drops what visitors said before a moment.
func (s *Service) Expire(ctx context.Context, x db.Expiry) (int64, error) {
	return db.Expire(ctx, s.DB, x, db.Due[int64]{
		Key: "id", From: "service_visits WHERE rated_at < ?", Args: []any{x.Before.UnixMilli()},
		Drop: func(tx *gorm.DB, ids []int64) *gorm.DB {
			return tx.Exec("DELETE FROM service_visits WHERE id IN ?", ids)
		},
	})
}
