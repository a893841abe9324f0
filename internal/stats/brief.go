package stats

import (
	"context"
	"time"

	"fenlin/internal/org"
)

// Brief (简报) is what whoever leads a unit is told of it. What is owed is
// counted where the tree stands now, like the lists that people work from; what
// was reported is a row of Rates for those days.
type Brief struct {
	Owed
	Closed int64 // settled by being closed since the last brief
	Fresh  Row   // of the days since the last brief
	Past   Row   // of the week before; empty unless asked for
}

// Owed is the work that waits.
type Owed struct {
	Open, Overdue int64 // still owed; past due
	Today, Week   int64 // of those neither past due nor with a clock that stands: due by the end of the day, of the week
}

// BriefQuery is whose brief, and of which days.
type BriefQuery struct {
	By           org.Actor
	Org          int64
	Since, Today time.Time // midnights: the day of the last brief, this day
	Week         time.Time // the midnight that ends this week
	From, To     time.Time // the week before; zero = not asked for
}

// Brief answers with the same figures as Rates. Errors: those of Rates.
func (s *Service) Brief(ctx context.Context, q BriefQuery) (Brief, error) {
	var b Brief
	fresh, err := s.Rates(ctx, Query{By: q.By, Org: q.Org, From: q.Since, To: q.Today})
	if err != nil {
		return b, err
	}
	b.Fresh = fresh.Total
	if !q.From.IsZero() {
		past, err := s.Rates(ctx, Query{By: q.By, Org: q.Org, From: q.From, To: q.To})
		if err != nil {
			return b, err
		}
		b.Past = past.Total
	}
	now, below, end := s.Now().UnixMilli(), fresh.Org.Path, q.Today.AddDate(0, 0, 1).UnixMilli()
	from, to := org.Below(below)
	err = s.DB.Read(ctx).Raw(`SELECT COUNT(*) AS open,
COALESCE(SUM(CASE WHEN `+late+` THEN 1 ELSE 0 END), 0) AS overdue,
COALESCE(SUM(CASE WHEN `+runs+` AND t.due_at < ? THEN 1 ELSE 0 END), 0) AS today,
COALESCE(SUM(CASE WHEN `+runs+` AND t.due_at < ? THEN 1 ELSE 0 END), 0) AS week
FROM tickets t JOIN org_units u ON u.id = t.org_id WHERE `+owed+` AND u.path >= ? AND u.path < ?`,
		now, now, end, now, q.Week.UnixMilli(), from, to).Scan(&b.Owed).Error
	if err != nil {
		return b, err
	}
	err = s.DB.Read(ctx).Raw(`SELECT COUNT(*) FROM tickets t JOIN org_units u ON u.id = t.org_id
WHERE t.anonymised_at = 0 AND t.closed_at >= ? AND t.closed_at < ? AND t.state = 'closed' AND t.outcome <> '' AND u.path >= ? AND u.path < ?`,
		q.Since.UnixMilli(), q.Today.UnixMilli(), from, to).Scan(&b.Closed).Error
	return b, err
}

// Conditions on tickets t that are still owed; ? is now. A clock that stands is
// neither late nor does it run out, unless it was late before.
const (
	owed = "t.state IN ('submitted', 'dispatched', 'accepted', 'contacted', 'consulting', 'whistled', 'suspended', 'returned', 'reopened')"
	late = "t.due_at < CASE WHEN t.paused_at > 0 THEN t.paused_at ELSE ? END"
	runs = "t.paused_at = 0 AND t.due_at >= ?"
)
