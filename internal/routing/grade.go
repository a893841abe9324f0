package routing

import (
	"slices"
	"time"

	"fenlin/internal/calendar"
)

// Grade is how fast a ticket must be handled.
type Grade struct {
	Code    string        // 2h, 24h, 7d, 15d
	Respond time.Duration // until the resident is contacted
	Finish  time.Duration // until the problem is solved
	Working bool          // only working time counts; then each 24 h stands for one workday
}

// Grade returns the grade with that code.
func (t *Tree) Grade(code string) (Grade, bool) {
	i := slices.IndexFunc(t.grades, func(g Grade) bool { return g.Code == code })
	if i < 0 {
		return Grade{}, false
	}
	return t.grades[i], true
}

// Grades is all grades, strictest first.
func (t *Tree) Grades() []Grade { return slices.Clone(t.grades) }

// Due is when the response and the finish are due for clocks that start at from.
func (g Grade) Due(c *calendar.Calendar, from time.Time) (respond, finish time.Time) {
	return after(c, from, g.Respond, g.Working), after(c, from, g.Finish, g.Working)
}

// after is when d has passed; of working time each 24 h stands for one workday.
func after(c *calendar.Calendar, from time.Time, d time.Duration, working bool) time.Time {
	if !working {
		return c.Add(from, d, false)
	}
	const day = 24 * time.Hour
	return c.Add(from, d/day*c.WorkdayLength()+d%day, true)
}
