package stats

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// Deed is one thing that was done to a ticket, without who did it and what was written.
type Deed struct {
	ID        int64 // of the event
	At        int64 // epoch milliseconds
	Action    string
	ToState   string
	Data      string // what the event says beside its note, as ticket.Detail reads it
	Number    string
	Category  string
	Emergency bool
	OrgID     int64 // where the ticket is
	OrgName   string
}

// DeedPage is one page of deeds.
type DeedPage struct {
	AsOf  time.Time
	Items []Deed
	Next  string
}

// Scope is the unit of that id, or the highest of the asker's when it is 0, if
// the asker may see its rates. Errors: org.ErrOutside, org.ErrUnknownUnit.
func (s *Service) Scope(ctx context.Context, by org.Actor, id int64) (org.Unit, error) {
	if id == 0 {
		post, ok := by.Scope(org.SeeRates)
		if !ok {
			return org.Unit{}, org.ErrOutside
		}
		id = post.OrgID
	}
	unit, err := s.Org.Unit(ctx, id)
	if err == nil && !by.May(org.SeeRates, unit.Path) {
		return org.Unit{}, org.ErrOutside
	}
	return unit, err
}

// Stream returns what was done today to the tickets below a unit, newest first.
// Errors: those of Scope, ErrCursor.
func (s *Service) Stream(ctx context.Context, by org.Actor, unit int64, limit int, cursor string) (DeedPage, error) {
	page := DeedPage{AsOf: s.Now()}
	u, err := s.Scope(ctx, by, unit)
	if err != nil {
		return page, err
	}
	if limit <= 0 || limit > MaxPage {
		limit = 20
	}
	local := page.AsOf.In(s.Location)
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, s.Location)
	// Outer joins and COALESCE hold every engine to the index of the events' time:
	// from the units' side it would read all that ever happened below a city.
	from, to := org.Below(u.Path)
	tx := s.DB.Read(ctx).Table("ticket_events e").
		Joins("LEFT JOIN tickets t ON t.id = e.ticket_id").Joins("LEFT JOIN org_units u ON u.id = t.org_id").
		Where("e.at >= ? AND COALESCE(u.path, '') >= ? AND COALESCE(u.path, '') < ?", today.UnixMilli(), from, to)
	if cursor != "" {
		at, id, err := readDeed(cursor)
		if err != nil {
			return page, err
		}
		tx = tx.Where("e.at <= ? AND (e.at < ? OR e.id < ?)", at, at, id)
	}
	err = tx.Select("e.id, e.at, e.action, e.to_state, e.data, t.number, t.category, t.emergency, t.org_id, u.name AS org_name").
		Order("e.at DESC, e.id DESC").Limit(limit + 1).Session(&gorm.Session{}).Scan(&page.Items).Error
	if err == nil && len(page.Items) > limit {
		page.Items = page.Items[:limit]
		last := page.Items[limit-1]
		page.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", last.At, last.ID))
	}
	return page, err
}

func readDeed(cursor string) (at, id int64, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, 0, ErrCursor
	}
	if n, err := fmt.Sscanf(string(raw), "%d.%d", &at, &id); err != nil || n != 2 {
		return 0, 0, ErrCursor
	}
	return at, id, nil
}

// CityFigures are the Figures for whoever may see the rates of the whole city.
// Errors: org.ErrOutside.
func (s *Service) CityFigures(ctx context.Context, by org.Actor) ([]Figure, error) {
	city, err := s.Org.Root(ctx)
	if err != nil {
		return nil, err
	}
	if !by.May(org.SeeRates, city.Path) {
		return nil, org.ErrOutside
	}
	return s.Figures(ctx)
}
