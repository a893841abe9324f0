package activity

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"gorm.io/gorm"
)

// word is what an organiser said of a person's hours in an activity, beside the pairs.
type word struct {
	ActivityID int64 `gorm:"primaryKey;autoIncrement:false"`
	PersonID   int64 `gorm:"primaryKey;autoIncrement:false"`
	Manual     int   // minutes without a pair
	Verdict    Ruling
	Judged     int // the minutes that the verdict is about
	Version    int // 0: nothing was said
}

// TableName is gorm's.
func (word) TableName() string { return "activity_hours" }

// Ruling is an organiser's decision on hours of a day that was over the limit.
type Ruling string

// The decisions.
const (
	Granted Ruling = "confirmed"
	Denied  Ruling = "refused"
)

// heed is a credit after what the organiser said. A confirmation covers what it
// was given for and less; manual minutes stand only where no pair counts.
func (c Credit) heed(w word) Credit {
	switch {
	case c.Review && w.Verdict == Granted && c.Minutes <= w.Judged:
		c.Review, c.Why = false, ""
	case c.Review && w.Verdict == Denied:
		c = Credit{Why: whyDenied}
	}
	if c.Minutes == 0 && w.Manual > 0 {
		c.Manual, c.Why = w.Manual, whyManual
	}
	return c
}

// presence is a pair as it is counted.
type presence struct {
	person, activity, in, out int64
	state                     PairState
}

// held is of an activity what counting needs.
type held struct {
	ID, StartsAt, EndsAt int64
	State                State
	day                  string
}

func (h held) over() bool { return h.State == Done || h.State == Archived }

// scope says whose pairs are counted, and of when.
type scope struct {
	people   []int64 // nil: everybody's
	from, to int64   // activities that begin from then and before then; 0: whenever
}

// tally is one activity of one person.
type tally struct {
	person int64
	held
	raw   Credit // by the pairs alone
	word  word
	there bool // a pair says so, whether it counts or not, or the organiser
}

// pairsAtOnce is about how many pairs are in memory while hours are counted: a
// person's own are never parted.
const pairsAtOnce = 5000

// count goes through the pairs person by person and day by day, in pages that
// end with a person, and tells what each activity that is over is worth.
func (s *Service) count(tx *gorm.DB, of scope, tell func(tally)) error {
	known, rules := map[int64]held{}, s.counting.Load()
	for after, limit := int64(0), pairsAtOnce; ; {
		pairs, err := s.presences(tx, of, after, limit)
		if err != nil {
			return err
		}
		upto, more := int64(math.MaxInt64), len(pairs) == limit
		if more {
			n := slices.IndexFunc(pairs, func(p presence) bool { return p.person == pairs[limit-1].person })
			if n == 0 {
				limit *= 2
				continue
			}
			pairs, upto = pairs[:n], pairs[n-1].person
		}
		words, err := s.words(tx, of, after, upto)
		if err != nil {
			return err
		}
		if err := s.learn(tx, known, pairs, words); err != nil {
			return err
		}
		for len(pairs) > 0 || len(words) > 0 {
			person := int64(math.MaxInt64)
			if len(pairs) > 0 {
				person = pairs[0].person
			}
			if len(words) > 0 {
				person = min(person, words[0].PersonID)
			}
			n, m := 0, 0
			for n < len(pairs) && pairs[n].person == person {
				n++
			}
			for m < len(words) && words[m].PersonID == person {
				m++
			}
			rules.person(pairs[:n], words[:m], known, func(t tally) {
				if t.StartsAt >= of.from && (of.to == 0 || t.StartsAt < of.to) {
					t.person = person
					tell(t)
				}
			})
			pairs, words = pairs[n:], words[m:]
		}
		if !more {
			return nil
		}
		after, limit = upto, pairsAtOnce
	}
}

// margin is how far the pairs of a day may lie from the beginnings of its
// activities: one lasts a day at most, and people come early and leave late.
const margin = 48 * time.Hour

// presences is a page of pairs, by person and time.
func (s *Service) presences(tx *gorm.DB, of scope, after int64, limit int) ([]presence, error) {
	q := tx.Table("activity_checkins").Select("person_id, activity_id, in_at, out_at, state").Where("person_id > ?", after)
	if of.people != nil {
		q = q.Where("person_id IN ?", of.people)
	}
	if of.from != 0 {
		q = q.Where("in_at >= ?", of.from-margin.Milliseconds())
	}
	if of.to != 0 {
		q = q.Where("in_at < ?", of.to+margin.Milliseconds())
	}
	rows, err := q.Order("person_id, in_at").Limit(limit).Rows()
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []presence
	for rows.Next() {
		var p presence
		if err := rows.Scan(&p.person, &p.activity, &p.in, &p.out, &p.state); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// words are what was said of people's hours, by person.
func (s *Service) words(tx *gorm.DB, of scope, after, upto int64) ([]word, error) {
	q := tx.Where("person_id > ? AND person_id <= ?", after, upto)
	if of.people != nil {
		q = q.Where("person_id IN ?", of.people)
	}
	var out []word
	return out, q.Order("person_id, activity_id").Find(&out).Error
}

// learn looks up the activities that are not known yet.
func (s *Service) learn(tx *gorm.DB, known map[int64]held, pairs []presence, words []word) error {
	var ids []int64
	want := func(id int64) {
		if _, ok := known[id]; !ok {
			known[id] = held{}
			ids = append(ids, id)
		}
	}
	for _, p := range pairs {
		want(p.activity)
	}
	for _, w := range words {
		want(w.ActivityID)
	}
	for some := range slices.Chunk(ids, loadBatch) {
		var found []held
		if err := tx.Table("activities").Select("id, starts_at, ends_at, state").Find(&found, "id IN ?", some).Error; err != nil {
			return err
		}
		for _, h := range found {
			h.day = s.dayOf(h.StartsAt)
			known[h.ID] = h
		}
	}
	return nil
}

// dayOf is the day (2006-01-02) of a time by the city's clock.
func (s *Service) dayOf(ms int64) string {
	return time.UnixMilli(ms).In(s.Location).Format(time.DateOnly)
}

// whyNot says why a pair that is not ok does not count.
var whyNot = map[PairState]string{PairClaimed: whyClaimed, PairRefused: whyRefused, PairStruck: whyStruck}

// person counts the pairs of one person in activities that are over.
func (r *HourRules) person(pairs []presence, words []word, known map[int64]held, tell func(tally)) {
	type dated struct {
		day string
		Attended
	}
	var days []dated
	left := map[int64]tally{} // what no day told of
	for _, p := range pairs {
		h := known[p.activity]
		switch {
		case !h.over():
		case p.state == PairOK:
			days = append(days, dated{h.day, Attended{h.ID, h.StartsAt, h.EndsAt, p.in, p.out}})
		default:
			left[h.ID] = tally{held: h, raw: Credit{Why: whyNot[p.state]}}
		}
	}
	for _, w := range words {
		if h := known[w.ActivityID]; h.over() {
			t := left[h.ID]
			t.held, t.word, t.there = h, w, w.Manual > 0
			left[h.ID] = t
		}
	}
	slices.SortStableFunc(days, func(a, b dated) int { return cmp.Compare(a.day, b.day) })
	for len(days) > 0 {
		n := 0
		var day []Attended
		for n < len(days) && days[n].day == days[0].day {
			day = append(day, days[n].Attended)
			n++
		}
		for id, c := range r.Count(days[0].day, day) {
			tell(tally{held: known[id], raw: c, word: left[id].word, there: true})
			delete(left, id)
		}
		days = days[n:]
	}
	for _, t := range left {
		tell(t)
	}
}

// Served is one activity in a person's own record.
type Served struct {
	Activity
	Credit
}

// Hours are a person's own, the newest activity first: nobody else asks for
// them. Activities that are still on are not among them.
func (s *Service) Hours(ctx context.Context, person int64) ([]Served, error) {
	return s.hours(s.DB.Read(ctx), person)
}

func (s *Service) hours(tx *gorm.DB, person int64) ([]Served, error) {
	credits := map[int64]Credit{}
	var ids []int64
	err := s.count(tx, scope{people: []int64{person}}, func(t tally) {
		if c := t.raw.heed(t.word); c != (Credit{}) {
			credits[t.ID], ids = c, append(ids, t.ID)
		}
	})
	if err != nil {
		return nil, err
	}
	var out []Served
	for some := range slices.Chunk(ids, loadBatch) {
		var found []Activity
		if err := tx.Find(&found, "id IN ?", some).Error; err != nil {
			return nil, err
		}
		for _, a := range found {
			out = append(out, Served{a, credits[a.ID]})
		}
	}
	slices.SortFunc(out, func(a, b Served) int {
		return cmp.Or(cmp.Compare(b.StartsAt, a.StartsAt), cmp.Compare(b.ID, a.ID))
	})
	return out, nil
}

// tallies are what an activity is worth to some people.
func (s *Service) tallies(ctx context.Context, a Activity, people []int64) (map[int64]tally, error) {
	out := map[int64]tally{}
	for some := range slices.Chunk(people, loadBatch) {
		err := s.count(s.DB.Read(ctx), scope{some, a.StartsAt, a.StartsAt + 1}, func(t tally) {
			if t.ID == a.ID {
				out[t.person] = t
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// holdSeat holds a person's sign-up until the end of the transaction: one
// correction of their hours in an activity waits for the other. Error: ErrNotSeated.
func holdSeat(tx *gorm.DB, activity, person int64) error {
	if err := tx.Exec("UPDATE activity_signups SET changed_at = changed_at WHERE activity_id = ? AND person_id = ?", activity, person).Error; err != nil {
		return err
	}
	known, err := signedUp(tx, activity, []int64{person})
	if err == nil && known[person].State != Seated {
		err = ErrNotSeated.Say("这个人没有报上这个活动的名，不能为他记时长，请核对名单")
	}
	return err
}
