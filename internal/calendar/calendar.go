// Package calendar reckons working time: which days are worked, with public
// holidays and make-up workdays (调休) as data, and where a deadline falls when
// only working hours count. It is pure: every time comes in as a value.
package calendar

import (
	"time"
	_ "time/tzdata" // the zone must be there on a machine without zone files
)

// zone is the one time zone of China.
const zone = "Asia/Shanghai"

// Calendar knows the city's working time. It never changes after New, so it
// may be used from many goroutines.
type Calendar struct {
	loc     *time.Location
	hours   []span        // of each workday, in order, apart from each other
	length  time.Duration // of all hours together
	special map[date]bool // days moved by a notice: true = worked (make-up day), false = holiday
	covered map[int]bool  // years that have a notice
}

// span is a part of a day, as time since its midnight; from is in it, to is its end.
type span struct{ from, to time.Duration }

// date is a local day as the number yyyymmdd.
type date int

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date(y*10000 + int(m)*100 + d)
}

// Location is the time zone of the calendar.
func (c *Calendar) Location() *time.Location { return c.loc }

// Covered says whether the year's holidays are known. In other years the
// calendar knows only plain weekends: Monday to Friday are worked.
func (c *Calendar) Covered(year int) bool { return c.covered[year] }

// Uncovered is the first year from the local day of one moment to that of
// another whose holidays are not known; false when all are.
func (c *Calendar) Uncovered(from, to time.Time) (int, bool) {
	for year := from.In(c.loc).Year(); year <= to.In(c.loc).Year(); year++ {
		if !c.covered[year] {
			return year, true
		}
	}
	return 0, false
}

// WorkdayLength is the working time in one workday.
func (c *Calendar) WorkdayLength() time.Duration { return c.length }

// Day is the local day of t as 2006-01-02.
func (c *Calendar) Day(t time.Time) string { return t.In(c.loc).Format(time.DateOnly) }

// IsWorkday says whether the local day of t is worked: by the year's notice
// where one speaks of it, else Monday to Friday.
func (c *Calendar) IsWorkday(t time.Time) bool {
	t = t.In(c.loc)
	if worked, moved := c.special[dateOf(t)]; moved {
		return worked
	}
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
}

// WorkdaysAfter is the same time of day on the n-th workday after the day of
// t, which is not counted itself. An n of 0 or less gives t.
func (c *Calendar) WorkdaysAfter(t time.Time, n int) time.Time {
	t = t.In(c.loc)
	for n > 0 {
		t = t.AddDate(0, 0, 1)
		if c.IsWorkday(t) {
			n--
		}
	}
	return t
}

// Add is the moment when d has passed since t. With working, only working time
// counts, and the moment lies in working time; where d ends with the working
// hours it is their end (18:00), not the next morning. A d of 0 or less gives t.
func (c *Calendar) Add(t time.Time, d time.Duration, working bool) time.Time {
	t = t.In(c.loc)
	if d <= 0 {
		return t
	}
	if !working {
		return t.Add(d)
	}
	for day := midnight(t); ; day = day.AddDate(0, 0, 1) {
		if !c.IsWorkday(day) {
			continue
		}
		for _, h := range c.hours {
			from, to := later(at(day, h.from), t), at(day, h.to)
			if left := to.Sub(from); left >= d {
				return from.Add(d)
			} else if left > 0 {
				d -= left
			}
		}
	}
}

// Between is the time from one moment to another, the inverse of Add: with
// working, only working time counts. It is 0 when to is not after from.
func (c *Calendar) Between(from, to time.Time, working bool) time.Duration {
	if !to.After(from) {
		return 0
	}
	if !working {
		return to.Sub(from)
	}
	var sum time.Duration
	for day := midnight(from.In(c.loc)); day.Before(to); day = day.AddDate(0, 0, 1) {
		if !c.IsWorkday(day) {
			continue
		}
		for _, h := range c.hours {
			begin, end := later(at(day, h.from), from), at(day, h.to)
			if end.After(to) {
				end = to
			}
			sum += max(0, end.Sub(begin))
		}
	}
	return sum
}

func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

// at is a time of day by the clock, which is right also on days when the clock was changed.
func at(day time.Time, clock time.Duration) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, int(clock/time.Minute), 0, 0, day.Location())
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
