package stats

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"fenlin/internal/ticket"
)

// Rebuilt is what Rebuild looked at and found.
type Rebuilt struct {
	Tickets, Events int
	Waiting         int      // tickets that changed and wait to be counted: not compared
	Differences     []string // one line each; the first hundred
	Found           int      // how many there are
}

const (
	rebuildPage  = 2000 // tickets at a time
	rebuildKeys  = 150  // keys of one query: with 200 and more MariaDB guesses, and may read all events
	rebuildSide  = 2    // months side by side
	differencing = 100  // differences that are told
)

// Rebuild computes everything anew from the log alone, month by month, while
// the city works on: that each ticket is what its events tell, is counted as
// that, and that the sums are sums of just these. What waits is counted first. It
// says every difference, and has what is counted wrongly counted anew. Progress is told after every page.
func (s *Service) Rebuild(ctx context.Context, progress func(done, total int)) (Rebuilt, error) {
	if err := s.Keep(ctx); err != nil {
		return Rebuilt{}, err
	}
	var first, last, total int64
	err := s.DB.Read(ctx).Raw("SELECT COALESCE(MIN(created_at), 0), COALESCE(MAX(created_at), 0), COUNT(*) FROM tickets").Row().Scan(&first, &last, &total)
	if err != nil || total == 0 {
		return Rebuilt{}, err
	}
	b := rebuilding{Service: s, progress: func(done int) { progress(done, int(total)) }}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(rebuildSide)
	for at := time.UnixMilli(first).In(s.Location); ; {
		y, m, _ := at.Date()
		from := time.Date(y, m, 1, 0, 0, 0, 0, s.Location)
		if from.UnixMilli() > last {
			break
		}
		at = from.AddDate(0, 1, 0)
		to := at
		group.Go(func() error { return b.month(ctx, from, to) })
	}
	err = group.Wait()
	slices.Sort(b.found.Differences)
	return b.found, err
}

type rebuilding struct {
	*Service

	progress func(done int)
	mu       sync.Mutex
	found    Rebuilt
}

func (b *rebuilding) differs(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.found.Found++; len(b.found.Differences) < differencing {
		b.found.Differences = append(b.found.Differences, fmt.Sprintf(format, args...))
	}
}

// month compares one month as it is at one moment, and mends it.
func (b *rebuilding) month(ctx context.Context, from, to time.Time) error {
	var wrong []int64
	broken := false
	err := b.DB.Snapshot(ctx, func(tx *gorm.DB) error {
		var places []place
		if err := tx.Table("rate_places").Find(&places).Error; err != nil {
			return err
		}
		a := atlas{map[string]place{}, map[int64]place{}}
		for _, p := range places {
			a.at[p.Path], a.by[p.ID] = p, p
		}
		sums := map[sum]*Tally{}
		now := b.Now().UnixMilli()
		counted, at, after := int64(0), from.UnixMilli(), int64(0)
		for {
			p, err := b.page(tx, at, after, to.UnixMilli())
			if err != nil {
				return err
			}
			if len(p.tickets) == 0 {
				break
			}
			for _, t := range p.tickets {
				k, stored := p.stored[t.ID]
				if stored {
					counted++
					b.add(sums, a, k, 1)
				}
				if told := ticket.Retell(t.Told(), p.events[t.ID]); told != t.Told() {
					b.differs("%s: the ticket is not as its events tell", t.Number)
				}
				if t.UncountedAt != 0 || stored && k.MaturesAt > 0 && k.MaturesAt < now {
					b.waits()
					continue
				}
				want := keep(t.ID, t.Version, t.Told(), now)
				if want.PlaceID = a.at[t.Path].ID; !stored || want != k {
					b.differs("%s: is not counted as it is", t.Number)
					wrong = append(wrong, t.ID)
				}
			}
			end := p.tickets[len(p.tickets)-1]
			at, after = end.CreatedAt, end.ID
			b.done(len(p.tickets), p.read)
		}
		var rows int64
		if err := tx.Raw("SELECT COUNT(*) FROM rate_tickets WHERE created_at >= ? AND created_at < ?", from.UnixMilli(), to.UnixMilli()).Scan(&rows).Error; err != nil {
			return err
		}
		if rows != counted {
			b.differs("%s: %d tickets are counted, %d of them are there", from.Format("2006-01"), rows, counted)
			broken = true
		}
		same, err := b.compare(tx, from, to, a, sums)
		broken = broken || !same
		return err
	})
	if err != nil || len(wrong) == 0 && !broken {
		return err
	}
	return b.mend(ctx, from, to, wrong, broken)
}

func (b *rebuilding) waits() {
	b.mu.Lock()
	b.found.Waiting++
	b.mu.Unlock()
}

func (b *rebuilding) done(tickets, events int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.found.Tickets += tickets
	b.found.Events += events
	b.progress(b.found.Tickets)
}

// page is some tickets with their events and as they are counted.
type page struct {
	tickets []logged
	events  map[int64][]ticket.Event
	stored  map[int64]kept
	read    int // events
}

type logged struct {
	ticket.Ticket

	Path string
}

// page reads the tickets of a month after one, with all that is needed of them,
// past gorm: there are millions.
func (b *rebuilding) page(tx *gorm.DB, at, after, to int64) (page, error) {
	p := page{events: map[int64][]ticket.Event{}, stored: map[int64]kept{}}
	err := each(tx, `SELECT t.id, t.number, t.version, t.uncounted_at, t.org_id, t.lead_post, t.category, t.state, t.created_at, t.respond_by, t.due_at, t.paused_at, t.contacted_at,
  t.finished_at, t.late, t.bare, t.outcome, t.solved, t.satisfaction, t.redos, t.late_returns, COALESCE(h.path, '')
FROM tickets t LEFT JOIN org_history h ON h.org_id = t.org_id AND h.from_at <= t.created_at AND h.to_at > t.created_at
WHERE t.created_at >= ? AND t.created_at < ? AND (t.created_at > ? OR t.id > ?) ORDER BY t.created_at, t.id LIMIT ?`, []any{at, to, at, after, rebuildPage},
		func(rows *sql.Rows) error {
			var t logged
			err := rows.Scan(&t.ID, &t.Number, &t.Version, &t.UncountedAt, &t.OrgID, &t.LeadPost, &t.Category, &t.State, &t.CreatedAt, &t.RespondBy, &t.DueAt, &t.PausedAt, &t.ContactedAt,
				&t.FinishedAt, &t.Late, &t.Bare, &t.Outcome, &t.Solved, &t.Satisfaction, &t.Redos, &t.LateReturns, &t.Path)
			p.tickets = append(p.tickets, t)
			return err
		})
	if err != nil || len(p.tickets) == 0 {
		return p, err
	}
	ids := make([]any, len(p.tickets))
	for i, t := range p.tickets {
		ids[i] = t.ID
	}
	for some := range slices.Chunk(ids, rebuildKeys) {
		if err := b.fill(tx, &p, some); err != nil {
			return p, err
		}
	}
	return p, nil
}

// fill reads the events of some tickets of a page, and how they are counted.
func (b *rebuilding) fill(tx *gorm.DB, p *page, ids []any) error {
	in := " IN (" + strings.TrimSuffix(strings.Repeat("?,", len(ids)), ",") + ")"
	err := each(tx, "SELECT ticket_id, action, from_state, to_state, data, at FROM ticket_events WHERE ticket_id"+in+" ORDER BY ticket_id, seq", ids, func(rows *sql.Rows) error {
		var e ticket.Event
		err := rows.Scan(&e.TicketID, &e.Action, &e.FromState, &e.ToState, &e.Data, &e.At)
		p.events[e.TicketID] = append(p.events[e.TicketID], e)
		p.read++
		return err
	})
	if err != nil {
		return err
	}
	return each(tx, "SELECT ticket_id, version, place_id, created_at, category, lead_post, measures, response, handling, matures_at FROM rate_tickets WHERE ticket_id"+in, ids, func(rows *sql.Rows) error {
		var k kept
		err := rows.Scan(&k.TicketID, &k.Version, &k.PlaceID, &k.CreatedAt, &k.Category, &k.LeadPost, &k.Measures, &k.Response, &k.Handling, &k.MaturesAt)
		p.stored[k.TicketID] = k
		return err
	})
}

// each calls f for every row of a query.
func each(tx *gorm.DB, query string, args []any, f func(*sql.Rows) error) error {
	rows, err := tx.Statement.ConnPool.QueryContext(tx.Statement.Context, query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// sumsOf calls f for every sum of a month and its days.
func (s *Service) sumsOf(tx *gorm.DB, from, to time.Time, places []int64, f func(sum, []byte) error) error {
	one, month := s.starts(from.UnixMilli())
	last, _ := s.starts(to.AddDate(0, 0, -1).UnixMilli())
	for some := range slices.Chunk(places, 200) {
		args := []any{}
		for _, id := range some {
			args = append(args, id)
		}
		args = append(args, string(ofAll), string(byCategory), string(byLead), month, one, last)
		err := each(tx, "SELECT place_id, facet, start, slice, sums FROM rate_sums WHERE place_id IN ("+strings.TrimSuffix(strings.Repeat("?,", len(some)), ",")+
			") AND facet IN (?, ?, ?) AND (start = ? OR start >= ? AND start <= ?)", args, func(rows *sql.Rows) error {
			var k sum
			var packed []byte
			if err := rows.Scan(&k.Place, &k.Facet, &k.Start, &k.Slice, &packed); err != nil {
				return err
			}
			return f(k, packed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compare says whether the sums of a month are those of its tickets.
func (b *rebuilding) compare(tx *gorm.DB, from, to time.Time, a atlas, want map[sum]*Tally) (bool, error) {
	same := true
	left := maps.Clone(want)
	err := b.sumsOf(tx, from, to, slices.Sorted(maps.Keys(a.by)), func(k sum, packed []byte) error {
		var stored, none Tally
		stored.unpack(packed, 1)
		t, ok := left[k]
		if !ok {
			t = &none
		}
		delete(left, k)
		if *t != stored {
			same = false
			b.differs("sum of %s %d %s%s: is not that of its tickets", a.by[k.Place].Path, k.Start, k.Facet, k.Slice)
		}
		return nil
	})
	for k, t := range left {
		if !t.empty() {
			same = false
			b.differs("sum of %s %d %s%s: is missing", a.by[k.Place].Path, k.Start, k.Facet, k.Slice)
		}
	}
	return same, err
}

// mend has wrong tickets counted anew, and makes the sums of a month those of
// its counted tickets.
func (b *rebuilding) mend(ctx context.Context, from, to time.Time, wrong []int64, broken bool) error {
	err := b.DB.Tx(ctx, func(tx *gorm.DB) error {
		for some := range slices.Chunk(wrong, keepBatch) {
			if err := tx.Exec("UPDATE tickets SET uncounted_at = created_at WHERE id IN ?", some).Error; err != nil {
				return err
			}
		}
		if !broken {
			return nil
		}
		return b.resum(tx, from, to)
	})
	if err != nil {
		return err
	}
	return b.Keep(ctx)
}

func (s *Service) resum(tx *gorm.DB, from, to time.Time) error {
	if err := tx.Exec("UPDATE rate_turn SET taken = taken + 1 WHERE id = 1").Error; err != nil {
		return err
	}
	err := tx.Exec("DELETE FROM rate_tickets WHERE created_at >= ? AND created_at < ? AND NOT EXISTS (SELECT 1 FROM tickets t WHERE t.id = rate_tickets.ticket_id)", from.UnixMilli(), to.UnixMilli()).Error
	if err != nil {
		return err
	}
	var places []place
	if err := tx.Table("rate_places").Find(&places).Error; err != nil {
		return err
	}
	a := atlas{map[string]place{}, map[int64]place{}}
	for _, p := range places {
		a.at[p.Path], a.by[p.ID] = p, p
	}
	sums := map[sum]*Tally{}
	err = s.sumsOf(tx, from, to, slices.Sorted(maps.Keys(a.by)), func(k sum, _ []byte) error {
		sums[k] = &Tally{}
		return nil
	})
	if err != nil {
		return err
	}
	var rows []kept
	if err := tx.Table("rate_tickets").Find(&rows, "created_at >= ? AND created_at < ?", from.UnixMilli(), to.UnixMilli()).Error; err != nil {
		return err
	}
	for _, k := range rows {
		s.add(sums, a, k, 1)
	}
	return upsertSums(tx, sums)
}
