package stats

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Least is the smallest count that the public is told (/open/), beside 0: fewer
// than five reports of a compound in a month may be known to a neighbour one by
// one. So that nobody finds them by reckoning either:
//
//  1. Only months that are over are told, the last twelve. A month is told when
//     each of its counts is 0 or at least Least, else none of them is.
//  2. Every sum, and every row of a category, is over told months alone, so no
//     number that is told has one in it that is not: there is nothing to subtract
//     from. A month is told or not by its own counts, never by its neighbours', so
//     it does not matter in how many periods it has stood.
//  3. Categories are told for half-years of the calendar that are over. They never
//     overlap: two periods have no month that could be found as their difference.
//  4. In a half-year the categories add up to its told months. What may not be
//     told by itself, and what is private always, is counted under Other; when
//     Other would be too few, the smallest category goes there too. Categories
//     without reports are not named, so nobody knows which are in Other.
//  5. Opinions (follow-ups, satisfaction) are no part of it.
//  6. Single problems (category, building, state, day) are told when at least
//     Least of them are open that are not private and were reported in months in
//     which at least Least were accepted so far. How many are open is how many are
//     told so.
//
// A month that was told and in which reports are found to be excluded or the
// same later may fall under Least and is told no more.
const Least = 5

// Other is the category of what is not told by itself.
const Other = "other"

// Openness is the city as the public may read it.
type Openness struct {
	AsOf      time.Time
	Months    []string // 2006-01, oldest first
	Compounds map[int64]*OpenCompound
}

// OpenCompound is a compound as the public may read it.
type OpenCompound struct {
	Total    OpenRow   // of the months that are told
	Months   []OpenRow // as in Openness, by month
	Open     Told      // how many Problems there are
	Problems []OpenProblem

	all map[string]figures // by month, as far back as the half-years go

	mu    sync.Mutex
	read  bool
	halfs []OpenHalf
}

// OpenHalf is a half-year by category.
type OpenHalf struct {
	From, To   time.Time // To is exclusive
	Categories []OpenRow // most first, Other last
}

// OpenProblem is a problem that is still owed.
type OpenProblem struct {
	Category, Building, State string
	CreatedAt                 int64
}

// Told is a number as the public may read it.
type Told struct {
	Count *int64 // nil when it is not told
	Few   bool   // then: because it is less than Least
}

// OpenRow are the figures of a month or a category.
type OpenRow struct {
	Key                                string
	Accepted, Matured, Settled, OnTime Told
	Settlement, Punctual               *float64 // settled and on time, of matured
}

// figures are the counts that the public may read.
type figures [4]int64

var openMeasures = [len(figures{})]Measure{Accepted, Matured, Settled, OnTime}

func figuresOf(t *Tally) (f figures) {
	for i, m := range openMeasures {
		f[i] = t.Of(m)
	}
	return f
}

func (f figures) plus(o figures) figures {
	for i := range f {
		f[i] += o[i]
	}
	return f
}

// safe says that the figures may be told.
func (f figures) safe() bool {
	return !slices.ContainsFunc(f[:], func(n int64) bool { return n > 0 && n < Least })
}

// row tells all figures or none of them.
func (f figures) row(key string) OpenRow {
	var told [len(f)]Told
	for i, n := range f {
		switch {
		case f.safe():
			told[i].Count = &n
		default:
			told[i].Few = n > 0 && n < Least
		}
	}
	r := OpenRow{Key: key, Accepted: told[0], Matured: told[1], Settled: told[2], OnTime: told[3]}
	if f.safe() {
		r.Settlement, r.Punctual = share(f[2], f[1]).Rate, share(f[3], f[1]).Rate
	}
	return r
}

// openMonths tells the months and their sum, which is none when nothing of what
// was reported may be told.
func openMonths(all map[string]figures, months []string) (rows []OpenRow, total OpenRow) {
	var sum figures
	hidden := false
	for _, m := range months {
		rows = append(rows, all[m].row(m))
		if all[m].safe() {
			sum = sum.plus(all[m])
		} else {
			hidden = true
		}
	}
	if hidden && sum == (figures{}) {
		return rows, OpenRow{}
	}
	return rows, sum.row("") // sums of safe figures are safe
}

// openCategories tells the categories of told months, which add up to something safe.
func openCategories(all map[string]figures, private []string) []OpenRow {
	type named struct {
		key string
		f   figures
	}
	var told []named
	var rest figures
	for key, f := range all {
		if key == Other || slices.Contains(private, key) || !f.safe() {
			rest = rest.plus(f)
		} else if f != (figures{}) {
			told = append(told, named{key, f})
		}
	}
	slices.SortFunc(told, func(a, b named) int { return cmp.Or(-cmp.Compare(a.f[0], b.f[0]), cmp.Compare(a.key, b.key)) })
	for !rest.safe() && len(told) > 0 {
		rest, told = rest.plus(told[len(told)-1].f), told[:len(told)-1]
	}
	var rows []OpenRow
	for _, n := range told {
		rows = append(rows, n.f.row(n.key))
	}
	if rest != (figures{}) {
		rows = append(rows, rest.row(Other))
	}
	return rows
}

// openHalves tells the half-years before a month by category, newest first; by
// are a told month's categories.
func openHalves(all map[string]figures, this time.Time, private []string, by func(month time.Time) (map[string]figures, error)) ([]OpenHalf, error) {
	bounds := halves(this)
	var out []OpenHalf
	for i := 1; i >= 0; i-- {
		h, sums := OpenHalf{From: bounds[i], To: bounds[i+1]}, map[string]figures{}
		for month := h.From; month.Before(h.To); month = month.AddDate(0, 1, 0) {
			if f := all[month.Format(monthKey)]; !f.safe() || f == (figures{}) {
				continue
			}
			found, err := by(month)
			if err != nil {
				return nil, err
			}
			for key, f := range found {
				sums[key] = sums[key].plus(f)
			}
		}
		if h.Categories = openCategories(sums, private); len(h.Categories) > 0 {
			out = append(out, h)
		}
	}
	return out, nil
}

// openProblems tells the problems that may be told one by one, and how many.
func openProblems(owed []OpenProblem, private []string, accepted func(at int64) int64) ([]OpenProblem, Told) {
	var shown []OpenProblem
	open := int64(0)
	for _, p := range owed {
		if slices.Contains(private, p.Category) {
			continue
		}
		open++
		if accepted(p.CreatedAt) >= Least {
			shown = append(shown, p)
		}
	}
	if n := int64(len(shown)); n >= Least || open == 0 {
		return shown, Told{Count: &n}
	}
	return nil, Told{Few: open < Least}
}

// openLife is how long the public reads the same.
const openLife = 5 * time.Minute

// openCache is what the public reads now.
type openCache struct {
	mu   sync.Mutex
	at   time.Time
	kept *Openness
}

// Open is the city as the public may read it; private are the categories of
// which no single problem is told. It is made anew every five minutes.
func (s *Service) Open(ctx context.Context, private []string) (*Openness, error) {
	s.public.mu.Lock()
	defer s.public.mu.Unlock()
	now := s.Now()
	if s.public.kept != nil && now.Sub(s.public.at) < openLife && !now.Before(s.public.at) {
		return s.public.kept, nil
	}
	made, err := s.open(ctx, private, now)
	if err == nil {
		s.public.at, s.public.kept = now, made
	}
	return made, err
}

// halves are the last two half-years that are over, oldest first: the first
// days of each, and the day after.
func halves(month time.Time) [3]time.Time {
	end := time.Date(month.Year(), 1+(month.Month()-1)/6*6, 1, 0, 0, 0, 0, month.Location())
	return [3]time.Time{end.AddDate(-1, 0, 0), end.AddDate(0, -6, 0), end}
}

// lastMonths are the twelve months before one, oldest first.
func lastMonths(this time.Time) []string {
	var out []string
	for i := range 12 {
		out = append(out, this.AddDate(0, i-12, 0).Format(monthKey))
	}
	return out
}

const monthKey = "2006-01"

func (s *Service) open(ctx context.Context, private []string, now time.Time) (*Openness, error) {
	root, err := s.Org.Root(ctx)
	if err != nil {
		return nil, err
	}
	stood, err := s.Org.Paths(ctx, root.ID)
	if err != nil {
		return nil, err
	}
	this := s.month(now)
	out := &Openness{AsOf: now, Compounds: map[int64]*OpenCompound{}}
	of := func(id int64) *OpenCompound {
		c, ok := out.Compounds[id]
		if !ok {
			c = &OpenCompound{all: map[string]figures{}}
			out.Compounds[id] = c
		}
		return c
	}
	for month := halves(this)[0]; !month.After(this); month = month.AddDate(0, 1, 0) {
		t, err := s.table(ctx, Query{Org: root.ID, From: month, To: month.AddDate(0, 1, 0), Group: Compound}, root, stood, now)
		if err != nil {
			return nil, err
		}
		for _, row := range t.Rows {
			if id, err := strconv.ParseInt(row.Key, 10, 64); err == nil {
				of(id).all[month.Format(monthKey)] = figuresOf(&row.Tally)
			}
		}
	}
	out.Months = lastMonths(this)
	var open []struct {
		OpenProblem
		Compound int64
	}
	err = s.DB.Read(ctx).Raw(`SELECT CASE WHEN u.successor_id <> 0 THEN u.successor_id ELSE u.id END AS compound, t.category, t.building, t.state, t.created_at
FROM tickets t JOIN org_units u ON u.id = t.org_id WHERE ` + owed + ` AND u.kind = 'compound' ORDER BY t.created_at DESC, t.id DESC`).Scan(&open).Error
	if err != nil {
		return nil, err
	}
	problems := map[int64][]OpenProblem{}
	for _, p := range open {
		of(p.Compound)
		problems[p.Compound] = append(problems[p.Compound], p.OpenProblem)
	}
	for id, c := range out.Compounds {
		c.Months, c.Total = openMonths(c.all, out.Months)
		c.Problems, c.Open = openProblems(problems[id], private, func(at int64) int64 {
			return c.all[time.UnixMilli(at).In(s.Location).Format(monthKey)][0]
		})
	}
	return out, nil
}

// OpenCompound is one compound as the public may read it, with its half-years
// by category, newest first. Errors: org.ErrUnknownUnit.
func (s *Service) OpenCompound(ctx context.Context, id int64, private []string) (*Openness, *OpenCompound, []OpenHalf, error) {
	all, err := s.Open(ctx, private)
	if err != nil {
		return nil, nil, nil, err
	}
	c, ok := all.Compounds[id]
	if !ok { // nothing was ever reported there
		none := int64(0)
		c = &OpenCompound{Open: Told{Count: &none}}
		c.Months, c.Total = openMonths(nil, all.Months)
		return all, c, nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read {
		if c.halfs, err = s.byCategory(ctx, id, c, all.AsOf, private); err != nil {
			return nil, nil, nil, err
		}
		c.read = true
	}
	return all, c, c.halfs, nil
}

// byCategory are a compound's half-years that have anything to tell, newest first.
func (s *Service) byCategory(ctx context.Context, id int64, c *OpenCompound, now time.Time, private []string) ([]OpenHalf, error) {
	unit, err := s.Org.Unit(ctx, id)
	if err != nil {
		return nil, err
	}
	stood, err := s.Org.Paths(ctx, id)
	if err != nil {
		return nil, err
	}
	return openHalves(c.all, s.month(now), private, func(month time.Time) (map[string]figures, error) {
		t, err := s.table(ctx, Query{Org: unit.ID, From: month, To: month.AddDate(0, 1, 0), Group: Category}, unit, stood, now)
		found := map[string]figures{}
		for _, row := range t.Rows {
			found[row.Key] = figuresOf(&row.Tally)
		}
		return found, err
	})
}

// month is the first moment of the month of a moment.
func (s *Service) month(now time.Time) time.Time {
	y, m, _ := now.In(s.Location).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, s.Location)
}
