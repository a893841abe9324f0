package routing

import (
	"time"

	"gopkg.in/yaml.v3"

	"fenlin/internal/calendar"
)

// Disputes is how a return is decided: a post says that a ticket is not its own.
type Disputes struct {
	Limit   time.Duration // that an arbiter has; then the next one above decides
	Working bool          // only working time counts; then each 24 h stands for one workday
	Final   int           // the return that goes to the city's desk, whose decision is final
}

// By is when a decision is due that is asked for at from.
func (d Disputes) By(c *calendar.Calendar, from time.Time) time.Time {
	return after(c, from, d.Limit, d.Working)
}

// Disputes is how returns are decided.
func (t *Tree) Disputes() Disputes { return t.disputes }

type disputesText struct {
	Decide  yaml.Node `yaml:"decide"`
	Working bool      `yaml:"working"`
	Final   yaml.Node `yaml:"final"`
}

// setDisputes reads the limits; a file without them has one workday and three returns.
func (t *Tree) setDisputes(text *disputesText) (err error) {
	t.disputes = Disputes{Limit: 24 * time.Hour, Working: true, Final: 3}
	if text == nil {
		return nil
	}
	t.disputes.Working = text.Working
	if t.disputes.Limit, err = duration(&text.Decide, text.Final.Line); err != nil {
		return err
	}
	t.disputes.Final, err = between(&text.Final, text.Decide.Line, 1, 9, "final is how many returns a ticket may have")
	return err
}
