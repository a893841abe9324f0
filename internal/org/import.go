package org

import (
	"cmp"
	"context"
	"errors"
	"reflect"

	"gorm.io/gorm"
)

// ErrFounded says that there is a city already.
var ErrFounded = errors.New("org: there is a city already")

// Tree is a whole city to be loaded at once. The caller gives the ids and the units' paths.
type Tree struct {
	Units     []Unit
	Compounds []Compound
	Parties   []Party
	Seats     []Seat
	WorkUnits []WorkUnit
	Partners  []Partner
}

// Seat is a post with the person who holds it.
type Seat struct {
	ID     int64
	OrgID  int64
	Role   Role
	Title  string
	Holder int64 // a person's id; 0: the post is vacant
	SentBy int64 // the work unit that sends the holder; 0 = none
	Since  int64 // when the holder began, epoch milliseconds; 0 = now
}

// loadBatch is the rows of one INSERT; SQLite allows 32,766 parameters.
const loadBatch = 500

// Load puts a whole city into an empty database, as part of the caller's
// transaction. It returns ErrFounded when there is a root already.
func (s *Service) Load(tx *gorm.DB, t Tree) error {
	var roots int64
	if err := tx.Model(&Unit{}).Where("parent_id = 0").Count(&roots).Error; err != nil {
		return err
	}
	if roots > 0 {
		return ErrFounded
	}
	now := s.Now().UnixMilli()
	states := make([]state, 0, len(t.Units))
	for i := range t.Units {
		t.Units[i].CreatedAt = now
		states = append(states, firstState(t.Units[i]))
	}
	for i := range t.WorkUnits {
		t.WorkUnits[i].CreatedAt = now
	}
	posts, appointments := make([]postRow, 0, len(t.Seats)), make([]Appointment, 0, len(t.Seats))
	for _, seat := range t.Seats {
		posts = append(posts, postRow{ID: seat.ID, OrgID: seat.OrgID, Role: seat.Role, Title: seat.Title, CreatedAt: now})
		if seat.Holder != 0 {
			appointments = append(appointments, Appointment{
				ID: s.DB.NewID(), PostID: seat.ID, PersonID: seat.Holder, UnitID: seat.SentBy, FromAt: cmp.Or(seat.Since, now),
			})
		}
	}
	for _, rows := range []any{t.Units, states, t.Compounds, t.Parties, t.WorkUnits, t.Partners, posts, appointments} {
		if reflect.ValueOf(rows).Len() == 0 {
			continue
		}
		if err := tx.CreateInBatches(rows, loadBatch).Error; err != nil {
			return err
		}
	}
	return nil
}

type postRow struct {
	ID        int64
	OrgID     int64
	Role      Role
	Title     string
	CreatedAt int64
}

func (postRow) TableName() string { return "posts" }

// Held returns the posts that each person holds now, by the person's id,
// those nearer to the city first. People without a post are not in it.
func (s *Service) Held(ctx context.Context) (map[int64][]Post, error) {
	now := s.Now().UnixMilli()
	var rows []struct {
		Post
		PersonID int64
	}
	err := s.DB.Read(ctx).Raw(`SELECT p.id, p.org_id, p.role, p.title, u.kind AS org_kind, u.code AS org_code, u.name AS org_name, u.path AS org_path,
1 AS filled, a.person_id
FROM appointments a JOIN posts p ON p.id = a.post_id JOIN org_units u ON u.id = p.org_id
WHERE a.from_at <= ? AND (a.to_at = 0 OR a.to_at > ?) ORDER BY u.path, p.id`, now, now).Scan(&rows).Error
	out := make(map[int64][]Post, len(rows))
	for _, r := range rows {
		out[r.PersonID] = append(out[r.PersonID], r.Post)
	}
	return out, err
}
