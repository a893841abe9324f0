package org

import (
	"context"
	"strings"

	"gorm.io/gorm"
)

// forever is the end of a state that still holds: 9999-12-31.
const forever int64 = 253402300799000

// state is where a unit stood in the tree, and its name, from one moment
// (epoch milliseconds) until before another. The states of a unit are all of
// time, from 0 to forever: the first holds from the beginning, because a
// ledger comes late.
type state struct {
	ID       int64
	OrgID    int64
	ParentID int64
	Path     string
	Name     string
	FromAt   int64
	ToAt     int64
	Reason   string
	ByID     int64
}

// TableName is gorm's.
func (state) TableName() string { return "org_history" }

// firstState holds from the beginning.
func firstState(u Unit) state {
	return state{ID: u.ID, OrgID: u.ID, ParentID: u.ParentID, Path: u.Path, Name: u.Name, ToAt: forever}
}

// Past is a state of a unit in its history.
type Past struct {
	Name       string
	ParentID   int64
	ParentName string // as it was called when the state began
	FromAt     int64  // epoch milliseconds; 0: from the beginning
	ToAt       int64  // 0: it still holds
	Reason     string
	ByID       int64 // a person; 0: nobody in particular
}

// History is every state of a unit, the latest first.
func (s *Service) History(ctx context.Context, id int64) ([]Past, error) {
	var past []Past
	err := s.DB.Read(ctx).Raw(`SELECT h.name, h.parent_id, p.name AS parent_name, h.from_at, CASE WHEN h.to_at = ? THEN 0 ELSE h.to_at END AS to_at, h.reason, h.by_id
FROM org_history h LEFT JOIN org_history p ON p.org_id = h.parent_id AND p.from_at <= h.from_at AND p.to_at > h.from_at
WHERE h.org_id = ? ORDER BY h.from_at DESC`, forever, id).Scan(&past).Error
	if err == nil && len(past) == 0 {
		err = ErrUnknownUnit
	}
	return past, err
}

// moment is since when a deed holds: after every change so far of the units
// below these paths and of the others, because their past is written already.
func (s *Service) moment(tx *gorm.DB, d Deed, paths []string, others ...Unit) (int64, error) {
	var last int64
	look := func(where string, args []any) error {
		var found int64
		err := tx.Raw(`SELECT COALESCE(MAX(at), 0) FROM (SELECT MAX(from_at) AS at FROM org_history WHERE to_at = ? AND (`+where+`)
UNION ALL SELECT MAX(founded_at) AS at FROM org_units WHERE `+where+`) AS changes`, append(append([]any{forever}, args...), args...)...).Scan(&found).Error
		last = max(last, found)
		return err
	}
	for _, u := range others {
		if err := look("path = ?", []any{u.Path}); err != nil {
			return 0, err
		}
	}
	if err := eachRange(paths, look); err != nil {
		return 0, err
	}
	now := s.Now().UnixMilli()
	if d.At.IsZero() {
		return max(now, last+1), nil // within one millisecond one change comes after the other
	}
	switch at := d.At.UnixMilli(); {
	case at > now:
		return 0, ErrMoment.Say("生效时间不能晚于现在").At("at", "不能晚于现在")
	case at <= last:
		return 0, ErrMoment.Say("这些组织在这个时间之后还有过变更，生效时间请选在最近一次变更之后").At("at", "早于最近一次变更")
	default:
		return at, nil
	}
}

// turn gives one unit what it has here, and its history a new state. What
// stands below it keeps its path.
func (s *Service) turn(tx *gorm.DB, d Deed, u Unit, at int64) error {
	err := tx.Model(&Unit{}).Where("id = ?", u.ID).Updates(map[string]any{
		"parent_id": u.ParentID, "path": u.Path, "name": u.Name, "code": u.Code, "closed_at": u.ClosedAt, "successor_id": u.SuccessorID,
	}).Error
	if err != nil {
		return err
	}
	if err := tx.Exec("UPDATE org_history SET to_at = ? WHERE org_id = ? AND to_at = ?", at, u.ID, forever).Error; err != nil {
		return err
	}
	return tx.Create(&state{
		ID: s.DB.NewID(), OrgID: u.ID, ParentID: u.ParentID, Path: u.Path, Name: u.Name, FromAt: at, ToAt: forever, Reason: d.Reason, ByID: d.By.Person,
	}).Error
}

// carry takes whole subtrees, by the paths of their tops, from under one path
// to under another, in three statements for every 200 of them.
func (s *Service) carry(tx *gorm.DB, d Deed, tops []string, from, to string, at int64) error {
	err := eachRange(tops, func(where string, args []any) error {
		err := tx.Exec("UPDATE org_history SET to_at = ? WHERE to_at = ? AND ("+where+")", append([]any{at, forever}, args...)...).Error
		if err != nil {
			return err
		}
		// No path holds its own beginning twice.
		return tx.Exec("UPDATE org_units SET path = REPLACE(path, ?, ?) WHERE "+where, append([]any{from, to}, args...)...).Error
	})
	if err != nil {
		return err
	}
	moved := make([]string, 0, len(tops))
	for _, top := range tops {
		moved = append(moved, to+strings.TrimPrefix(top, from))
	}
	return eachRange(moved, func(where string, args []any) error {
		return tx.Exec(`INSERT INTO org_history (id, org_id, parent_id, path, name, from_at, to_at, reason, by_id)
SELECT ? + ROW_NUMBER() OVER (ORDER BY path), id, parent_id, path, name, ?, ?, ?, ? FROM org_units WHERE `+where,
			append([]any{s.DB.NewID(), at, forever, d.Reason, d.By.Person}, args...)...).Error
	})
}

// rangesAtOnce is how many subtrees one statement names.
const rangesAtOnce = 200

// eachRange calls do with the condition for the units below these paths, a
// number of paths at a time.
func eachRange(paths []string, do func(where string, args []any) error) error {
	for len(paths) > 0 {
		n := min(len(paths), rangesAtOnce)
		args := make([]any, 0, 2*n)
		for _, p := range paths[:n] {
			from, to := Below(p)
			args = append(args, from, to)
		}
		if err := do(strings.TrimSuffix(strings.Repeat("path >= ? AND path < ? OR ", n), " OR "), args); err != nil {
			return err
		}
		paths = paths[n:]
	}
	return nil
}
