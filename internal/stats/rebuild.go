package stats

import (
	"cmp"
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
	rebuildSide  = 4    // months side by side
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
		a, err := allPlaces(tx)
		if err != nil {
			return err
		}
		log := reading{tx: tx, words: map[string]string{}}
		lowest := map[sum]*Tally{}
		now := b.Now().UnixMilli()
		counted, after := int64(0), ticket.Ticket{CreatedAt: from.UnixMilli()}
		for {
			p, err := log.page(after, to.UnixMilli())
			if err != nil {
				return err
			}
			if len(p.tickets) == 0 {
				break
			}
			for _, t := range p.tickets {
				stored := t.stored.Version > 0
				if stored {
					counted++
					b.add(lowest, a, t.stored, 1)
				}
				if told := ticket.Retell(t.Told(), p.events[t.ID]); told != t.Told() {
					b.differs("%s: the ticket is not as its events tell", t.Number)
				}
				if t.UncountedAt != 0 || stored && t.stored.MaturesAt > 0 && t.stored.MaturesAt < now {
					b.waits()
					continue
				}
				want := keep(t.ID, t.Version, t.Told(), now)
				if want.PlaceID = a.at[t.path].ID; !stored || want != t.stored {
					b.differs("%s: is not counted as it is", t.Number)
					wrong = append(wrong, t.ID)
				}
			}
			after = p.tickets[len(p.tickets)-1].Ticket
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
		same, err := b.compare(tx, from, to, a, a.raised(lowest))
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

// page is some tickets with their events.
type page struct {
	tickets []logged
	events  map[int64][]ticket.Event
	read    int // events
}

// logged is a ticket as it is and as it is counted.
type logged struct {
	ticket.Ticket

	path   string // of its unit when it was filed
	stored kept   // of version 0 when it is not counted
}

// reading reads the log past gorm: there are millions of tickets, which say the
// same few words, and a page needs no more room than the one before.
type reading struct {
	tx    *gorm.DB
	words map[string]string
	room  [][]ticket.Event
	last  page
}

// space is room for the events of a ticket.
func (r *reading) space() []ticket.Event {
	n := len(r.room)
	if n == 0 {
		return make([]ticket.Event, 0, 8)
	}
	free := r.room[n-1]
	r.room = r.room[:n-1]
	return free[:0]
}

func (r *reading) said(raw []byte) string {
	word, ok := r.words[string(raw)]
	if !ok {
		word = string(raw)
		r.words[word] = word
	}
	return word
}

// page reads the tickets of a month after one, with all that is needed of them,
// in the order of an index. The page before is no more.
func (r *reading) page(after ticket.Ticket, to int64) (page, error) {
	for _, log := range r.last.events {
		r.room = append(r.room, log)
	}
	clear(r.last.events)
	p := page{tickets: r.last.tickets[:0], events: r.last.events}
	if p.events == nil {
		p.events = make(map[int64][]ticket.Event, rebuildPage)
	}
	defer func() { r.last = p }()
	var state, category, outcome, satisfaction, path, counted sql.RawBytes
	var solved sql.NullBool
	err := each(r.tx, `SELECT t.id, t.number, t.version, t.uncounted_at, t.org_id, t.lead_post, t.category, t.state, t.created_at, t.respond_by, t.due_at, t.paused_at, t.contacted_at,
  t.finished_at, t.late, t.bare, t.outcome, t.solved, t.satisfaction, t.redos, t.late_returns, COALESCE(h.path, ''),
  COALESCE(k.version, 0), COALESCE(k.place_id, 0), COALESCE(k.created_at, 0), COALESCE(k.category, ''), COALESCE(k.lead_post, 0), COALESCE(k.measures, 0), COALESCE(k.response, 0),
  COALESCE(k.handling, 0), COALESCE(k.matures_at, 0)
FROM tickets t LEFT JOIN org_history h ON h.org_id = t.org_id AND h.from_at <= t.created_at AND h.to_at > t.created_at LEFT JOIN rate_tickets k ON k.ticket_id = t.id
WHERE t.created_at >= ? AND t.created_at < ? AND (t.created_at > ? OR t.org_id > ? OR t.org_id = ? AND t.id > ?) ORDER BY t.created_at, t.org_id, t.id LIMIT ?`,
		[]any{after.CreatedAt, to, after.CreatedAt, after.OrgID, after.OrgID, after.ID, rebuildPage},
		func(rows *sql.Rows) error {
			var t logged
			k := &t.stored
			err := rows.Scan(&t.ID, &t.Number, &t.Version, &t.UncountedAt, &t.OrgID, &t.LeadPost, &category, &state, &t.CreatedAt, &t.RespondBy, &t.DueAt, &t.PausedAt, &t.ContactedAt,
				&t.FinishedAt, &t.Late, &t.Bare, &outcome, &solved, &satisfaction, &t.Redos, &t.LateReturns, &path,
				&k.Version, &k.PlaceID, &k.CreatedAt, &counted, &k.LeadPost, &k.Measures, &k.Response, &k.Handling, &k.MaturesAt)
			t.Category, t.State, t.path = r.said(category), ticket.State(r.said(state)), r.said(path)
			t.Outcome, t.Satisfaction = ticket.Outcome(r.said(outcome)), ticket.Satisfaction(r.said(satisfaction))
			if solved.Valid {
				t.Solved = &[]bool{solved.Bool}[0]
			}
			if k.Version > 0 {
				k.TicketID, k.Category = t.ID, r.said(counted)
			}
			p.tickets = append(p.tickets, t)
			return err
		})
	if err != nil || len(p.tickets) == 0 {
		return p, err
	}
	var action, then, data sql.RawBytes
	first, last := p.tickets[0], p.tickets[len(p.tickets)-1]
	err = each(r.tx, `SELECT e.ticket_id, e.seq, e.action, e.to_state, e.data, e.at FROM tickets t JOIN ticket_events e ON e.ticket_id = t.id
WHERE t.created_at >= ? AND t.created_at <= ?`, []any{first.CreatedAt, last.CreatedAt}, func(rows *sql.Rows) error {
		var e ticket.Event
		err := rows.Scan(&e.TicketID, &e.Seq, &action, &then, &data, &e.At)
		e.Action, e.ToState, e.Data = ticket.Action(r.said(action)), ticket.State(r.said(then)), "{}"
		if len(data) > 2 {
			e.Data = string(data)
		}
		log, ok := p.events[e.TicketID]
		if !ok {
			log = r.space()
		}
		p.events[e.TicketID] = append(log, e)
		return err
	})
	for _, t := range p.tickets {
		log := p.events[t.ID]
		slices.SortFunc(log, func(a, b ticket.Event) int { return cmp.Compare(a.Seq, b.Seq) })
		for i := 1; i < len(log); i++ {
			log[i].FromState = log[i-1].ToState // as audit makes sure
		}
		p.read += len(log)
	}
	return p, err
}

func allPlaces(tx *gorm.DB) (atlas, error) {
	var places []place
	err := tx.Table("rate_places").Find(&places).Error
	return newAtlas(places), err
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

// sumsOf calls f for every sum of a month, its thirds and its days.
func (s *Service) sumsOf(tx *gorm.DB, from, to time.Time, places []int64, f func(sum, []byte) error) error {
	end := to.Add(-time.Millisecond)
	for some := range slices.Chunk(places, 200) {
		args := []any{}
		for _, id := range some {
			args = append(args, id)
		}
		args = append(args, string(ofAll), string(byCategory), string(byLead), aMonth.start(from), aThird.start(from), aThird.start(end), aDay.start(from), aDay.start(end))
		err := each(tx, "SELECT place_id, facet, start, slice, sums FROM rate_sums WHERE place_id IN ("+strings.TrimSuffix(strings.Repeat("?,", len(some)), ",")+
			") AND facet IN (?, ?, ?) AND (start = ? OR start >= ? AND start <= ? OR start >= ? AND start <= ?)", args, func(rows *sql.Rows) error {
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
	a, err := allPlaces(tx)
	if err != nil {
		return err
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
	lowest := map[sum]*Tally{}
	for _, k := range rows {
		s.add(lowest, a, k, 1)
	}
	maps.Copy(sums, a.raised(lowest))
	return upsertSums(tx, sums)
}
