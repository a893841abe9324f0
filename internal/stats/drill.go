package stats

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"
)

// Behind is a ticket behind a figure, without what its people wrote.
type Behind struct {
	ID        int64
	Number    string
	OrgID     int64
	OrgName   string
	Category  string
	State     string
	CreatedAt int64 // epoch milliseconds, like the next
	DueAt     int64
	ClosedAt  int64
	LeadTitle string
}

// Page is one page of the tickets behind a figure; Count is how many there are in all.
type Page struct {
	Count int64
	Items []Behind
	Next  string
}

// MaxPage is the longest page.
const MaxPage = 100

// Tickets returns the tickets that make up a count: the measure of the row
// with that key, of all rows when the key is empty, newest first.
// Errors: those of Rates, ErrMeasure, ErrKey, ErrCursor.
func (s *Service) Tickets(ctx context.Context, q Query, m Measure, key string, limit int, cursor string) (Page, error) {
	now := s.Now()
	_, stood, err := s.admit(ctx, &q, now)
	if err != nil {
		return Page{}, err
	}
	by, ok := groups[q.Group]
	if !ok {
		return Page{}, ErrGroup
	}
	i := slices.IndexFunc(measures, func(k measure) bool { return k.name == m })
	if i < 0 {
		return Page{}, ErrMeasure
	}
	if limit <= 0 || limit > MaxPage {
		limit = 20
	}
	if q.Group == Month && key != "" {
		if err := s.within(&q, key); err != nil {
			return Page{}, err
		}
	}
	tx := s.tickets(ctx, q, stood).Where(measures[i].at(now))
	if column := by.key; q.Group != Whole && q.Group != Month && key != "" {
		id, err := strconv.ParseInt(key, 10, 64)
		switch {
		case key == None:
			tx = tx.Where(column + " IS NULL")
		case q.Group == Category:
			tx = tx.Where(column+" = ?", key)
		case err != nil:
			return Page{}, ErrKey
		default: // as a number: MySQL compares a text with a BIGINT as floats
			tx = tx.Where(column+" = ?", id)
		}
	}
	var page Page
	if err := tx.Session(&gorm.Session{}).Count(&page.Count).Error; err != nil {
		return page, err
	}
	if cursor != "" {
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			return page, ErrCursor
		}
		before, err := strconv.ParseInt(string(raw), 10, 64)
		if err != nil {
			return page, ErrCursor
		}
		tx = tx.Where("t.id < ?", before)
	}
	if q.Group != Handler {
		tx = tx.Joins("LEFT JOIN posts p ON p.id = t.lead_post")
	}
	err = tx.Select("t.id, t.number, t.org_id, h.name AS org_name, t.category, t.state, t.created_at, t.due_at, t.closed_at, p.title AS lead_title").
		Order("t.id DESC").Limit(limit + 1).Scan(&page.Items).Error
	if err == nil && len(page.Items) > limit {
		page.Items = page.Items[:limit]
		page.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d", page.Items[limit-1].ID))
	}
	return page, err
}

// within narrows the period to one month of it.
func (s *Service) within(q *Query, month string) error {
	from, err := time.ParseInLocation("2006-01", month, s.Location)
	if err != nil {
		return ErrKey
	}
	if to := from.AddDate(0, 1, 0); to.Before(q.To) {
		q.To = to
	}
	if from.After(q.From) {
		q.From = from
	}
	if !q.From.Before(q.To) {
		return ErrKey
	}
	return nil
}
