package stats

import (
	"context"
	"time"
)

// Watched is the period of the rates that operators watch: long enough that
// tickets of fifteen workdays are in it, short enough that it moves.
const Watched = 90 * 24 * time.Hour

// Watch are the city's rates of what was reported in the last Watched, by
// subdistrict. It asks in nobody's name: for operators alone.
func (s *Service) Watch(ctx context.Context) (Table, error) {
	now := s.Now()
	root, err := s.Org.Root(ctx)
	if err != nil {
		return Table{}, err
	}
	stood, err := s.Org.Paths(ctx, root.ID)
	if err != nil {
		return Table{}, err
	}
	return s.table(ctx, Query{Org: root.ID, From: now.Add(-Watched), To: now, Group: Subdistrict}, root, stood, now)
}

// Clocks are how the clocks of the city stand.
type Clocks struct {
	Open, Overdue, Day int64         // owed; of those past due; due within a day
	Unrung             time.Duration // how long the oldest alarm has been due that has not spoken up
}

// Clocks looks at all tickets that are still owed.
func (s *Service) Clocks(ctx context.Context) (Clocks, error) {
	now := s.Now()
	var c Clocks
	err := s.DB.Read(ctx).Raw(`SELECT COUNT(*) AS open,
COALESCE(SUM(CASE WHEN `+late+` THEN 1 ELSE 0 END), 0) AS overdue,
COALESCE(SUM(CASE WHEN `+runs+` AND t.due_at < ? THEN 1 ELSE 0 END), 0) AS day
FROM tickets t WHERE `+owed, now.UnixMilli(), now.UnixMilli(), now.Add(24*time.Hour).UnixMilli()).Scan(&c).Error
	if err != nil {
		return c, err
	}
	var oldest int64
	err = s.DB.Read(ctx).Raw("SELECT COALESCE(MIN(alarm_at), 0) FROM tickets WHERE alarm_at > 0 AND alarm_at <= ?", now.UnixMilli()).Scan(&oldest).Error
	if oldest > 0 {
		c.Unrung = now.Sub(time.UnixMilli(oldest))
	}
	return c, err
}
