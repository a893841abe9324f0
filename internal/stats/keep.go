package stats

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/db"
	"fenlin/internal/org"
	"fenlin/internal/ticket"
)

// The rates are kept, not computed when asked: every ticket as it counts
// (rate_tickets), and their sums (rate_sums). Whatever changes a ticket says so
// in the ticket itself (uncounted_at), in the same transaction; Keep counts it
// anew and adds the difference to the sums, in one transaction, so that sums and
// tickets never contradict each other and doing it twice changes nothing.

// keepBatch is how many tickets are counted in one transaction.
const keepBatch = 1000

// place is where a unit stood in the tree when tickets were filed for it.
type place struct {
	ID     int64
	Path   string
	UnitID int64
	Kind   org.Kind // empty for what had become part of another compound
}

// kept is a ticket as it was counted.
type kept struct {
	TicketID  int64
	Version   int64
	PlaceID   int64
	CreatedAt int64
	Category  string
	LeadPost  int64
	Measures  int64
	Response  int
	Handling  int
	MaturesAt int64
}

// sum is the key of a sum of tickets: see migration 00024.
type sum struct {
	Place int64
	Facet facet
	Start int
	Slice string
}

// facet says by what tickets of a place are told apart.
type facet string

const (
	ofAll      facet = ""
	byCategory facet = "c"
	byLead     facet = "l"
)

// byDay says whether sums by category and lead are kept for each day, not for
// months alone: for the few units high up, which have many tickets a day. Below
// them the tickets of some days are counted when asked.
func byDay(k org.Kind) bool {
	return k != org.Community && k != org.CompoundKind && k != ""
}

// keepEvery is how often Run looks; whoever asks for rates has what changed
// meanwhile counted first.
const keepEvery = time.Second

// Run keeps the rates until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		if err := s.Keep(ctx); err != nil && ctx.Err() == nil {
			slog.ErrorContext(ctx, "the rates were not kept", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Keep counts every ticket that changed, and every one whose time ran out.
func (s *Service) Keep(ctx context.Context) error {
	for ctx.Err() == nil {
		if more, err := s.keepSome(ctx); err != nil || !more {
			return err
		}
	}
	return ctx.Err()
}

// keepSome counts one batch and says whether more waited. What came meanwhile
// waits for the next time: in a storm there is always something.
func (s *Service) keepSome(ctx context.Context) (bool, error) {
	ids, more, err := s.due(s.DB.Read(ctx))
	if err != nil || len(ids) == 0 {
		return false, err
	}
	return more, s.DB.Tx(ctx, s.countBatch)
}

// due are the tickets to count now, those that wait longest first, and whether
// there may be more.
func (s *Service) due(tx *gorm.DB) (ids []int64, more bool, err error) {
	err = tx.Raw("SELECT id FROM tickets WHERE uncounted_at > 0 ORDER BY uncounted_at LIMIT ?", keepBatch).Scan(&ids).Error
	if err != nil || len(ids) == keepBatch {
		return ids, true, err
	}
	var ripe []int64
	err = tx.Raw("SELECT ticket_id FROM rate_tickets WHERE matures_at > 0 AND matures_at < ? ORDER BY matures_at LIMIT ?", s.Now().UnixMilli(), keepBatch-len(ids)).Scan(&ripe).Error
	ids = append(ids, ripe...)
	more = len(ids) == keepBatch
	slices.Sort(ids)
	return slices.Compact(ids), more, err
}

// Lag is how long the oldest change waits to be counted.
func (s *Service) Lag(ctx context.Context) (time.Duration, error) {
	now := s.Now()
	asOf, err := s.asOf(s.DB.Read(ctx), now)
	return now.Sub(asOf), err
}

// asOf is the moment up to which all is counted.
func (s *Service) asOf(tx *gorm.DB, now time.Time) (time.Time, error) {
	var at int64
	err := tx.Raw(`SELECT COALESCE(MIN(at), 0) FROM (SELECT MIN(uncounted_at) AS at FROM tickets WHERE uncounted_at > 0
UNION ALL SELECT MIN(matures_at) AS at FROM rate_tickets WHERE matures_at > 0 AND matures_at < ?) AS waiting`, now.UnixMilli()).Scan(&at).Error
	if at == 0 || at > now.UnixMilli() {
		return now, err
	}
	return time.UnixMilli(at).In(now.Location()), err
}

// countBatch counts a batch. It takes its turn first: what it then reads is what the
// one before it left.
func (s *Service) countBatch(tx *gorm.DB) error {
	if err := tx.Exec("UPDATE rate_turn SET taken = taken + 1 WHERE id = 1").Error; err != nil {
		return err
	}
	ids, _, err := s.due(tx)
	if err != nil || len(ids) == 0 {
		return err
	}
	now, err := s.read(tx, ids)
	if err != nil {
		return err
	}
	var before []kept
	if err := tx.Table("rate_tickets").Find(&before, "ticket_id IN ?", ids).Error; err != nil {
		return err
	}
	places, err := s.places(tx, now, before)
	if err != nil {
		return err
	}
	change := map[sum]*Tally{}
	for _, k := range before {
		s.add(change, places, k, -1)
	}
	rows := make([]kept, 0, len(now))
	for _, r := range now {
		r.PlaceID = places.at[r.Path].ID
		s.add(change, places, r.kept, 1)
		rows = append(rows, r.kept)
	}
	if err := upsertTickets(tx, rows); err != nil {
		return err
	}
	if err := s.change(tx, places.raised(change)); err != nil {
		return err
	}
	return tx.Exec("UPDATE tickets SET uncounted_at = 0 WHERE id IN ? AND version = (SELECT version FROM rate_tickets r WHERE r.ticket_id = tickets.id)", ids).Error
}

// read is a ticket that is about to be counted.
type read struct {
	kept

	Path string // of its unit when it was filed
}

// read reads tickets as they count at this moment.
func (s *Service) read(tx *gorm.DB, ids []int64) ([]read, error) {
	var found []struct {
		ticket.Ticket

		Path string
	}
	err := tx.Raw(`SELECT t.id, t.version, t.org_id, t.lead_post, t.category, t.state, t.created_at, t.due_at, t.paused_at, t.contacted_at, t.finished_at, t.late, t.bare,
  t.outcome, t.solved, t.satisfaction, t.redos, t.late_returns, h.path
FROM tickets t JOIN org_history h ON h.org_id = t.org_id AND h.from_at <= t.created_at AND h.to_at > t.created_at WHERE t.id IN ?`, ids).Scan(&found).Error
	if err != nil {
		return nil, err
	}
	now := s.Now().UnixMilli()
	out := make([]read, 0, len(found))
	for _, t := range found {
		out = append(out, read{keep(t.ID, t.Version, t.Told(), now), t.Path})
	}
	return out, nil
}

// keep says how a ticket counts at a moment.
func keep(id, version int64, t ticket.Told, now int64) kept {
	c := counted{Told: t, PastDue: t.DueAt < now && (t.PausedAt == 0 || t.DueAt < t.PausedAt)}
	return kept{
		TicketID: id, Version: version, CreatedAt: t.CreatedAt, Category: t.Category, LeadPost: t.LeadPost,
		Measures: c.measures(), Response: c.minutes(t.ContactedAt), Handling: c.minutes(t.FinishedAt), MaturesAt: c.maturesAt(),
	}
}

// atlas is places by path and id, and those above each.
type atlas struct {
	at   map[string]place
	by   map[int64]place
	over map[int64][]place
}

func newAtlas(places []place) atlas {
	a := atlas{map[string]place{}, map[int64]place{}, map[int64][]place{}}
	for _, p := range places {
		a.take(p)
	}
	return a
}

func (a atlas) take(p place) { a.at[p.Path], a.by[p.ID] = p, p }

// above are the places that a ticket of a place counts for: itself and all
// above it, the highest first.
func (a atlas) above(id int64) []place {
	out, ok := a.over[id]
	if !ok {
		for _, path := range prefixes(a.by[id].Path) {
			out = append(out, a.at[path])
		}
		a.over[id] = out
	}
	return out
}

// byDay is the lowest place, from one upward, of which every sum is kept by day; 0 = none.
func (a atlas) byDay(id int64) int64 {
	for _, p := range slices.Backward(a.above(id)) {
		if byDay(p.Kind) {
			return p.ID
		}
	}
	return 0
}

// prefixes are the paths of a unit and of all above it, the highest first.
func prefixes(path string) (out []string) {
	for i := 1; i < len(path); i++ {
		if path[i] == '/' {
			out = append(out, path[:i+1])
		}
	}
	return out
}

// places finds the places of tickets and all above them, and makes those that
// are new.
func (s *Service) places(tx *gorm.DB, now []read, before []kept) (atlas, error) {
	a := newAtlas(nil)
	ids := map[int64]bool{}
	for _, k := range before {
		ids[k.PlaceID] = true
	}
	old, err := db.Lookup[place](tx, "SELECT * FROM rate_places WHERE id IN ?", slices.Collect(maps.Keys(ids)))
	if err != nil {
		return a, err
	}
	paths := map[string]bool{}
	for _, p := range old {
		for _, path := range prefixes(p.Path) {
			paths[path] = true
		}
	}
	for _, r := range now {
		for _, path := range prefixes(r.Path) {
			paths[path] = true
		}
	}
	known, err := db.Lookup[place](tx, "SELECT * FROM rate_places WHERE path IN ?", slices.Sorted(maps.Keys(paths)))
	if err != nil {
		return a, err
	}
	for _, p := range known {
		a.take(p)
		delete(paths, p.Path)
	}
	if len(paths) == 0 {
		return a, nil
	}
	added, err := s.newPlaces(tx, slices.Sorted(maps.Keys(paths)))
	for _, p := range added {
		a.take(p)
	}
	return a, err
}

// newPlaces makes places. What stands below a compound is part of it.
func (s *Service) newPlaces(tx *gorm.DB, paths []string) ([]place, error) {
	units := map[int64]bool{}
	for _, path := range paths {
		for _, part := range strings.Split(strings.Trim(path, "/"), "/") {
			id, err := strconv.ParseInt(part, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("path %q: %w", path, err)
			}
			units[id] = true
		}
	}
	found, err := db.Lookup[struct {
		ID   int64
		Kind org.Kind
	}](tx, "SELECT id, kind FROM org_units WHERE id IN ?", slices.Sorted(maps.Keys(units)))
	if err != nil {
		return nil, err
	}
	kinds := map[string]org.Kind{}
	for _, u := range found {
		kinds[strconv.FormatInt(u.ID, 10)] = u.Kind
	}
	var out []place
	for _, path := range paths {
		parts := strings.Split(strings.Trim(path, "/"), "/")
		last := len(parts) - 1
		id, _ := strconv.ParseInt(parts[last], 10, 64) // was read above
		p := place{ID: s.DB.NewID(), Path: path, UnitID: id, Kind: kinds[parts[last]]}
		if last > 0 && kinds[parts[last-1]] == org.CompoundKind {
			p.Kind = ""
		}
		out = append(out, p)
	}
	return out, tx.Table("rate_places").Create(&out).Error
}

// add counts a ticket, n times, in the lowest sums that it is part of; raised
// has all others of them.
func (s *Service) add(lowest map[sum]*Tally, places atlas, k kept, n int64) {
	created := time.UnixMilli(k.CreatedAt).In(s.Location)
	day, month := aDay.start(created), aMonth.start(created)
	lead := strconv.FormatInt(k.LeadPost, 10)
	keys := append(make([]sum, 0, 5), sum{k.PlaceID, ofAll, day, ""}, sum{k.PlaceID, byCategory, month, k.Category}, sum{k.PlaceID, byLead, month, lead})
	if id := places.byDay(k.PlaceID); id != 0 {
		keys = append(keys, sum{id, byCategory, day, k.Category}, sum{id, byLead, day, lead})
	}
	for _, key := range keys {
		at(lowest, key).count(k.Measures, k.Response, k.Handling, n)
	}
}

func at(sums map[sum]*Tally, key sum) *Tally {
	t, ok := sums[key]
	if !ok {
		t = &Tally{}
		sums[key] = t
	}
	return t
}

// raised are the sums of all places, of thirds and of months: of what add counted.
func (a atlas) raised(lowest map[sum]*Tally) map[sum]*Tally {
	out := make(map[sum]*Tally, 4*len(lowest))
	for key, t := range lowest {
		for _, p := range a.above(key.Place) {
			key.Place = p.ID
			at(out, key).plus(t, 1)
			if day := key.Start % 100; key.Start > 9_999_999 { // not of a month
				at(out, sum{p.ID, key.Facet, key.Start/100*10 + thirdOf(day), key.Slice}).plus(t, 1)
			}
			if key.Facet == ofAll {
				at(out, sum{p.ID, ofAll, key.Start / 100, ""}).plus(t, 1)
			}
		}
	}
	return out
}

// change adds tallies to the sums that are kept.
func (s *Service) change(tx *gorm.DB, change map[sum]*Tally) error {
	type group struct {
		facet facet
		start int
	}
	places, slicesOf := map[group]map[int64]bool{}, map[group]map[string]bool{}
	for key, t := range change {
		if t.empty() {
			delete(change, key)
			continue
		}
		g := group{key.Facet, key.Start}
		if places[g] == nil {
			places[g], slicesOf[g] = map[int64]bool{}, map[string]bool{}
		}
		places[g][key.Place], slicesOf[g][key.Slice] = true, true
	}
	for g := range places {
		args := []any{string(g.facet), g.start}
		for id := range places[g] {
			args = append(args, id)
		}
		for slice := range slicesOf[g] {
			args = append(args, slice)
		}
		marks := func(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }
		key, packed := sum{Facet: g.facet, Start: g.start}, sql.RawBytes(nil)
		err := each(tx, "SELECT place_id, slice, sums FROM rate_sums WHERE facet = ? AND start = ? AND place_id IN ("+marks(len(places[g]))+") AND slice IN ("+marks(len(slicesOf[g]))+")", args,
			func(rows *sql.Rows) error {
				if err := rows.Scan(&key.Place, &key.Slice, &packed); err != nil {
					return err
				}
				if t, ok := change[key]; ok {
					t.unpack(packed, 1)
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	return upsertSums(tx, change)
}

func upsertSums(tx *gorm.DB, sums map[sum]*Tally) error {
	keys := slices.SortedFunc(maps.Keys(sums), func(a, b sum) int { // in the key's order one page of the database is filled after another
		return cmp.Or(cmp.Compare(a.Place, b.Place), cmp.Compare(a.Facet, b.Facet), cmp.Compare(a.Start, b.Start), cmp.Compare(a.Slice, b.Slice))
	})
	rows := make([][]any, 0, len(sums))
	for _, k := range keys {
		rows = append(rows, []any{k.Place, string(k.Facet), k.Start, k.Slice, sums[k].pack()})
	}
	return db.Upsert(tx, "rate_sums", 4, []string{"place_id", "facet", "start", "slice", "sums"}, rows)
}

func upsertTickets(tx *gorm.DB, kepts []kept) error {
	rows := make([][]any, 0, len(kepts))
	for _, k := range kepts {
		rows = append(rows, []any{k.TicketID, k.Version, k.PlaceID, k.CreatedAt, k.Category, k.LeadPost, k.Measures, k.Response, k.Handling, k.MaturesAt})
	}
	return db.Upsert(tx, "rate_tickets", 1,
		[]string{"ticket_id", "version", "place_id", "created_at", "category", "lead_post", "measures", "response", "handling", "matures_at"}, rows)
}
