package routing

import (
	"fmt"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"fenlin/internal/calendar"
)

// Clocks is what Fenlin does by itself while a ticket's time passes.
type Clocks struct {
	Warn    int           // per cent of a clock's time that have passed when a warning is given
	Wait    time.Duration // how long the finish clock stands at most while the reporter is asked
	Working bool          // of Wait only working time counts; then each 24 h stands for one workday
	Waits   int           // how often it may stand for that
}

// Clocks is what is done while time passes.
func (t *Tree) Clocks() Clocks { return t.clocks }

// WarnAt is when a warning is due of a clock that runs from one moment to
// another; with working, by working time.
func (k Clocks) WarnAt(c *calendar.Calendar, from, due time.Time, working bool) time.Time {
	return c.Add(from, c.Between(from, due, working)*time.Duration(k.Warn)/100, working)
}

// WaitBy is when a clock goes on that began to stand at from.
func (k Clocks) WaitBy(c *calendar.Calendar, from time.Time) time.Time {
	return after(c, from, k.Wait, k.Working)
}

type clocksText struct {
	Warn    yaml.Node `yaml:"warn"`
	Wait    yaml.Node `yaml:"wait"`
	Working bool      `yaml:"working"`
	Waits   yaml.Node `yaml:"waits"`
}

// setClocks reads what is done while time passes; a file that does not say it
// warns at 80 per cent and lets the clock stand twice for three workdays.
func (t *Tree) setClocks(text *clocksText) (err error) {
	t.clocks = Clocks{Warn: 80, Wait: 3 * 24 * time.Hour, Working: true, Waits: 2}
	if text == nil {
		return nil
	}
	line := max(text.Warn.Line, text.Wait.Line, text.Waits.Line)
	t.clocks.Working = text.Working
	if t.clocks.Wait, err = duration(&text.Wait, line); err != nil {
		return err
	}
	if t.clocks.Warn, err = between(&text.Warn, line, 1, 99, "warn is the per cent of a clock's time after which a warning is given"); err != nil {
		return err
	}
	t.clocks.Waits, err = between(&text.Waits, line, 0, 9, "waits is how often the clock may stand for the reporter's answer")
	return err
}

// between reads a number; the error says what it stands for.
func between(n *yaml.Node, line, least, most int, what string) (int, error) {
	v, err := strconv.Atoi(n.Value)
	if err != nil || v < least || v > most {
		return 0, fmt.Errorf("line %d: %s, %d to %d", max(line, n.Line), what, least, most)
	}
	return v, nil
}
