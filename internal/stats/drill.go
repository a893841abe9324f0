package stats

import (
	"context"
	"encoding/base64"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
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
	Org   org.Unit
	AsOf  time.Time // all that happened until then is counted
	Count int64
	Items []Behind
	Next  string
}

// MaxPage is the longest page.
const MaxPage = 100

// Tickets returns the tickets that make up a count: the measure of the row
// with that key, of all rows when the key is empty, newest first. The count is
// that row's figure, read at the same moment as the tickets.
// Errors: those of Rates, ErrMeasure, ErrKey, ErrCursor.
func (s *Service) Tickets(ctx context.Context, q Query, m Measure, key string, limit int, cursor string) (Page, error) {
	now := s.Now()
	unit, stood, err := s.admit(ctx, &q, now)
	if err != nil {
		return Page{}, err
	}
	if !slices.Contains(Measures, m) {
		return Page{}, ErrMeasure
	}
	if limit <= 0 || limit > MaxPage {
		limit = 20
	}
	from, err := readCursor(cursor)
	if err != nil {
		return Page{}, err
	}
	if err := s.narrow(&q, key); err != nil {
		return Page{}, err
	}
	s.catchUp(ctx)
	page := Page{Org: unit}
	err = s.DB.Snapshot(ctx, func(tx *gorm.DB) error {
		var err error
		if page.AsOf, err = s.asOf(tx, now); err != nil {
			return err
		}
		sc, err := s.scope(tx, q, stood)
		if err != nil {
			return err
		}
		_, units := unitKinds[q.Group]
		if units && key != "" && key != None { // of this unit alone
			sc.own = slices.DeleteFunc(slices.Clone(sc.rows), func(p place) bool { return strconv.FormatInt(p.UnitID, 10) != key })
			q.Group, units = Whole, false
			if len(sc.own) == 0 {
				return ErrKey
			}
		}
		all, err := s.sum(tx, q, sc, now)
		if err != nil {
			return err
		}
		counted := &all.total
		if units && key != "" {
			counted = all.of(key)
		}
		if page.Count = counted.Of(m); page.Count == 0 {
			return nil
		}
		g := gathering{Service: s, tx: tx, q: q, own: sc.own}
		found, err := g.behind(sc, m, key, now, from, limit+1)
		if err != nil || len(found) == 0 {
			return err
		}
		if len(found) > limit {
			last := found[limit-1]
			found = found[:limit]
			page.Next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%d", last.CreatedAt, last.TicketID))
		}
		page.Items, err = shown(tx, found)
		return err
	})
	return page, err
}

// narrow turns the key of a row into what the question asks for alone, where it can.
func (s *Service) narrow(q *Query, key string) error {
	if !slices.Contains(groups, q.Group) {
		return ErrGroup
	}
	if key == "" || q.Group == Whole {
		return nil
	}
	id, err := strconv.ParseInt(key, 10, 64)
	switch {
	case q.Group == Month:
		return s.within(q, key)
	case q.Group == Category && q.Category != "" && q.Category != key, q.Group == Handler && q.Handler != 0 && q.Handler != id:
		return ErrKey
	case q.Group == Category:
		q.Category, q.Group = key, Whole
	case key == None:
	case err != nil:
		return ErrKey
	case q.Group == Handler && id == 0:
		return ErrKey
	case q.Group == Handler:
		q.Handler, q.Group = id, Whole
	}
	return nil
}

// position is where a page begins: after this ticket.
type position struct{ at, id int64 }

func readCursor(cursor string) (position, error) {
	if cursor == "" {
		return position{math.MaxInt64, 0}, nil
	}
	var p position
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		_, err = fmt.Sscanf(string(raw), "%d.%d", &p.at, &p.id)
	}
	if err != nil {
		return p, ErrCursor
	}
	return p, nil
}

// behind finds the tickets of a measure in a row, newest first.
func (g gathering) behind(sc scope, m Measure, key string, now time.Time, from position, limit int) ([]kept, error) {
	places, without := sc.own, []place(nil)
	if key == None {
		without = sc.rows
	}
	stretches, err := g.stretches(places, m, min(g.end(g.q.To, now).UnixMilli()-1, from.at), limit)
	if err != nil {
		return nil, err
	}
	var found []kept
	for _, part := range stretches {
		tx, err := g.among(places, without)
		if err != nil {
			return nil, err
		}
		// The 0 hides the order from MariaDB: a part holds few tickets, found by the
		// narrowest index, but for an order it reads another from its end.
		var some []kept
		err = tx.Where("r.created_at >= ? AND r.created_at < ? AND r.measures & ? <> 0", part.from, part.to, int64(1)<<bit(m)).
			Where("r.created_at < ? OR r.created_at = ? AND r.ticket_id < ?", from.at, from.at, from.id).
			Order("r.created_at + 0 DESC, r.ticket_id DESC").Limit(limit - len(found)).Select("r.ticket_id, r.created_at").Find(&some).Error
		if err != nil {
			return nil, err
		}
		if found = append(found, some...); len(found) == limit {
			break
		}
	}
	return found, nil
}

// stretches cut the period until a moment, newest first, so that each part holds
// a page of tickets by what the sums tell: a part of days where sums of days are
// kept, else of months. Else a rare measure would be looked for in all tickets of
// years.
func (g gathering) stretches(places []place, m Measure, until int64, limit int) (out []span, err error) {
	f, only, kept := g.q.facet()
	if !kept { // of both at once: those of the handler are the fewer
		f, only = byLead, strconv.FormatInt(g.q.Handler, 10)
	}
	u := aDay
	if f != ofAll && slices.ContainsFunc(places, func(p place) bool { return !byDay(p.Kind) }) {
		u = aMonth
	}
	from, at := g.q.From.In(g.Location), time.UnixMilli(until).In(g.Location)
	many := map[string]*Tally{}
	if err := g.sums(spanOf(u, u.begin(from), u.after(at), 1), places, f, only, func(_ place, start int, _ string) string { return strconv.Itoa(start) }, many); err != nil {
		return nil, err
	}
	part, held := span{to: until + 1}, int64(0)
	for !at.Before(from) {
		if t, ok := many[strconv.Itoa(u.start(at))]; ok {
			held += t.Of(m)
		}
		part.from = max(u.begin(at).UnixMilli(), from.UnixMilli())
		at = u.begin(at).Add(-time.Millisecond)
		if held >= int64(limit) {
			out = append(out, part)
			part, held = span{to: part.from}, 0
		}
	}
	if held > 0 {
		out = append(out, part)
	}
	return out, nil
}

// shown is what is shown of tickets, in their order.
func shown(tx *gorm.DB, found []kept) ([]Behind, error) {
	ids := make([]int64, 0, len(found))
	for _, k := range found {
		ids = append(ids, k.TicketID)
	}
	var out []Behind
	err := tx.Raw(`SELECT t.id, t.number, t.org_id, h.name AS org_name, t.category, t.state, t.created_at, t.due_at, t.closed_at, p.title AS lead_title
FROM tickets t JOIN org_history h ON h.org_id = t.org_id AND h.from_at <= t.created_at AND h.to_at > t.created_at
LEFT JOIN posts p ON p.id = t.lead_post WHERE t.id IN ?`, ids).Scan(&out).Error
	slices.SortFunc(out, func(a, b Behind) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return out, err
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
