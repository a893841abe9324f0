package stats

import (
	"cmp"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"fenlin/internal/org"
)

// tallies are sums by the rows of a group.
type tallies struct {
	total Tally
	by    map[string]*Tally
}

func (t *tallies) of(key string) *Tally {
	found, ok := t.by[key]
	if !ok {
		found = &Tally{}
		t.by[key] = found
	}
	return found
}

// scope is where a question looks: the places of the unit asked about, and of
// the units that are rows, by their keys.
type scope struct {
	own  []place
	rows []place
}

// scope finds the places of a question. The unit may have moved, so it is
// looked for wherever it stood.
func (s *Service) scope(tx *gorm.DB, q Query, stood []string) (scope, error) {
	var sc scope
	if len(stood) == 0 {
		return sc, nil
	}
	if err := tx.Table("rate_places").Find(&sc.own, "path IN ?", stood).Error; err != nil {
		return sc, err
	}
	kind, units := unitKinds[q.Group]
	if !units {
		return sc, nil
	}
	all, err := below(tx, stood)
	if err != nil {
		return sc, err
	}
	for _, p := range all {
		if p.Kind == kind {
			sc.rows = append(sc.rows, p)
		}
	}
	// The unit may itself stand below one that is a row: a compound by community.
	for _, own := range sc.own {
		if slices.ContainsFunc(sc.rows, func(r place) bool { return strings.HasPrefix(r.Path, own.Path) }) {
			continue
		}
		above := prefixes(own.Path)
		var found []place
		if err := tx.Table("rate_places").Find(&found, "path IN ? AND kind = ?", above, kind).Error; err != nil {
			return sc, err
		}
		for _, f := range found { // what counts is the unit asked about, under the other's key
			own.UnitID = f.UnitID
			sc.rows = append(sc.rows, own)
		}
	}
	return sc, nil
}

// below are all places at and below some paths.
func below(tx *gorm.DB, paths []string) ([]place, error) {
	in := tx.Session(&gorm.Session{NewDB: true})
	for _, path := range paths {
		from, to := org.Below(path)
		in = in.Or("path >= ? AND path < ?", from, to)
	}
	var out []place
	return out, tx.Table("rate_places").Where(in).Find(&out).Error
}

// stretch is what a sum is of: a day, a third of a month (1st to 10th, 11th to
// 20th, the rest), a month.
type stretch int

const (
	single stretch = iota // no sum: tickets one by one
	aDay
	aThird
	aMonth
)

// begin and after are the stretch that holds a moment: its first moment, and the
// first of the next.
func (u stretch) begin(t time.Time) time.Time {
	y, m, d := t.Date()
	switch u {
	case aMonth:
		d = 1
	case aThird:
		d = 10*thirdOf(d) - 9
	case aDay, single:
	}
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

func (u stretch) after(t time.Time) time.Time {
	at := u.begin(t)
	switch {
	case u == aMonth || u == aThird && at.Day() == 21:
		return aMonth.begin(at).AddDate(0, 1, 0)
	case u == aThird:
		return at.AddDate(0, 0, 10)
	}
	return at.AddDate(0, 0, 1)
}

// start is the number of the stretch that holds a moment: 202611, 2026112, 20261123.
func (u stretch) start(t time.Time) int {
	y, m, d := t.Date()
	month := y*100 + int(m)
	switch u {
	case aMonth:
		return month
	case aThird:
		return month*10 + thirdOf(d)
	case aDay, single:
	}
	return month*100 + d
}

func thirdOf(day int) int { return min((day+9)/10, 3) }

// span is a part of a period: sums of stretches one after another, or single
// tickets by their time. Sign is -1 for what a longer sum has too much.
type span struct {
	of          stretch
	first, last int   // starts, both inclusive
	from, to    int64 // the same as times, to exclusive
	sign        int64
}

func spanOf(u stretch, from, to time.Time, sign int64) span {
	return span{u, u.start(from), u.start(to.Add(-time.Millisecond)), from.UnixMilli(), to.UnixMilli(), sign}
}

// spans cut a period into as few sums as can be. What lies in the future has no
// tickets, so that a period until now ends with the month.
func (s *Service) spans(q Query, sc scope, now time.Time) []span {
	from, to := q.From.In(s.Location), s.end(q.To, now).In(s.Location)
	first, last := aDay.begin(from), aDay.begin(to)
	if first.Before(from) {
		first = aDay.after(from)
	}
	if !first.Before(last) {
		if first.After(last) || from.Equal(to) { // within one day
			return []span{spanOf(single, from, to, 1)}
		}
	}
	lengths := []stretch{aMonth, aThird, aDay}
	if f, _, _ := q.facet(); f != ofAll && slices.ContainsFunc(slices.Concat(sc.own, sc.rows), func(p place) bool { return !byDay(p.Kind) }) {
		lengths = []stretch{aMonth, aDay}
	}
	out := cover(first, last, lengths, 1)
	slices.SortFunc(out, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.sign, b.sign), cmp.Compare(a.from, b.from))
	})
	n := 0
	for _, sp := range out[min(1, len(out)):] {
		if end := &out[n]; end.of == sp.of && end.sign == sp.sign && end.to == sp.from {
			end.to, end.last = sp.to, sp.last
			continue
		}
		n++
		out[n] = sp
	}
	out = out[:min(n+1, len(out))]
	if from.Before(first) {
		out = append(out, spanOf(single, from, first, 1))
	}
	if last.Before(to) {
		out = append(out, spanOf(single, last, to, 1))
	}
	return out
}

// cover cuts whole days into stretches: of one that is more than half inside
// the whole counts, without what is too much.
func cover(from, to time.Time, lengths []stretch, sign int64) (out []span) {
	u := lengths[0]
	for at := from; at.Before(to); {
		begin, after := u.begin(at), u.after(at)
		stop := after
		if to.Before(stop) {
			stop = to
		}
		if inside, whole := stop.Sub(at), after.Sub(begin); 2*inside <= whole {
			out = append(out, cover(at, stop, lengths[1:], sign)...)
		} else {
			out = append(out, spanOf(u, begin, after, sign))
			if inside < whole {
				out = append(out, cover(begin, at, lengths[1:], -sign)...)
				out = append(out, cover(stop, after, lengths[1:], -sign)...)
			}
		}
		at = stop
	}
	return out
}

// end is where a period ends: until now means until the month is over.
func (s *Service) end(to, now time.Time) time.Time {
	if to.Before(now) {
		return to
	}
	y, m, _ := now.In(s.Location).Date()
	if over := time.Date(y, m+1, 1, 0, 0, 0, 0, s.Location); over.After(to) {
		return over
	}
	return to
}

// sum adds up what a question asks for.
func (s *Service) sum(tx *gorm.DB, q Query, sc scope, now time.Time) (tallies, error) {
	out := tallies{by: map[string]*Tally{}}
	if len(sc.own) == 0 {
		return out, nil
	}
	g := gathering{Service: s, tx: tx, q: q, spans: s.spans(q, sc, now), own: sc.own}
	if _, units := unitKinds[q.Group]; !units {
		if err := g.gather(sc.own, func(_ place, start int, slice string) string {
			switch q.Group {
			case Month:
				return monthOf(start)
			case Category, Handler:
				return slice
			default:
				return ""
			}
		}, out.by); err != nil {
			return out, err
		}
		for _, t := range out.by {
			out.total.plus(t, 1)
		}
		return out.cleared(), nil
	}
	whole := tallies{by: map[string]*Tally{}}
	if err := g.gather(sc.own, func(place, int, string) string { return "" }, whole.by); err != nil {
		return out, err
	}
	if err := g.gather(sc.rows, func(p place, _ int, _ string) string { return strconv.FormatInt(p.UnitID, 10) }, out.by); err != nil {
		return out, err
	}
	out.total = *whole.of("")
	rest := out.total // is of none of the rows
	for _, t := range out.by {
		rest.plus(t, -1)
	}
	out.by[None] = &rest
	return out.cleared(), nil
}

// cleared is without rows that nothing is in.
func (t tallies) cleared() tallies {
	maps.DeleteFunc(t.by, func(_ string, one *Tally) bool { return one.empty() })
	return t
}

// gathering adds up sums of places, and tickets where no sums are kept.
type gathering struct {
	*Service

	tx    *gorm.DB
	q     Query
	spans []span
	own   []place // of the unit asked about: nothing outside them counts
}

// keyed says to which row belongs what is of a place, from a day or month on, of a slice.
type keyed func(p place, start int, slice string) string

// facet is by what tickets are told apart, and one of it when only that is
// asked for. No sums are kept of both at once.
func (q Query) facet() (f facet, only string, kept bool) {
	category, lead := q.Category != "" || q.Group == Category, q.Handler != 0 || q.Group == Handler
	switch {
	case category && lead:
		return ofAll, "", false
	case category:
		return byCategory, q.Category, true
	case lead && q.Handler != 0:
		return byLead, strconv.FormatInt(q.Handler, 10), true
	case lead:
		return byLead, "", true
	}
	return ofAll, "", true
}

func (g gathering) gather(places []place, key keyed, into map[string]*Tally) error {
	if len(places) == 0 {
		return nil
	}
	facet, only, kept := g.q.facet()
	for _, sp := range g.spans {
		summed, loose := places, []place(nil)
		switch {
		case !kept || sp.of == single:
			summed, loose = nil, places
		case sp.of != aMonth && facet != ofAll:
			summed, loose = nil, nil
			for _, p := range places {
				if byDay(p.Kind) {
					summed = append(summed, p)
				} else {
					loose = append(loose, p)
				}
			}
		}
		if err := g.sums(sp, summed, facet, only, key, into); err != nil {
			return err
		}
		if err := g.tickets(sp, loose, key, into); err != nil {
			return err
		}
	}
	return nil
}

// starts are the starts of the sums of a span.
func (g gathering) starts(sp span) (out []int) {
	for at := time.UnixMilli(sp.from).In(g.Location); at.UnixMilli() < sp.to; at = sp.of.after(at) {
		out = append(out, sp.of.start(at))
	}
	return out
}

// manyStarts is from how many starts on a range is asked for: MariaDB looks at the
// index once for each range of each place to make its plan, but not for equals.
const manyStarts = 100

func (g gathering) sums(sp span, places []place, f facet, only string, key keyed, into map[string]*Tally) error {
	if len(places) == 0 {
		return nil
	}
	byID := make(map[int64]place, len(places))
	for _, p := range places {
		byID[p.ID] = p
	}
	tx := g.tx.Table("rate_sums").Select("place_id, start, slice, sums").Where("place_id IN ? AND facet = ?", slices.Collect(maps.Keys(byID)), f)
	if starts := g.starts(sp); only != "" { // each one row of the key
		tx = tx.Where("start IN ? AND slice = ?", starts, only)
	} else if len(starts) <= manyStarts {
		tx = tx.Where("start IN ?", starts)
	} else {
		tx = tx.Where("start >= ? AND start <= ?", sp.first, sp.last)
	}
	rows, err := tx.Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	var id int64
	var start int
	var slice string
	var packed sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&id, &start, &slice, &packed); err != nil {
			return err
		}
		tally(into, key(byID[id], start, slice)).unpack(packed, sp.sign)
	}
	return rows.Err()
}

func tally(into map[string]*Tally, key string) *Tally {
	t, ok := into[key]
	if !ok {
		t = &Tally{}
		into[key] = t
	}
	return t
}

// tickets adds the tickets of a span one by one to the places that they count for.
func (g gathering) tickets(sp span, places []place, key keyed, into map[string]*Tally) error {
	if len(places) == 0 || sp.from >= sp.to {
		return nil
	}
	at := make(map[string]place, len(places))
	for _, p := range places {
		at[p.Path] = p
	}
	all, err := g.below(g.own)
	if err != nil {
		return err
	}
	counts := map[int64][]place{}
	for _, p := range all {
		for _, path := range prefixes(p.Path) {
			if row, ok := at[path]; ok {
				counts[p.ID] = append(counts[p.ID], row)
			}
		}
	}
	tx, err := g.among(g.own, nil)
	if err != nil {
		return err
	}
	rows, err := tx.Where("r.created_at >= ? AND r.created_at < ?", sp.from, sp.to).
		Select("r.place_id, r.created_at, r.category, r.lead_post, r.measures, r.response, r.handling").Rows()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var k kept
		if err := rows.Scan(&k.PlaceID, &k.CreatedAt, &k.Category, &k.LeadPost, &k.Measures, &k.Response, &k.Handling); err != nil {
			return err
		}
		slice := k.Category
		if g.q.Group == Handler {
			slice = strconv.FormatInt(k.LeadPost, 10)
		}
		day := aDay.start(time.UnixMilli(k.CreatedAt).In(g.Location))
		for _, p := range counts[k.PlaceID] {
			tally(into, key(p, day, slice)).count(k.Measures, k.Response, k.Handling, sp.sign)
		}
	}
	return rows.Err()
}

// fewPlaces is up to how many places tickets are found by the places' numbers,
// and so by place and time; joined by their paths, MariaDB reads all that a
// place ever had.
const fewPlaces = 2000

// among are the tickets r of places and of what is below them, without those of
// some and what is below, of the category and the handler that are asked for.
func (g gathering) among(places, without []place) (*gorm.DB, error) {
	tx := g.tx.Table("rate_tickets r")
	if g.q.Category != "" {
		tx = tx.Where("r.category = ?", g.q.Category)
	}
	if g.q.Handler != 0 {
		tx = tx.Where("r.lead_post = ?", g.q.Handler)
	}
	if len(without) == 0 && slices.ContainsFunc(places, func(p place) bool { return strings.Count(p.Path, "/") == 2 }) { // the whole tree has one place
		return tx, nil
	}
	all, err := g.below(places)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(p place) bool {
		return slices.ContainsFunc(without, func(w place) bool { return strings.HasPrefix(p.Path, w.Path) })
	})
	if len(all) <= fewPlaces {
		ids := make([]int64, 0, len(all))
		for _, p := range all {
			ids = append(ids, p.ID)
		}
		return tx.Where("r.place_id IN ?", ids), nil
	}
	tx = tx.Joins("JOIN rate_places p ON p.id = r.place_id")
	in := g.tx.Session(&gorm.Session{NewDB: true})
	for _, p := range places {
		from, to := org.Below(p.Path)
		in = in.Or("p.path >= ? AND p.path < ?", from, to)
	}
	tx = tx.Where(in)
	for _, p := range without {
		from, to := org.Below(p.Path)
		tx = tx.Where("NOT (p.path >= ? AND p.path < ?)", from, to)
	}
	return tx, nil
}

func (g gathering) below(places []place) ([]place, error) {
	paths := make([]string, 0, len(places))
	for _, p := range places {
		paths = append(paths, p.Path)
	}
	return below(g.tx, paths)
}

// monthOf is the month of a start as people write it.
func monthOf(start int) string {
	for start > 999_999 {
		start /= 10
	}
	return fmt.Sprintf("%04d-%02d", start/100, start%100)
}
